import type { DeltaEntry } from './pack-entry.ts'

/** Deltas whose base comes later in the pack, by its name or its place. */
export const createWaiting = () => {
  const byBase = new Map<string | number, DeltaEntry[]>()
  let count = 0
  const takeOne = (key: string | number): DeltaEntry[] => {
    const entries = byBase.get(key) ?? []
    byBase.delete(key)
    count -= entries.length
    return entries
  }
  return {
    add: (entry: DeltaEntry): void => {
      const key = 'oid' in entry.content ? entry.content.oid : entry.content.offset
      const entries = byBase.get(key)
      if (entries) entries.push(entry)
      else byBase.set(key, [entry])
      count += 1
    },
    take: (keys: (string | number)[]): DeltaEntry[] => keys.flatMap(takeOne),
    count: () => count,
  }
}
