export interface KeptAlive {
  /** Called every 15 s. Must not throw. */
  heartbeat(): void
}

/** One line, not two: a blank line would dispatch an empty message in the web client (ai.md 2.6). */
export const heartbeatBytes = new TextEncoder().encode(': ping\n')

const everyMs = 15_000
/** Streams that were opened at about the same time have a turn of their own, which keeps each turn short. */
const turns = 150

const streamsOfTurn = Array.from({ length: turns }, () => new Set<KeptAlive>())
let turn = 0
let count = 0
let timer: ReturnType<typeof setInterval> | undefined

/** Streams that are open now. */
export const countStreams = (): number => count

const takeTurn = () => {
  turn = (turn + 1) % turns
  for (const stream of streamsOfTurn[turn] ?? []) stream.heartbeat()
}

/** One timer for all streams: a thousand idle clients cost no thousand timers. Returns how to stop. */
export const keepAlive = (stream: KeptAlive): (() => void) => {
  const ofTurn = streamsOfTurn[turn]
  ofTurn?.add(stream)
  count++
  timer ??= setInterval(takeTurn, everyMs / turns)
  return () => {
    if (!ofTurn?.delete(stream) || --count > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
