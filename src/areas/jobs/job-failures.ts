import { AppError } from '../../shared/app-error.ts'
import { UpstreamError, type UpstreamErrorKind } from '../../shared/upstream-error.ts'
import { JobFailure } from './job-type.ts'

const transientKinds = new Set<UpstreamErrorKind>(['unreachable', 'timeout', 'busy'])
const maxMessage = 2000
const firstDelayMs = 5000
const maxDelayMs = 600_000

const isTransientStatus = (status: number | undefined) => status !== undefined && status >= 500

const toJobFailure = (error: unknown): JobFailure => {
  if (error instanceof JobFailure) return error
  if (error instanceof UpstreamError)
    return new JobFailure(`upstream_${error.kind}`, error.message, {
      isTransient: transientKinds.has(error.kind) || isTransientStatus(error.status),
    })
  if (error instanceof AppError) return new JobFailure(error.code, error.message)
  return new JobFailure('internal', 'The job failed because of an internal error', { cause: error })
}

/** What the owner of a job is told of an error. Only errors that are made for users are told in their own words. */
export const describeFailure = (error: unknown): JobFailure => {
  const { code, message, isTransient, cause } = toJobFailure(error)
  return new JobFailure(code, message.slice(0, maxMessage).toWellFormed(), { isTransient, cause })
}

/** How long to wait after so many failed runs: from 5 s doubled each time to 10 minutes, and a fifth more or less. */
export const retryDelayMs = (runs: number, random: () => number): number =>
  Math.round(Math.min(firstDelayMs * 2 ** Math.min(runs - 1, 30) * (0.8 + 0.4 * random()), maxDelayMs))
