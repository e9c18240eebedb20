import { UpstreamError } from '../../shared/upstream-error.ts'

const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ConnectionClosed'])
const TLS_CODE = /CERT|TLS|SSL|SIGNATURE|CRL|ISSUER/

/** True when nothing can have been sent, so that another address may be tried. */
export const isNotConnected = (error: unknown): boolean => NOT_CONNECTED.has(codeOf(error))

/**
 * Says what went wrong before the answer's headers. Bun's own error is not kept as the cause: it names the whole URL, and
 * the query of a URL may hold a key. Only its code goes on.
 */
export const toConnectError = (error: unknown, peer: string): UpstreamError => {
  if (error instanceof UpstreamError) return error
  const cause = codeOf(error)
  if (isNotConnected(error)) return new UpstreamError('unreachable', `${peer} does not take connections`, { cause })
  if (BROKEN_CONNECTION.has(cause)) {
    return new UpstreamError('unreachable', `${peer} closed the connection without an answer`, { cause })
  }
  if (TLS_CODE.test(cause)) {
    return new UpstreamError('unreachable', `The TLS certificate of ${peer} was not accepted (${cause})`, { cause })
  }
  return new UpstreamError('protocol', `${peer} did not answer in HTTP (${cause})`, { cause })
}

/** Says what went wrong inside the answer's body. */
export const toBodyError = (error: unknown, peer: string): UpstreamError => {
  if (error instanceof UpstreamError) return error
  const cause = codeOf(error)
  return BROKEN_CONNECTION.has(cause)
    ? new UpstreamError('protocol', `${peer} ended its answer early`, { cause })
    : new UpstreamError('protocol', `${peer} sent an answer that cannot be read (${cause})`, { cause })
}

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^\w{1,60}$/.test(code) ? code : 'unknown'
}
