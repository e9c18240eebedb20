/** A counted set of places: what bounds simultaneous upstream requests. */
export interface Slots {
  /** Takes a place and returns how to give it back (calling it again does nothing), or undefined when all are taken. */
  take: () => (() => void) | undefined
  /** Places taken now. */
  inUse: () => number
}

/** Makes `limit` places. */
export const createSlots = (limit: number): Slots => {
  let inUse = 0
  const take = () => {
    if (inUse >= limit) return undefined
    inUse += 1
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      inUse -= 1
    }
  }
  return { take, inUse: () => inUse }
}
