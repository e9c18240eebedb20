import ipaddr from 'ipaddr.js'
import type { AddressPolicy } from './types.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

// Of these, only link-local ones fall outside what `provider` allows anyway; the rest sit in private, carrier or public space.
const METADATA = [
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure
  '169.254.0.0/16', // nearly everybody
  'fd00:ec2::/32', // AWS: ::254 metadata, ::23 pod identity
  'fd00:c1::a9fe:a9fe/128', // Oracle
  'fd00:42::42/128', // Scaleway
  'fd20:ce::254/128', // Google
].map((range) => ipaddr.parseCIDR(range))

const METADATA_NAMES = new Set([
  'instance-data',
  'instance-data.ec2.internal',
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'metadata.tencentyun.com',
])

const ALLOWED_RANGES: Record<AddressPolicy, ReadonlySet<string>> = {
  public: new Set(['unicast']),
  provider: new Set(['unicast', 'loopback', 'private', 'carrierGradeNat', 'uniqueLocal']),
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** True for names that cloud providers give to their metadata service; they are refused whatever they resolve to. */
export const isMetadataName = (hostname: string): boolean => METADATA_NAMES.has(hostname)

/**
 * Judges one address on its bytes. Returns its canonical text, the only form that may be connected to, or undefined when
 * the policy refuses it. IPv4 inside IPv6 (mapped, NAT64) is judged as the IPv4 it reaches. 6to4, Teredo, IPv4-compatible,
 * IPv4-translated and the local NAT64 prefix 64:ff9b:1::/48 are refused whatever they embed: no server is published under
 * the first four, and in the last the place of the embedded address depends on the network.
 */
export const checkAddress = (text: string, policy: AddressPolicy): string | undefined => {
  const address = parseAddress(text)
  return address && isAllowed(address, policy) ? address.toString() : undefined
}

const parseAddress = (text: string): Address | undefined => {
  // A zone (fe80::1%eth0) names an interface of this machine: never what a request from outside should pick.
  if (text.includes('%') || !ipaddr.isValid(text)) return undefined
  return ipaddr.process(text)
}

const isAllowed = (address: Address, policy: AddressPolicy): boolean => {
  if (METADATA.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits)))
    return false
  if (address instanceof ipaddr.IPv4) return ALLOWED_RANGES[policy].has(address.range())
  if (address.match(NAT64)) return isAllowed(new ipaddr.IPv4(address.toByteArray().slice(12)), policy)
  const range = address.range()
  // The parser calls everything `unicast` that no list names, unassigned space and IPv4-compatible addresses included.
  if (range === 'unicast') return address.match(GLOBAL_UNICAST)
  return ALLOWED_RANGES[policy].has(range)
}
