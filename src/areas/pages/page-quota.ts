import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { readUsage } from './page-contents.store.ts'
import { storageFull } from './pages.errors.ts'

const maxPages = 20_000

/** Runs `write` in one transaction. Throws 413 and undoes it when it makes full storage fuller. */
export const withinQuota = <T>(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  userId: string,
  write: () => T extends PromiseLike<unknown> ? never : T,
): T =>
  inTransaction<T>(db, () => {
    const before = readUsage(db, userId)
    const result = write()
    const after = readUsage(db, userId)
    const hasTooMany = after.pages > maxPages && after.pages > before.pages
    const isTooLarge = after.bytes > config.pageQuotaMb * 1_048_576 && after.bytes > before.bytes
    if (hasTooMany || isTooLarge) throw storageFull()
    return result
  })
