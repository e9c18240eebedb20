import { defineError } from '../shared/app-error.ts'

/** For the log: there is nobody left to read it. */
const clientGone = defineError(400, 'http.client_gone', 'The connection was closed before the answer was there')

/**
 * Runs work that listens to the signal of its request. When the client hangs up, it ends as a request that the client
 * broke off, not as a failure of ours.
 */
export const whileConnected = async <T>({ signal }: Request, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw signal.aborted && error === signal.reason ? clientGone() : error
  }
}
