/** How long all long work together may keep the thread before others get their turn. */
const maxBlockingMs = 8

let turnBegan: number | undefined

const elapsed = (): number => {
  if (turnBegan === undefined) {
    turnBegan = performance.now()
    // Runs when everybody else had their turn.
    setImmediate(() => (turnBegan = undefined))
  }
  return performance.now() - turnBegan
}

/** To be awaited between small steps of long work, e.g. before each row of a list. Waits a moment when others are due. */
export const giveWay = async (): Promise<void> => {
  // Not setImmediate: Bun looks for requests only after every second one.
  while (elapsed() > maxBlockingMs) await Bun.sleep(1)
}
