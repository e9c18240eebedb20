import { UpstreamError } from '../../shared/upstream-error.ts'
import { watchPace } from './pace.ts'
import type { GuardedRequest } from './types.ts'

const MAX_TIMER_MS = 2 ** 31 - 1

/** Watches one exchange; its signal is what every step of the exchange listens to. */
export interface ExchangeWatch {
  /** Aborts with an `UpstreamError`: `timeout` after too long a silence or at too slow a pace, `aborted` when the caller's signal did. */
  readonly signal: AbortSignal
  /** `host:port` of the current hop, for messages. */
  peer: string
  /** Something moved, so many bytes of the body perhaps: the silence starts anew. */
  touch: (bodyBytes?: number) => void
  /** Ends the watch, and with `reason` also whatever still listens to the signal. */
  stop: (reason?: unknown) => void
}

/** Watches for silence longer than `idleTimeoutMs`, for a pace below `minPace`, and for the caller's abort. Must be stopped. */
export const watchExchange = (
  idleTimeoutMs: number,
  { signal: callerSignal, minPace }: Pick<GuardedRequest, 'signal' | 'minPace'>,
): ExchangeWatch => {
  const controller = new AbortController()
  const onCallerAbort = () => controller.abort(new UpstreamError('aborted', 'The request was cancelled'))
  const onIdle = () => controller.abort(new UpstreamError('timeout', `${watch.peer}: silent for ${idleTimeoutMs} ms`))
  const idle = startIdleTimer(idleTimeoutMs, onIdle)
  const pace =
    minPace &&
    watchPace(minPace, (text) => controller.abort(new UpstreamError('timeout', `${watch.peer} sends ${text}`)))
  const touch = (bodyBytes = 0) => {
    idle.touch()
    if (bodyBytes > 0) pace?.add(bodyBytes)
  }
  const stop = (reason?: unknown) => {
    idle.stop()
    pace?.stop()
    callerSignal?.removeEventListener('abort', onCallerAbort)
    if (reason !== undefined) controller.abort(reason)
  }
  const watch: ExchangeWatch = { signal: controller.signal, peer: '', touch, stop }
  callerSignal?.addEventListener('abort', onCallerAbort, { once: true })
  if (callerSignal?.aborted) onCallerAbort()
  return watch
}

// `touch` runs for every piece of every stream, so it only notes the time: the timer moves itself when it fires early.
const startIdleTimer = (idleTimeoutMs: number, onIdle: () => void) => {
  const limitMs = Math.min(Math.max(idleTimeoutMs, 1), MAX_TIMER_MS)
  let lastMoveMs = performance.now()
  const onTimer = () => {
    const remainingMs = lastMoveMs + limitMs - performance.now()
    if (remainingMs > 0) timer = setTimeout(onTimer, Math.ceil(remainingMs))
    else onIdle()
  }
  let timer = setTimeout(onTimer, limitMs)
  const touch = () => {
    lastMoveMs = performance.now()
  }
  return { touch, stop: () => clearTimeout(timer) }
}
