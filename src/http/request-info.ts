import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { createBoundedMap } from '../shared/bounded-map.ts'

export interface RequestInfo {
  id: string
  /** Client address; behind a trusted proxy the one that the proxy saw. */
  address: string
  isHttps: boolean
  startedAt: number
  /** The same by the clock that measures. */
  beganAt: number
  /** The other end of the connection, which may be a proxy. */
  peer: string
}

const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip']

const infos = new WeakMap<Request, RequestInfo>()

/** What `http/frame` found out about a request when it came in. */
export const requestInfo = (request: Request): RequestInfo => {
  const info = infos.get(request)
  if (!info) throw new Error('http/frame is not mounted')
  return info
}

export const rememberRequest = (request: Request, info: RequestInfo) => {
  infos.set(request, info)
}

/** Also on a socket for both families. */
const isLoopback = (peer: string): boolean => /^(?:::ffff:)?127\.|^::1$/.test(peer)

/** Whether a program on this machine asks, and not somebody for whom a proxy on it does. */
export const isFromLoopback = (request: Request): boolean =>
  isLoopback(requestInfo(request).peer) && proxyHeaders.every((name) => !request.headers.has(name))

/** For records about who asked; browsers stay far below 500 characters. */
export const readUserAgent = (request: Request): string | null =>
  request.headers.get('user-agent')?.slice(0, 500) ?? null

type Range = ReturnType<typeof ipaddr.parseCIDR>

const parseRange = (entry: string): Range => {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry)
  const address = ipaddr.process(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

export interface ProxyTrust {
  /** Whether the `X-Forwarded-*` headers of this direct peer count. */
  isPeer(address: string): boolean
  /** Whether an address inside `X-Forwarded-For` is a proxy of ours, too, and not yet the client. */
  isHop(address: string): boolean
}

/** `entries` are addresses, CIDR ranges or `*`. With `*` every direct peer counts, but what it says is not searched further. */
export const createProxyTrust = (entries: string[]): ProxyTrust => {
  const ranges = entries.filter((entry) => entry !== '*').map(parseRange)
  const isHop = (address: string) => {
    if (!isIP(address)) return false
    const parsed = ipaddr.process(address)
    return ranges.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits] as never))
  }
  return { isPeer: entries.includes('*') ? () => true : isHop, isHop }
}

// Parsing an address costs more than the rest of the frame, and most requests come from a few.
const knownAddresses = createBoundedMap<string, string>(10_000)

/** One spelling for each address: `::ffff:127.0.0.1`, which a dual-stack socket reports, is `127.0.0.1`. */
const normalizeAddress = (text: string): string | undefined => {
  const known = knownAddresses.get(text)
  if (known !== undefined || isIP(text) === 0) return known
  const normalized = ipaddr.process(text).toString()
  knownAddresses.set(text, normalized)
  return normalized
}

/** Some proxies add the port, which needs brackets around IPv6. */
const parseHop = (entry: string): string | undefined => {
  const text = entry.trim().replaceAll('"', '')
  const withPort = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)
  return normalizeAddress(withPort?.[1] ?? withPort?.[2] ?? text)
}

/** The last address in `X-Forwarded-For` that is not a trusted proxy: everything left of it may be invented by the client. */
export const clientAddress = (peer: string, headers: Headers, trust: ProxyTrust): string => {
  let address = normalizeAddress(peer) ?? peer
  if (!trust.isPeer(address)) return address
  const chain = headers.get('x-forwarded-for') ?? headers.get('x-real-ip')
  for (const entry of chain?.split(',').toReversed() ?? []) {
    const hop = parseHop(entry)
    if (hop === undefined) return address
    address = hop
    if (!trust.isHop(hop)) return address
  }
  return address
}

/** What rate limits count by. One household or server owns a whole IPv6 /64, so single addresses in it would be free. */
export const addressGroup = (address: string): string => {
  if (isIP(address) !== 6) return address
  const bytes = ipaddr.parse(address).toByteArray()
  return `${Buffer.from(bytes.slice(0, 8)).toString('hex')}::/64`
}
