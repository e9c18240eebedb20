import { lookup as systemLookup } from 'node:dns/promises'
import { rejectOnAbort } from '../../shared/reject-on-abort.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { checkAddress } from './address-policy.ts'
import type { Target } from './target.ts'

/** All addresses of a name, as text. */
export type Lookup = (hostname: string, signal: AbortSignal) => Promise<string[]>

const MAX_ADDRESSES_TRIED = 4

/** The operating system's resolver (hosts file included). It cannot be stopped; its late answer is ignored. */
export const lookupBySystem: Lookup = async (hostname) => {
  const answers = await systemLookup(hostname, { all: true, verbatim: true })
  return answers.map((answer) => answer.address)
}

/**
 * The addresses to connect to, best first, each already judged. This is the only resolution of a hop: what was checked is
 * what gets connected to, so a name that changes its answer gains nothing.
 */
export const resolveTarget = async (target: Target, lookup: Lookup, signal: AbortSignal): Promise<string[]> => {
  const answers = target.isLiteral ? [target.hostname] : await lookupName(target, lookup, signal)
  if (answers.length === 0) throw new UpstreamError('unreachable', `${target.label} has no address`)
  const addresses = answers.map((answer) => {
    const address = checkAddress(answer, target.policy)
    if (address === undefined) throw new UpstreamError('refused', `The address of ${target.label} is not allowed`)
    return address
  })
  return inOrder(target.hostname, [...new Set(addresses)]).slice(0, MAX_ADDRESSES_TRIED)
}

const lookupName = async (target: Target, lookup: Lookup, signal: AbortSignal): Promise<string[]> => {
  try {
    return await rejectOnAbort(lookup(target.hostname, signal), signal)
  } catch {
    signal.throwIfAborted()
    throw new UpstreamError('unreachable', `The name of ${target.label} could not be resolved`)
  }
}

// Model servers often listen on 127.0.0.1 only, while localhost resolves to ::1 first on many systems.
const inOrder = (hostname: string, addresses: string[]): string[] =>
  hostname === 'localhost' ? addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':'))) : addresses
