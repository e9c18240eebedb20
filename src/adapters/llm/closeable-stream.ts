/**
 * Runs a generator so that `return()` takes effect at once. A bare async generator would first wait for its pending
 * step, here for a model server that may stay silent for minutes. `start` gets a signal that fires when the stream is
 * closed or when `signal` fires; nothing starts before the first `next()`.
 */
export const closeableStream = <T>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T, void, undefined> => {
  const closing = new AbortController()
  const inner = start(AbortSignal.any([signal, closing.signal]))
  const ended = { done: true, value: undefined } as const
  return {
    next: async () => {
      try {
        return await inner.next()
      } catch (error) {
        if (closing.signal.aborted) return ended
        throw error
      }
    },
    return: async () => {
      closing.abort()
      await inner.return()
      return ended
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
