import { UpstreamError } from '../../shared/upstream-error.ts'

// The connection is ours to manage, and a caller's `host` would undo the pairing of checked address and name.
const NOT_FOR_CALLERS = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

// A list of what may stay, since every provider has its own name for the header with the key.
const SAFE_FOR_ANOTHER_ORIGIN = new Set(['accept', 'accept-encoding', 'accept-language', 'content-type', 'user-agent'])

/** The caller's headers without those that belong to the connection. Throws `refused` for ones that are not valid. */
export const toRequestHeaders = (given: Record<string, string>): Headers => {
  const headers = parseHeaders(given)
  for (const name of NOT_FOR_CALLERS) headers.delete(name)
  return headers
}

/** Only what tells no secret of the first origin to the next. */
export const withoutSecrets = (headers: Headers): Headers =>
  new Headers([...headers].filter(([name]) => SAFE_FOR_ANOTHER_ORIGIN.has(name)))

const parseHeaders = (given: Record<string, string>): Headers => {
  try {
    return new Headers(given)
  } catch {
    throw new UpstreamError('refused', 'A request header has an invalid name or value')
  }
}
