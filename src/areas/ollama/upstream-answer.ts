import type { AppError } from '../../shared/app-error.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import * as errors from './ollama.errors.ts'

/** What a failed call to an Ollama server is called over HTTP (work.md 2, common errors). */
const toHttpError = ({ kind, status, message }: UpstreamError): AppError => {
  if (status !== undefined) return errors.serverStatus(status)
  if (kind === 'refused') return errors.addressRefused(message)
  if (kind === 'timeout') return errors.timedOut()
  if (kind === 'unreachable') return errors.notConnected()
  if (kind === 'busy' || kind === 'aborted') return errors.requestFailed(message)
  return errors.unexpectedAnswer(message)
}

/** Runs a call to an Ollama server; what fails there becomes the error that clients know. */
export const withHttpErrors = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call
  } catch (error) {
    throw error instanceof UpstreamError ? toHttpError(error) : error
  }
}
