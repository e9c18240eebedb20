import { rejectOnAbort } from './reject-on-abort.ts'

export interface KeyedLock {
  /**
   * Runs `work` when all that began earlier with this key has ended. Rejects with the signal's reason when it aborts before
   * `work` begins.
   */
  run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** One at a time for each key, in the order of the calls. Keys that nobody uses take no memory. */
export const createKeyedLock = (): KeyedLock => {
  const last = new Map<string, Promise<void>>()
  return {
    async run(key, work, signal) {
      const before = last.get(key) ?? Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      last.set(key, promise)
      // Who left the line early does not let the next one in before those in front are done.
      const letNextIn = async () => {
        await before
        resolve()
        if (last.get(key) === promise) last.delete(key)
      }
      try {
        await (signal ? rejectOnAbort(before, signal) : before)
        signal?.throwIfAborted()
        return await work()
      } finally {
        void letNextIn()
      }
    },
  }
}
