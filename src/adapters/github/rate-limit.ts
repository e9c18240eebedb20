import { GithubError } from './types.ts'

/** When GitHub refuses without saying for how long. */
const DEFAULT_WAIT_MS = 60_000

/** GitHub counts by the hour, so nothing it says can mean more. */
const MAX_WAIT_MS = 3_600_000

/** When GitHub answers again, in ms since the epoch, or undefined when this answer is no refusal for too many requests. */
export const readRateLimit = (response: Pick<Response, 'status' | 'headers'>, nowMs: number): number | undefined => {
  const { status, headers } = response
  if (status !== 403 && status !== 429) return undefined
  const waitMs = readWait(status, headers, nowMs)
  return waitMs === undefined ? undefined : nowMs + Math.min(Math.max(waitMs, 1000), MAX_WAIT_MS)
}

const readWait = (status: number, headers: Headers, nowMs: number): number | undefined => {
  const retryAfter = readNumber(headers.get('retry-after'))
  if (retryAfter !== undefined) return retryAfter * 1000
  if (headers.get('x-ratelimit-remaining') === '0') {
    return (readNumber(headers.get('x-ratelimit-reset')) ?? 0) * 1000 - nowMs
  }
  return status === 429 ? DEFAULT_WAIT_MS : undefined
}

export const rateLimited = (resetAtMs: number, nowMs: number): GithubError => {
  const minutes = Math.max(Math.ceil((resetAtMs - nowMs) / 60_000), 1)
  const wait = minutes === 1 ? 'a minute' : `${minutes} minutes`
  const message = `GitHub allows no more requests from this server for now. Try again in ${wait}.`
  return new GithubError('rate_limited', message, { resetAtMs })
}

const readNumber = (text: string | null): number | undefined =>
  text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined
