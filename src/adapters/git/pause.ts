import { setImmediate } from 'node:timers/promises'

/** How long the work of one check-out may keep its thread without letting anything else run. */
const MAX_BLOCKING_MS = 20

/** To be awaited between small steps: lets other work run when it is time for it. Throws the signal's reason. */
export type Pause = () => Promise<void>

/** Makes the pauses of one check-out. */
export const createPause = (signal: AbortSignal): Pause => {
  let dueAtMs = performance.now() + MAX_BLOCKING_MS
  return async () => {
    signal.throwIfAborted()
    if (performance.now() < dueAtMs) return
    await setImmediate()
    dueAtMs = performance.now() + MAX_BLOCKING_MS
    signal.throwIfAborted()
  }
}
