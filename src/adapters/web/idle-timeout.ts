import { UpstreamError } from '../../shared/upstream-error.ts'

const MAX_TIMER_MS = 2 ** 31 - 1

/** Watches one exchange; its signal is what every step of the exchange listens to. */
export interface ExchangeWatch {
  /** Aborts with an `UpstreamError`: `timeout` after too long a silence, `aborted` when the caller's signal did. */
  readonly signal: AbortSignal
  /** `host:port` of the current hop, for messages. */
  peer: string
  /** Something moved: the silence starts anew. */
  touch: () => void
  /** Ends the watch, and with `reason` also whatever still listens to the signal. */
  stop: (reason?: unknown) => void
}

/** Watches for silence longer than `idleTimeoutMs` and for the caller's abort. Must be stopped. */
export const watchExchange = (idleTimeoutMs: number, callerSignal: AbortSignal | undefined): ExchangeWatch => {
  const controller = new AbortController()
  const onCallerAbort = () => controller.abort(new UpstreamError('aborted', 'The request was cancelled'))
  const onIdle = () => controller.abort(new UpstreamError('timeout', `${watch.peer}: silent for ${idleTimeoutMs} ms`))
  const idle = startIdleTimer(idleTimeoutMs, onIdle)
  const stop = (reason?: unknown) => {
    idle.stop()
    callerSignal?.removeEventListener('abort', onCallerAbort)
    if (reason !== undefined) controller.abort(reason)
  }
  const watch: ExchangeWatch = { signal: controller.signal, peer: '', touch: idle.touch, stop }
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
