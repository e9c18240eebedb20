import { isIP } from 'node:net'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { isMetadataName } from './address-policy.ts'
import { isNonWebPort } from './non-web-ports.ts'
import type { AddressPolicy } from './types.ts'

const MAX_URL_CHARS = 8192
const MAX_HOSTNAME_CHARS = 253

/** Where one hop goes, before its name is resolved. */
export interface Target {
  url: URL
  /** Lower case, without brackets and without a trailing dot. */
  hostname: string
  isLiteral: boolean
  port: number
  /** `host:port`, the only part of a URL that error messages name. */
  label: string
  /** The policy its addresses are judged by, which is milder than the caller's for an exempted host. */
  policy: AddressPolicy
}

/**
 * Checks what can be checked without a lookup. `allowedHosts` has `host:port` entries (IPv6 in brackets); `public` requests
 * to them are judged as `provider`, so that not even an exemption opens link-local and metadata addresses.
 */
export const parseTarget = (text: string, policy: AddressPolicy, allowedHosts: ReadonlySet<string>): Target => {
  const url = parseUrl(text)
  const host = url.hostname.replace(/\.$/, '')
  const hostname = host.replace(/^\[(.*)\]$/, '$1')
  if (hostname === '' || hostname.length > MAX_HOSTNAME_CHARS) throw refused('The URL has no usable host name')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const label = `${host}:${port}`
  if (port === 0) throw refused(`${label} is not a usable port`)
  const isExempt = allowedHosts.has(label)
  if (isMetadataName(hostname)) throw refused(`${label} is a metadata service`)
  if (policy === 'public' && !isExempt && isNonWebPort(port)) throw refused(`${label} is not a web port`)
  return { url, hostname, isLiteral: isIP(hostname) !== 0, port, label, policy: isExempt ? 'provider' : policy }
}

const parseUrl = (text: string): URL => {
  if (text.length > MAX_URL_CHARS) throw refused(`The URL is longer than ${MAX_URL_CHARS} characters`)
  const url = URL.parse(text)
  if (!url) throw refused('The URL is not valid')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('Only http and https URLs are allowed')
  if (url.username !== '' || url.password !== '') throw refused('A URL with a user name or password is not allowed')
  return url
}

const refused = (message: string) => new UpstreamError('refused', message)
