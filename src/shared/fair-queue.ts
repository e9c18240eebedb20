export interface FairQueueOptions {
  /** How many run at once. */
  places: number
  /** Further places for keys of which nothing runs: those who take long never hold up everybody else. None by default. */
  sparePlaces?: number
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
  const { places, sparePlaces = 0, maxWaiting, maxWaitingPerKey, full, keyFull } = options
  const lines = new Map<string, (() => void)[]>()
  const runningOf = new Map<string, number>()
  let waiting = 0
  let running = 0
  const hasPlace = (key: string) => running < places + (runningOf.has(key) ? 0 : sparePlaces)
  const enter = (key: string) => {
    running++
    runningOf.set(key, (runningOf.get(key) ?? 0) + 1)
  }
  const leave = (key: string, start: () => void) => {
    const line = lines.get(key) ?? []
    const at = line.indexOf(start)
    if (at < 0) return
    line.splice(at, 1)
    waiting--
    if (line.length === 0) lines.delete(key)
  }
  const startWaiting = () => {
    // One that moves to the end is looked at again there: it ends when no place is left.
    for (const [key, line] of lines) {
      const [start] = line
      if (!start || !hasPlace(key)) continue
      leave(key, start)
      // The others come first the next time.
      if (line.length > 0) {
        lines.delete(key)
        lines.set(key, line)
      }
      enter(key)
      start()
    }
  }
  const exit = (key: string) => {
    const others = (runningOf.get(key) ?? 1) - 1
    if (others === 0) runningOf.delete(key)
    else runningOf.set(key, others)
    running--
    startWaiting()
  }
  const acquire = async (key: string, signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    if (hasPlace(key)) return enter(key)
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
        exit(key)
      }
    },
  }
}
