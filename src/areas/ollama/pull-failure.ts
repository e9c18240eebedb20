import { UpstreamError } from '../../shared/upstream-error.ts'
import { JobFailure } from '../jobs/job-type.ts'

/** What Ollama says when its own connection to the registry fails, or a layer arrived broken and is to be fetched again. */
const passing =
  /digest mismatch|must be downloaded again|max retries exceeded|unexpected eof|connection (?:reset|refused)|broken pipe|i\/o timeout|handshake timeout|deadline exceeded|no such host|temporary failure|network is unreachable|stalled|too many requests|bad gateway|service unavailable|gateway time-?out|\b50[0234]\b/i

/** Whether trying again may help: Ollama keeps the layers that it has. */
const mayPass = ({ kind, status = 0, message, cause }: UpstreamError): boolean => {
  if (kind === 'status') return status >= 500 || status === 408 || status === 429
  if (kind === 'in_band') return passing.test(message)
  // With a cause it was the connection that broke; without one the server talks nonsense, and will do so again.
  if (kind === 'protocol') return cause !== undefined
  return kind === 'timeout' || kind === 'unreachable' || kind === 'busy'
}

const toText = ({ kind, message }: UpstreamError): string => {
  if (kind === 'timeout') return 'Timed out while communicating with the Ollama server'
  return kind === 'status' || kind === 'in_band' ? message : `Ollama request failed: ${message}`
}

/** How a pull ended badly (work.md 2.1). */
export const toPullFailure = (error: unknown): unknown =>
  error instanceof UpstreamError
    ? new JobFailure(`upstream_${error.kind}`, toText(error), { isTransient: mayPass(error), cause: error })
    : error
