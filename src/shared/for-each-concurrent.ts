/** Runs `work` for all items, at most `places` at once. After a failure it begins no more, waits for the rest, and throws it. */
export const forEachConcurrent = async <Item>(
  items: readonly Item[],
  places: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> => {
  let next = 0
  const failures: unknown[] = []
  const runPlace = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next++
      try {
        await work(items[index] as Item, index)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(places, items.length) }, runPlace))
  if (failures.length > 0) throw failures[0]
}
