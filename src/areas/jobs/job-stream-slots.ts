import { streamsFull, tooManyStreams } from './jobs.errors.ts'

export const maxStreamsPerUser = 200
const maxStreams = 5000

const openStreams = new Map<string, number>()
let total = 0

/** Counts one more stream of this user; returns how to count it out. Throws 429 and 503 when there are too many. */
export const takeStreamSlot = (userId: string): (() => void) => {
  const own = openStreams.get(userId) ?? 0
  if (own >= maxStreamsPerUser) throw tooManyStreams()
  if (total >= maxStreams) throw streamsFull()
  openStreams.set(userId, own + 1)
  total++
  return () => {
    total--
    const left = (openStreams.get(userId) ?? 1) - 1
    if (left > 0) openStreams.set(userId, left)
    else openStreams.delete(userId)
  }
}
