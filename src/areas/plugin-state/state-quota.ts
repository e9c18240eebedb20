import { writeInBatches } from '../../db/write-in-batches.ts'
import type { Deps } from '../../deps.ts'
import { deleteOldestChange, readHistoryUsage } from './plugin-state-history.store.ts'
import type { StateDocument } from './state-document.ts'
import { deleteSomeExpiredStatesOf, readUsage, type Usage } from './state-usage.store.ts'

const maxStatesPerUser = 20_000
const maxChangesPerUser = 20_000
/** More than what one write can add; the next write goes on. */
const maxTrimmedAtOnce = 1000

type QuotaDeps = Pick<Deps, 'db' | 'config'>

const toMaxBytes = ({ config }: QuotaDeps) => config.pluginStateQuotaMb * 1_048_576

/** What makes nothing fuller always fits. */
const fits = (deps: QuotaDeps, used: Usage, more: Usage) =>
  (more.rows <= 0 || used.rows + more.rows <= maxStatesPerUser) &&
  (more.bytes <= 0 || used.bytes + more.bytes <= toMaxBytes(deps))

/** Expiry is no change: it leaves no row in the history. Returns how many there were. */
export const removeExpiredStates = ({ db, clock }: Pick<Deps, 'db' | 'clock'>, userId: string): Promise<number> =>
  writeInBatches(() => deleteSomeExpiredStatesOf(db, userId, clock()))

/**
 * Where the quota has no room for all of these, what has expired goes. Call it before the transaction: thousands of
 * states take their time.
 */
export const makeRoom = async (deps: QuotaDeps & Pick<Deps, 'clock'>, userId: string, documents: StateDocument[]) => {
  const bytes = documents.reduce((sum, { stored }) => sum + stored.stateSize, 0)
  if (!fits(deps, readUsage(deps.db, userId), { rows: documents.length, bytes }))
    await removeExpiredStates(deps, userId)
}

/** Keeps a user's states and their history within the quota, for the length of one transaction. */
export const createQuota = (deps: QuotaDeps, userId: string) => {
  const { db } = deps
  const used = readUsage(db, userId)
  return {
    /** False when there is no room for so much more. */
    take(rows: number, bytes: number): boolean {
      if (!fits(deps, used, { rows, bytes })) return false
      used.rows += rows
      used.bytes += bytes
      return true
    },
    /** The history gets what the states leave, and gives way from its oldest end. */
    trimHistory() {
      let { rows, bytes } = readHistoryUsage(db, userId)
      const isFull = () => rows > maxChangesPerUser || used.bytes + bytes > toMaxBytes(deps)
      for (let count = 0; count < maxTrimmedAtOnce && isFull(); count++) {
        const freed = deleteOldestChange(db, userId)
        if (freed === undefined) return
        rows--
        bytes -= freed
      }
    },
  }
}
