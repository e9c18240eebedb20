export interface KeyedLock {
  /** Runs `work` when all that began earlier with this key has ended. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>
}

/** One at a time for each key, in the order of the calls. Keys that nobody uses take no memory. */
export const createKeyedLock = (): KeyedLock => {
  const last = new Map<string, Promise<void>>()
  return {
    async run(key, work) {
      const before = last.get(key)
      const { promise, resolve } = Promise.withResolvers<void>()
      last.set(key, promise)
      try {
        await before
        return await work()
      } finally {
        resolve()
        if (last.get(key) === promise) last.delete(key)
      }
    },
  }
}
