import { giveWay } from '../shared/give-way.ts'

/**
 * Repeats a write of some rows until it finds none, and lets others have their turn in between: thousands of rows in one
 * statement would hold up everybody. What is written stays written, whatever comes next. Returns how many rows there were.
 */
export const writeInBatches = async (writeSome: () => number): Promise<number> => {
  let total = 0
  for (let count = writeSome(); count > 0; count = writeSome()) {
    total += count
    await giveWay()
  }
  return total
}
