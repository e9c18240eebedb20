import type { Deps } from '../../deps.ts'
import { AppError } from '../../shared/app-error.ts'
import { isJsonObject, parseJson } from '../../shared/json-fields.ts'
import { readUpTo } from '../../shared/read-up-to.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { withDeadline } from '../../shared/with-deadline.ts'
import { type AddressDeps, findEngineAddress } from './engine-address.ts'
import * as errors from './searxng.errors.ts'
import type { EngineHealth, SearchQuery } from './searxng.schema.ts'

type EngineDeps = AddressDeps & Pick<Deps, 'fetch'>

const searchSeconds = 10
const healthSeconds = 5
const maxAnswerBytes = 2_097_152

const toSearchUrl = (base: string, query: SearchQuery): string => {
  const { language, time_range: timeRange, engines, safesearch = 1 } = query
  const parameters = new URLSearchParams({
    q: query.q.trim(),
    format: 'json',
    categories: query.categories || query.category || 'general',
    language: language || 'en',
    safesearch: String(safesearch),
    ...(timeRange ? { time_range: timeRange } : {}),
    ...(engines ? { engines } : {}),
  })
  return `${base}/search?${parameters.toString()}`
}

/** In words that say what to do about it. */
const toStatusError = (status: number): AppError => {
  if (status === 403) return errors.jsonDisabled(status)
  if (status === 429) return errors.engineFailed('429. The limiter of SearXNG refuses: set server.limiter to false.')
  if (status >= 300 && status < 400)
    return errors.engineFailed(`${status}. It redirects elsewhere: SearXNG may have another address.`)
  return errors.engineFailed(status)
}

const toHttpError = (error: UpstreamError): AppError => {
  if (error.kind === 'unreachable') return errors.engineDown()
  if (error.kind === 'timeout') return errors.engineTimeout()
  if (error.kind === 'busy') return errors.tooManyRequests()
  return error.status === undefined ? errors.engineFailed(error.message) : toStatusError(error.status)
}

const askEngine = async (
  { fetch }: EngineDeps,
  url: string,
  language: string,
  signal: AbortSignal,
): Promise<string> => {
  const headers = {
    accept: 'application/json',
    // SearXNG takes requests without it for those of a robot.
    'accept-language': `${language.replaceAll('_', '-')},*;q=0.5`,
    'user-agent': 'BrainDrive/1.0',
  }
  const response = await fetch(url, 'provider', { headers, signal, idleTimeoutMs: searchSeconds * 1000 })
  if (response.status !== 200) {
    await response.body?.cancel().catch(() => undefined)
    throw toStatusError(response.status)
  }
  const { bytes, isCut } = await readUpTo(response, maxAnswerBytes)
  if (isCut) throw errors.engineFailed('its answer is too long')
  const text = new TextDecoder().decode(bytes)
  if (isJsonObject(parseJson(text))) return text
  throw errors.jsonDisabled('it did not answer in JSON')
}

/** SearXNG's own answer, as JSON text (work.md 4). Throws 400 for an empty query; 502, 503 or 504 when there is no answer. */
export const search = async (deps: EngineDeps, query: SearchQuery): Promise<string> => {
  if (query.q.trim() === '') throw errors.queryRequired()
  const url = toSearchUrl(findEngineAddress(deps), query)
  try {
    return await withDeadline(searchSeconds, (signal) => askEngine(deps, url, query.language || 'en', signal))
  } catch (error) {
    throw error instanceof UpstreamError ? toHttpError(error) : error
  }
}

const toHealthError = (error: unknown): string => {
  if (!(error instanceof UpstreamError)) throw error
  if (error.status !== undefined) return `HTTP ${error.status}`
  if (error.kind === 'timeout') return 'Timeout'
  return error.kind === 'unreachable' ? 'Connection failed' : error.message
}

/** Whether SearXNG answers at all. A failure is an answer, too. */
export const checkEngine = async (deps: EngineDeps): Promise<EngineHealth> => {
  const fail = (url: string, error: string): EngineHealth => ({
    status: 'unhealthy',
    searxng_url: url,
    accessible: false,
    error,
  })
  let url = ''
  try {
    url = findEngineAddress(deps)
    const { status, body } = await withDeadline(healthSeconds, (signal) =>
      deps.fetch(`${url}/`, 'provider', { signal, idleTimeoutMs: healthSeconds * 1000 }),
    )
    await body?.cancel().catch(() => undefined)
    return status === 200 ? { status: 'healthy', searxng_url: url, accessible: true } : fail(url, `HTTP ${status}`)
  } catch (error) {
    return fail(url, error instanceof AppError ? error.message : toHealthError(error))
  }
}
