import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { readPluginUsage } from './plugin-usage.store.ts'
import { noRoom, quotaExceeded } from './plugins-change.errors.ts'

const maxPlugins = 500
/** Bounds the designer manifest, which holds all of it. */
const maxChars = 16_777_216

/**
 * Runs `write` in one transaction. Throws 400 and undoes it when it leaves a user with more plugins, metadata or files than
 * there is room for. What was too much before, as after the quota was lowered, may stay and be replaced by less.
 */
export const withinPluginRoom = <T>(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  userId: string,
  write: () => T extends PromiseLike<unknown> ? never : T,
): T =>
  inTransaction<T>(db, () => {
    const before = readPluginUsage(db, userId)
    const result = write()
    const after = readPluginUsage(db, userId)
    const isOver = (what: keyof typeof after, max: number) => after[what] > max && after[what] > before[what]
    if (isOver('count', maxPlugins) || isOver('chars', maxChars)) throw noRoom()
    if (isOver('bytes', config.pluginQuotaMb * 1_048_576)) throw quotaExceeded(config.pluginQuotaMb)
    return result
  })
