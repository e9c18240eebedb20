import { UpstreamError } from '../../shared/upstream-error.ts'
import { guardBody, type OnBodyEnd } from './guarded-body.ts'
import type { ExchangeWatch } from './idle-timeout.ts'

const DECODED_BY_BUN = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd'])

/** The upstream's answer with its body under the watch; `url` is the address it came from, for resolving links. */
export const guardResponse = (upstream: Response, url: string, watch: ExchangeWatch, onEnd: OnBodyEnd): Response => {
  const { status, statusText } = upstream
  if (status < 200 || status > 599) {
    throw new UpstreamError('protocol', `${watch.peer} answered with the status ${status}`)
  }
  const body = upstream.body && guardBody(upstream.body, watch, onEnd)
  if (!body) {
    watch.stop()
    onEnd()
  }
  const response = new Response(body, { status, statusText, headers: describeDecoded(upstream.headers) })
  Object.defineProperty(response, 'url', { value: url })
  return response
}

// Bun decodes a single known coding while streaming but leaves the headers of the coded form; kept, they would announce a
// wrong length and make whoever passes the answer on declare a coding that is gone. Stacked codings it does not touch.
const describeDecoded = (given: Headers): Headers => {
  const headers = new Headers(given)
  const codings = (given.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase())
  const real = codings.filter((coding) => coding !== '' && coding !== 'identity')
  if (real.length !== 1 || !DECODED_BY_BUN.has(real[0] ?? '')) return headers
  headers.delete('content-encoding')
  headers.delete('content-length')
  return headers
}
