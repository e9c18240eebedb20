export interface Semaphore {
  /**
   * Runs `work` when a place is free. Rejects with what `full()` makes when the queue is full too, and with the signal's
   * reason when it aborts before `work` begins.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** At most `places` at once, at most `maxWaiting` in line behind them. */
export const createSemaphore = (places: number, maxWaiting: number, full: () => Error): Semaphore => {
  const waiting = new Set<() => void>()
  let free = places
  const waitInLine = async (signal: AbortSignal | undefined): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      // Who was called a moment ago has a place to give back, and stays.
      if (waiting.delete(resolve)) reject(signal?.reason)
    }
    waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    await promise
    signal?.removeEventListener('abort', leave)
  }
  const acquire = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    if (free > 0) {
      free--
      return
    }
    if (waiting.size >= maxWaiting) throw full()
    await waitInLine(signal)
  }
  const release = () => {
    const [next] = waiting
    if (!next) {
      free++
      return
    }
    waiting.delete(next)
    next()
  }
  return {
    async run(work, signal) {
      await acquire(signal)
      try {
        signal?.throwIfAborted()
        return await work()
      } finally {
        release()
      }
    },
  }
}
