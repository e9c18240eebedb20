import { and, count, eq, inArray, lte, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { isLive } from './plugin-state.store.ts'
import { pluginStates } from './plugin-state.table.ts'

const value = sql.placeholder

export interface Usage {
  rows: number
  bytes: number
}

const ownedBy = eq(pluginStates.userId, value('userId'))
const isExpired = lte(pluginStates.ttlExpiresAt, value('now'))

const buildExpired = (db: Db, filter: SQL | undefined) => {
  const some = db.select({ id: pluginStates.id }).from(pluginStates).where(filter).limit(100)
  return db.delete(pluginStates).where(inArray(pluginStates.id, some)).returning({ id: pluginStates.id }).prepare()
}

const someExpiredOfUser = prepared((db) => buildExpired(db, and(ownedBy, isExpired)))
/** At most a hundred of one user. Returns how many there were. */
export const deleteSomeExpiredStatesOf = (db: Db, userId: string, now: number): number =>
  someExpiredOfUser(db).all({ userId, now }).length

const someExpired = prepared((db) => buildExpired(db, isExpired))
/** Everybody's, a hundred at a time, so that no request waits long for the lock. Returns how many there were. */
export const deleteExpiredStates = (db: Db, now: number): number => {
  let deleted = 0
  for (let more = -1; more !== 0; deleted += more) more = someExpired(db).all({ now }).length
  return deleted
}

const usageOfUser = prepared((db) =>
  db
    .select({ rows: count(), bytes: sql<number>`total(${pluginStates.stateSize})` })
    .from(pluginStates)
    .where(ownedBy)
    .prepare(),
)
/** What the states of a user take up, with expired ones that are not swept yet. Read from an index alone. */
export const readUsage = (db: Db, userId: string): Usage => usageOfUser(db).get({ userId }) ?? { rows: 0, bytes: 0 }

const statsOfUser = prepared((db) =>
  db
    .select({
      states: count(),
      activeStates: sql<number>`total(${pluginStates.isActive})`,
      bytes: sql<number>`total(${pluginStates.stateSize})`,
      plugins: sql<number>`count(distinct ${pluginStates.pluginId})`,
      lastAccessed: sql<number | null>`max(${pluginStates.lastAccessed})`,
    })
    .from(pluginStates)
    .where(and(ownedBy, isLive))
    .prepare(),
)
/** About the live states of a user. */
export const readStats = (db: Db, userId: string, now: number) => statsOfUser(db).get({ userId, now })
