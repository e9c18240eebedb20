import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export interface RequestInfo {
  id: string
  /** Client address; behind a trusted proxy the one that the proxy saw. */
  address: string
  isHttps: boolean
  startedAt: number
}

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

type Range = ReturnType<typeof ipaddr.parseCIDR>

const parseRange = (entry: string): Range =>
  entry.includes('/') ? ipaddr.parseCIDR(entry) : [ipaddr.process(entry), ipaddr.process(entry).kind() === 'ipv4' ? 32 : 128]

/** Whether an address is a reverse proxy whose headers count. `entries` are addresses, CIDR ranges or `*`. */
export const createProxyCheck = (entries: string[]): ((address: string) => boolean) => {
  if (entries.includes('*')) return () => true
  const ranges = entries.map(parseRange)
  if (ranges.length === 0) return () => false
  return (address) => {
    if (!isIP(address)) return false
    const parsed = ipaddr.process(address)
    return ranges.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits] as never))
  }
}

/** The last address in `X-Forwarded-For` that is not a trusted proxy: everything left of it may be invented by the client. */
export const clientAddress = (peer: string, headers: Headers, isProxy: (address: string) => boolean): string => {
  if (!isProxy(peer)) return peer
  const chain = (headers.get('x-forwarded-for') ?? headers.get('x-real-ip') ?? '').split(',').map((one) => one.trim())
  const untrusted = chain.toReversed().find((address) => isIP(address) !== 0 && !isProxy(address))
  return untrusted ?? chain.find((address) => isIP(address) !== 0) ?? peer
}
