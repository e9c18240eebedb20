import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toUuid } from '../../shared/ids.ts'
import { type PluginStateRow, pluginStates } from './plugin-state.table.ts'

const value = sql.placeholder

/** What one user has at most one state of. */
export type StateKey = Pick<PluginStateRow, 'pluginId' | 'pageId' | 'stateKey'>

const ownedBy = eq(pluginStates.userId, value('userId'))
const own = and(eq(pluginStates.id, value('id')), ownedBy)
/** What has outlived its time is as good as gone. The statement needs a value `now`. */
export const isLive = sql`(${pluginStates.ttlExpiresAt} is null or ${pluginStates.ttlExpiresAt} > ${value('now')})`

const liveState = prepared((db) => db.select().from(pluginStates).where(and(own, isLive)).prepare())
export const findLiveState = (db: Db, userId: string, id: string, now: number): PluginStateRow | undefined =>
  liveState(db).get({ userId, id: toUuid(id), now })

const stateOfKey = prepared((db) =>
  db
    .select()
    .from(pluginStates)
    .where(
      and(
        ownedBy,
        eq(pluginStates.pluginId, value('pluginId')),
        eq(pluginStates.pageId, value('pageId')),
        eq(pluginStates.stateKey, value('stateKey')),
      ),
    )
    .prepare(),
)
/** Also one that has expired and still lies in the way. */
export const findStateOfKey = (
  db: Db,
  userId: string,
  { pluginId, pageId, stateKey }: StateKey,
): PluginStateRow | undefined => stateOfKey(db).get({ userId, pluginId, pageId, stateKey })

const accessedState = prepared((db) =>
  db
    .update(pluginStates)
    .set({ lastAccessed: sql`${value('now')}`, accessCount: sql`${pluginStates.accessCount} + 1` })
    .where(and(own, isLive))
    .returning()
    .prepare(),
)
/** Counts one access of a live state and returns it as it is then. */
export const touchState = (db: Db, userId: string, id: string, now: number): PluginStateRow | undefined =>
  accessedState(db).get({ userId, id: toUuid(id), now })

const newState = prepared((db) =>
  db
    .insert(pluginStates)
    .values({
      id: value('id'),
      userId: value('userId'),
      pluginId: value('pluginId'),
      pageId: value('pageId'),
      stateKey: value('stateKey'),
      stateStrategy: value('stateStrategy'),
      syncStatus: value('syncStatus'),
      isActive: value('isActive'),
      version: value('version'),
      deviceId: value('deviceId'),
      stateSchemaVersion: value('stateSchemaVersion'),
      ttlExpiresAt: value('ttlExpiresAt'),
      lastAccessed: value('lastAccessed'),
      accessCount: value('accessCount'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
      compressionType: value('compressionType'),
      stateSize: value('stateSize'),
      stateData: value('stateData'),
    })
    .prepare(),
)
export const insertState = (db: Db, row: PluginStateRow): void => newState(db).run({ ...row })

/** As a value of `set`, whose types know no placeholders. */
const set = (name: keyof PluginStateRow): SQL => sql`${value(name)}`

const changedState = prepared((db) =>
  db
    .update(pluginStates)
    .set({
      stateStrategy: set('stateStrategy'),
      syncStatus: set('syncStatus'),
      version: set('version'),
      deviceId: set('deviceId'),
      stateSchemaVersion: set('stateSchemaVersion'),
      ttlExpiresAt: set('ttlExpiresAt'),
      lastAccessed: set('lastAccessed'),
      accessCount: set('accessCount'),
      updatedAt: set('updatedAt'),
      compressionType: set('compressionType'),
      stateSize: set('stateSize'),
      stateData: set('stateData'),
    })
    .where(own)
    .prepare(),
)
export const updateState = (db: Db, row: PluginStateRow): void => changedState(db).run({ ...row })

const conflictingState = prepared((db) => db.update(pluginStates).set({ syncStatus: 'conflict' }).where(own).prepare())
/** Until the next write that succeeds. */
export const markConflict = (db: Db, userId: string, id: string): void => conflictingState(db).run({ userId, id })

const goneState = prepared((db) => db.delete(pluginStates).where(own).prepare())
export const deleteState = (db: Db, userId: string, id: string): void => goneState(db).run({ userId, id })
