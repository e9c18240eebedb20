import { UpstreamError } from '../upstream-error.ts'
import { webPage } from './protocol-errors.ts'
import { toStatusError } from './provider-error.ts'
import { readJson } from './response-body.ts'
import type { ServerAccess } from './server-access.ts'

type Method = 'GET' | 'POST' | 'DELETE'

interface Sending {
  method: Method
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  idleTimeoutMs?: number
}

/** The guarded fetch of the adapters, as far as it is needed here. */
type Fetch = (url: string, policy: 'provider', request: Sending) => Promise<Response>

export interface ModelServerCall {
  server: ServerAccess
  /** Appended to the base URL; starts with a slash. */
  path: string
  headers: Record<string, string>
  signal: AbortSignal
  /** Longest silence; the guarded fetch has a default. */
  idleTimeoutMs?: number
}

const isWebPage = (response: Response) => /^\s*text\/html/i.test(response.headers.get('content-type') ?? '')

const checkAnswer = async (response: Response, { server, signal }: ModelServerCall): Promise<Response> => {
  if (!response.ok) throw await toStatusError(response, server, signal)
  if (!isWebPage(response)) return response
  void response.body?.cancel().catch(() => undefined)
  throw webPage()
}

const send = async (fetch: Fetch, call: ModelServerCall, method: Method, body?: unknown): Promise<Response> => {
  const { server, path, signal, idleTimeoutMs } = call
  const response = await fetch(server.baseUrl + path, 'provider', {
    method,
    headers: body === undefined ? call.headers : { ...call.headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  })
  return checkAnswer(response, call)
}

/** Sends a request with a JSON body and returns its 2xx answer, body unread. Throws `UpstreamError`. */
export const postJson = (fetch: Fetch, call: ModelServerCall, body: unknown): Promise<Response> =>
  send(fetch, call, 'POST', body)

/** The same with the method DELETE. */
export const deleteJson = (fetch: Fetch, call: ModelServerCall, body: unknown): Promise<Response> =>
  send(fetch, call, 'DELETE', body)

/** Fetches one JSON answer of at most `limitBytes` (8 MiB). Throws `UpstreamError`. */
export const getJson = async (fetch: Fetch, call: ModelServerCall, limitBytes?: number): Promise<unknown> =>
  readJson(await send(fetch, call, 'GET'), call.signal, limitBytes)

/**
 * The server's key, ready for a header; `undefined` when there is none (local servers need none).
 * Throws `UpstreamError` `refused` for a key that no header can carry: the runtime's own error would quote it.
 */
export const headerKey = ({ apiKey }: ServerAccess): string | undefined => {
  const key = apiKey?.trim()
  if (!key) return undefined
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UpstreamError('refused', 'The API key contains unusable characters')
  return key
}

/** Headers of the providers that take the key as a bearer token. Throws as `headerKey`. */
export const bearerHeaders = (server: ServerAccess): Record<string, string> => {
  const key = headerKey(server)
  return key ? { authorization: `Bearer ${key}` } : {}
}
