import { UpstreamError, type UpstreamErrorKind } from '../../shared/upstream-error.ts'
import { createConnectProbe } from './connect-probe.ts'
import { guardResponse } from './guarded-response.ts'
import { watchExchange, type ExchangeWatch } from './idle-timeout.ts'
import { isRedirect, nextHop, type Hop } from './redirects.ts'
import { toRequestHeaders } from './request-headers.ts'
import { lookupBySystem, resolveTarget, type Lookup } from './resolve-target.ts'
import { sendHop } from './send-hop.ts'
import { createSlots, type Slots } from './slots.ts'
import { parseTarget } from './target.ts'
import { toConnectError } from './upstream-failure.ts'
import type { AddressPolicy, GuardedFetch, GuardedRequest } from './types.ts'

/** Bun runs 256 requests at once per process, worker threads included, and lets the next one wait in silence. */
export const MAX_CONCURRENT = 250

const DEFAULT_CONNECT_TIMEOUT_MS = 5000

/** How `createGuardedFetch` is set up. */
export interface GuardedFetchOptions {
  /** Simultaneous requests, bodies still being read included; at most `MAX_CONCURRENT` over all threads of the process. */
  maxConcurrent: number
  /** Longest silence for requests that name none of their own. */
  defaultIdleTimeoutMs: number
  /** Limit for opening a connection, per address. */
  connectTimeoutMs?: number
  /** `host:port` entries that the `public` policy lets reach private networks (config PRIVATE_HOSTS). */
  allowedHosts?: ReadonlySet<string>
  /** Name resolution, for tests. */
  lookup?: Lookup
  /** Certificate authorities in PEM instead of the built-in ones, for tests. */
  tlsCa?: string
  /** The places to count in, for whoever reports how many are taken; overrides `maxConcurrent`. */
  slots?: Slots
  /** Is told of every answer and failure. */
  metrics?: UpstreamMetrics
}

/** As in `shared/metrics`. */
export interface UpstreamMetrics {
  upstreamAnswer(answer: { policy: AddressPolicy; seconds: number }): void
  upstreamFailure(policy: AddressPolicy, kind: UpstreamErrorKind): void
}

type Context = ReturnType<typeof prepare>

/**
 * Makes the only way out of this process. Each hop is resolved once, judged on address bytes, and connected to at the
 * address that was judged. Throws `UpstreamError` of every kind but `status` and `in_band`.
 */
export const createGuardedFetch = (options: GuardedFetchOptions): GuardedFetch => {
  const context = prepare(options)
  return async (url, policy, request = {}) => {
    const release = context.slots.take()
    const startedAt = performance.now()
    const onFailure = ({ kind }: { kind: UpstreamErrorKind }) => options.metrics?.upstreamFailure(policy, kind)
    if (!release) {
      const busy = new UpstreamError('busy', 'Too many requests to other servers are under way')
      onFailure(busy)
      throw busy
    }
    const watch = watchExchange(request.idleTimeoutMs ?? options.defaultIdleTimeoutMs, request)
    try {
      const answer = await followRedirects({ url, policy, request, watch }, context)
      // From here on the body listens to the signal, and an abort that is already over would never be heard.
      watch.signal.throwIfAborted()
      options.metrics?.upstreamAnswer({ policy, seconds: (performance.now() - startedAt) / 1000 })
      if (!answer.response.ok) onFailure({ kind: 'status' })
      return guardResponse(answer.response, answer.url, watch, (bodyFailure) => {
        release()
        if (bodyFailure) onFailure(bodyFailure)
      })
    } catch (error) {
      const failure = toConnectError(error, watch.peer)
      watch.stop(failure)
      release()
      onFailure(failure)
      throw failure
    }
  }
}

const prepare = (options: GuardedFetchOptions) => ({
  slots: options.slots ?? createSlots(Math.min(options.maxConcurrent, MAX_CONCURRENT)),
  probe: createConnectProbe(options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS),
  lookup: options.lookup ?? lookupBySystem,
  allowedHosts: options.allowedHosts ?? new Set<string>(),
  tlsCa: options.tlsCa,
})

interface Exchange {
  url: string
  policy: AddressPolicy
  request: GuardedRequest
  watch: ExchangeWatch
}

const followRedirects = async ({ url, policy, request, watch }: Exchange, context: Context) => {
  const { method = 'GET', headers = {}, body, maxRedirects = 0 } = request
  let hop: Hop = { url, method, headers: toRequestHeaders(headers), body }
  for (let redirects = 0; ; redirects += 1) {
    const { target, response } = await runHop(hop, policy, watch, context)
    if (!isRedirect(response.status)) return { url: hop.url, response }
    void response.body?.cancel().catch(() => undefined)
    if (redirects >= maxRedirects) {
      const { status } = response
      throw new UpstreamError('protocol', `${target.label} answered with a redirect that is not followed`, { status })
    }
    hop = nextHop(hop, target, response)
  }
}

const runHop = async (hop: Hop, policy: AddressPolicy, watch: ExchangeWatch, context: Context) => {
  const target = parseTarget(hop.url, policy, context.allowedHosts)
  watch.peer = target.label
  watch.touch()
  watch.signal.throwIfAborted()
  const addresses = await resolveTarget(target, context.lookup, watch.signal)
  const { signal } = watch
  const response = await sendHop(hop, target, addresses, { probe: context.probe, tlsCa: context.tlsCa, signal })
  watch.touch()
  return { target, response }
}
