export interface Semaphore {
  /** Runs `work` when a place is free. Rejects with what `full()` makes when the queue is full too. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** At most `places` at once, at most `maxWaiting` in line behind them. */
export const createSemaphore = (places: number, maxWaiting: number, full: () => Error): Semaphore => {
  const waiting: (() => void)[] = []
  let free = places
  const acquire = (): Promise<void> => {
    if (free > 0) {
      free--
      return Promise.resolve()
    }
    if (waiting.length >= maxWaiting) return Promise.reject(full())
    return new Promise((resolve) => waiting.push(resolve))
  }
  const release = () => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  return {
    async run(work) {
      await acquire()
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
