import { UpstreamError } from '../../shared/upstream-error.ts'
import type { ConnectProbe } from './connect-probe.ts'
import type { Hop } from './redirects.ts'
import type { Target } from './target.ts'
import { isNotConnected, toConnectError } from './upstream-failure.ts'

/** What sending needs besides the hop itself. */
export interface SendContext {
  probe: ConnectProbe
  tlsCa: string | undefined
  signal: AbortSignal
}

/** Sends the hop to the first of the checked addresses that takes a connection. */
export const sendHop = async (hop: Hop, target: Target, addresses: string[], context: SendContext) => {
  const { signal } = context
  let failure = new UpstreamError('unreachable', `${target.label} does not take connections`)
  for (const address of addresses) {
    try {
      // One after the other on purpose: nothing may be sent twice.
      if (await canConnect(address, target.port, context)) return await sendTo(address, hop, target, context)
    } catch (error) {
      signal.throwIfAborted()
      failure = toConnectError(error, target.label)
      if (!isNotConnected(error)) throw failure
    }
  }
  throw failure
}

const canConnect = async (address: string, port: number, { probe, signal }: SendContext): Promise<boolean> => {
  try {
    await probe(address, port, signal)
    return true
  } catch {
    signal.throwIfAborted()
    return false
  }
}

const sendTo = async (address: string, hop: Hop, target: Target, context: SendContext): Promise<Response> => {
  const { protocol, host, pathname, search } = target.url
  const authority = `${address.includes(':') ? `[${address}]` : address}:${target.port}`
  const headers = new Headers(hop.headers)
  headers.set('host', host)
  return await fetch(`${protocol}//${authority}${pathname}${search}`, {
    method: hop.method,
    headers,
    ...(hop.body === undefined ? {} : { body: hop.body }),
    redirect: 'manual',
    signal: context.signal,
    tls: tlsOptions(target, context.tlsCa),
    ...UNTYPED_OPTIONS,
  })
}

// Bun's types know neither: `proxy: false` ignores HTTP_PROXY and its like (an empty string does not), which would send
// the request past the checked address; `timeout: false` keeps Bun from a limit of its own, since the idle timeout decides.
const UNTYPED_OPTIONS: object = { proxy: false, timeout: false }

// Bun keys pooled connections by this name, so one verified for another name at the same address is never reused.
// Verification is stated, or NODE_TLS_REJECT_UNAUTHORIZED=0 would silently turn it off.
const tlsOptions = (target: Target, ca: string | undefined) => ({
  rejectUnauthorized: true,
  ...(target.isLiteral ? {} : { serverName: target.hostname }),
  ...(ca === undefined ? {} : { ca }),
})
