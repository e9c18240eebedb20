import type { Deps } from '../../deps.ts'
import { deleteOldestChange, readHistoryUsage } from './plugin-state-history.store.ts'
import { deleteExpiredStatesOf, readUsage } from './state-usage.store.ts'

const maxStatesPerUser = 20_000
const maxChangesPerUser = 20_000

/** Keeps a user's states and their history within the quota, for the length of one transaction. */
export const createQuota = ({ db, config }: Pick<Deps, 'db' | 'config'>, userId: string, now: number) => {
  const maxBytes = config.pluginStateQuotaMb * 1_048_576
  let { rows, bytes } = readUsage(db, userId)
  let isSwept = false
  const fits = (moreRows: number, moreBytes: number) =>
    (moreRows <= 0 || rows + moreRows <= maxStatesPerUser) && (moreBytes <= 0 || bytes + moreBytes <= maxBytes)
  /** Once only: a batch of hundreds that do not fit would look through all states for each. */
  const sweep = () => {
    if (!isSwept && deleteExpiredStatesOf(db, userId, now) > 0) ({ rows, bytes } = readUsage(db, userId))
    isSwept = true
  }
  return {
    /** False when there is no room for so much more, even without what has expired. */
    take(moreRows: number, moreBytes: number): boolean {
      if (!fits(moreRows, moreBytes)) sweep()
      if (!fits(moreRows, moreBytes)) return false
      rows += moreRows
      bytes += moreBytes
      return true
    },
    /** The history gets what the states leave, and gives way from its oldest end. */
    trimHistory() {
      let { rows: changes, bytes: changeBytes } = readHistoryUsage(db, userId)
      while (changes > maxChangesPerUser || bytes + changeBytes > maxBytes) {
        const freed = deleteOldestChange(db, userId)
        if (freed === undefined) return
        changes--
        changeBytes -= freed
      }
    },
  }
}
