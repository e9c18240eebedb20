import { UpstreamError } from '../../shared/upstream-error.ts'
import type { GuardedFetch } from '../web/types.ts'
import { webPage } from './protocol-errors.ts'
import { toStatusError } from './provider-error.ts'
import { readJson } from './response-body.ts'
import type { ModelServer } from './types.ts'

export interface ProviderCall {
  server: ModelServer
  /** Appended to the base URL; starts with a slash. */
  path: string
  headers: Record<string, string>
  signal: AbortSignal
}

const isWebPage = (response: Response) => /^\s*text\/html/i.test(response.headers.get('content-type') ?? '')

const checkAnswer = async (response: Response, { server, signal }: ProviderCall): Promise<Response> => {
  if (!response.ok) throw await toStatusError(response, server, signal)
  if (!isWebPage(response)) return response
  void response.body?.cancel().catch(() => undefined)
  throw webPage()
}

/** Sends a chat request and returns its 2xx answer, body unread. Throws `UpstreamError`. */
export const postJson = async (fetch: GuardedFetch, call: ProviderCall, body: unknown): Promise<Response> => {
  const response = await fetch(call.server.baseUrl + call.path, 'provider', {
    method: 'POST',
    headers: { ...call.headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: call.signal,
  })
  return checkAnswer(response, call)
}

/** Fetches one JSON answer of at most 8 MiB. Throws `UpstreamError`. */
export const getJson = async (fetch: GuardedFetch, call: ProviderCall): Promise<unknown> => {
  const response = await fetch(call.server.baseUrl + call.path, 'provider', {
    method: 'GET',
    headers: call.headers,
    signal: call.signal,
  })
  return readJson(await checkAnswer(response, call), call.signal)
}

/**
 * The server's key, ready for a header; `undefined` when there is none (local servers need none).
 * Throws `UpstreamError` `refused` for a key that no header can carry: the runtime's own error would quote it.
 */
export const headerKey = ({ apiKey }: ModelServer): string | undefined => {
  const key = apiKey?.trim()
  if (!key) return undefined
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UpstreamError('refused', 'The API key contains unusable characters')
  return key
}

/** Headers of the providers that take the key as a bearer token. Throws as `headerKey`. */
export const bearerHeaders = (server: ModelServer): Record<string, string> => {
  const key = headerKey(server)
  return key ? { authorization: `Bearer ${key}` } : {}
}
