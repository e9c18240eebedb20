import { UpstreamError } from './upstream-error.ts'

/** Aborts the work after that time, which then reads as a timeout. */
export const withDeadline = async <T>(seconds: number, work: (deadline: AbortSignal) => Promise<T>): Promise<T> => {
  const deadline = AbortSignal.timeout(seconds * 1000)
  try {
    return await work(deadline)
  } catch (error) {
    if (!deadline.aborted) throw error
    throw new UpstreamError('timeout', `No answer within ${seconds} s`, { cause: error })
  }
}
