export interface FairQueueOptions {
  /** How many run at once. */
  places: number
  maxWaiting: number
  maxWaitingPerKey: number
  /** What to reject with when so many wait in all, or of one key. */
  full: () => Error
  keyFull: () => Error
}

export interface FairQueue {
  /** Runs `work` when it is its turn. The signal takes it out of the line; a running one must see to itself. */
  run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** A queue whose keys take turns: a hundred pieces of work of one do not hold up the first one of another. */
export const createFairQueue = (options: FairQueueOptions): FairQueue => {
  const { places, maxWaiting, maxWaitingPerKey, full, keyFull } = options
  const lines = new Map<string, (() => void)[]>()
  let waiting = 0
  let free = places
  const leave = (key: string, start: () => void) => {
    const line = lines.get(key) ?? []
    const at = line.indexOf(start)
    if (at < 0) return
    line.splice(at, 1)
    waiting--
    if (line.length === 0) lines.delete(key)
  }
  const startNext = () => {
    const [next] = lines
    const start = next?.[1][0]
    if (!next || !start) {
      free++
      return
    }
    const [key, line] = next
    leave(key, start)
    // The others come first the next time.
    if (line.length > 0) {
      lines.delete(key)
      lines.set(key, line)
    }
    start()
  }
  const acquire = async (key: string, signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    if (free > 0) return void free--
    const line = lines.get(key) ?? []
    if (line.length >= maxWaitingPerKey) throw keyFull()
    if (waiting >= maxWaiting) throw full()
    const turn = Promise.withResolvers<void>()
    const start = () => turn.resolve()
    const onAbort = () => {
      leave(key, start)
      turn.reject(signal?.reason)
    }
    line.push(start)
    lines.set(key, line)
    waiting++
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await turn.promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }
  return {
    async run(key, work, signal) {
      await acquire(key, signal)
      try {
        return await work()
      } finally {
        startNext()
      }
    },
  }
}
