import { and, asc, count, desc, eq, inArray, lte, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type PluginStateHistoryRow, pluginStateHistory as history } from './plugin-state.table.ts'
import type { Usage } from './state-usage.store.ts'

const value = sql.placeholder

const ownedBy = eq(history.userId, value('userId'))

const newChange = prepared((db) =>
  db
    .insert(history)
    .values({
      id: value('id'),
      userId: value('userId'),
      pluginStateId: value('pluginStateId'),
      version: value('version'),
      changeType: value('changeType'),
      deviceId: value('deviceId'),
      userAgent: value('userAgent'),
      ipAddress: value('ipAddress'),
      createdAt: value('createdAt'),
      compressionType: value('compressionType'),
      stateSize: value('stateSize'),
      stateData: value('stateData'),
    })
    .prepare(),
)
export const insertChange = (db: Db, row: PluginStateHistoryRow): void => newChange(db).run({ ...row })

const ofState = and(eq(history.pluginStateId, value('stateId')), ownedBy)

const surplusOfState = prepared((db) => {
  const newestToGo = db
    .select({ version: history.version })
    .from(history)
    .where(ofState)
    .orderBy(desc(history.version))
    .limit(1)
    .offset(value('keep'))
  return db
    .delete(history)
    .where(and(ofState, lte(history.version, newestToGo)))
    .prepare()
})
/** Leaves the newest `keep` changes of one state. */
export const trimChangesOfState = (db: Db, userId: string, stateId: string, keep: number): void =>
  surplusOfState(db).run({ userId, stateId, keep })

const usageOfUser = prepared((db) =>
  db
    .select({ rows: count(), bytes: sql<number>`total(${history.stateSize})` })
    .from(history)
    .where(ownedBy)
    .prepare(),
)
/** What the history of a user takes up. Read from an index alone. */
export const readHistoryUsage = (db: Db, userId: string): Usage =>
  usageOfUser(db).get({ userId }) ?? { rows: 0, bytes: 0 }

const oldestOfUser = prepared((db) =>
  db
    .delete(history)
    .where(
      eq(
        history.id,
        db.select({ id: history.id }).from(history).where(ownedBy).orderBy(asc(history.createdAt)).limit(1),
      ),
    )
    .returning({ bytes: history.stateSize })
    .prepare(),
)
/** Returns how many bytes are free now; undefined when there is no history. */
export const deleteOldestChange = (db: Db, userId: string): number | undefined =>
  oldestOfUser(db).get({ userId })?.bytes

const someOld = prepared((db) =>
  db
    .delete(history)
    .where(
      inArray(
        history.id,
        db
          .select({ id: history.id })
          .from(history)
          .where(lte(history.createdAt, value('before')))
          .limit(100),
      ),
    )
    .returning({ id: history.id })
    .prepare(),
)
/** Everybody's, a hundred at a time, so that no request waits long for the lock. Returns how many there were. */
export const deleteOldStateHistory = (db: Db, before: number): number => {
  let deleted = 0
  for (let more = -1; more !== 0; deleted += more) more = someOld(db).all({ before }).length
  return deleted
}
