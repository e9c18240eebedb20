import { UpstreamError } from '../../shared/upstream-error.ts'
import { withoutSecrets } from './request-headers.ts'
import type { Target } from './target.ts'

/** One request of a chain of redirects. */
export interface Hop {
  url: string
  method: string
  headers: Headers
  body: string | undefined
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** True for statuses that name another address; 300 and 304 are answers. */
export const isRedirect = (status: number): boolean => REDIRECTS.has(status)

/** The request a redirect asks for, unchecked. Throws `protocol` or `refused` when it must not be followed. */
export const nextHop = (hop: Hop, from: Target, response: Response): Hop => {
  const location = response.headers.get('location')
  // Header text arrives as Latin-1, while servers that write raw letters into it mean UTF-8.
  const url = location === null ? null : URL.parse(Buffer.from(location, 'latin1').toString(), from.url.href)
  if (!url) {
    const { status } = response
    throw new UpstreamError('protocol', `${from.label} redirects to nowhere`, { status })
  }
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new UpstreamError('refused', `${from.label} redirects from https to http`)
  }
  const isSameOrigin = url.origin === from.url.origin
  const next = { ...hop, url: url.href, headers: isSameOrigin ? hop.headers : withoutSecrets(hop.headers) }
  return turnsIntoGet(hop.method, response.status) ? asGet(next) : next
}

const turnsIntoGet = (method: string, status: number): boolean =>
  status === 303 || (method === 'POST' && (status === 301 || status === 302))

const asGet = (hop: Hop): Hop => {
  const headers = new Headers(hop.headers)
  headers.delete('content-type')
  return { url: hop.url, method: 'GET', headers, body: undefined }
}
