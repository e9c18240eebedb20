import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeList } from '../../db/native-list.ts'
import { unlessNull } from '../../db/unless-null.ts'
import { isLive } from './plugin-state.store.ts'
import { type PluginStateRow, pluginStates } from './plugin-state.table.ts'

/** What is missing lets everything through. */
export type StateFilters = {
  [Field in 'pluginId' | 'pageId' | 'stateKey' | 'stateStrategy' | 'syncStatus' | 'deviceId' | 'isActive']?:
    | PluginStateRow[Field]
    | undefined
}

export interface Page {
  limit: number
  offset: number
}

const value = sql.placeholder

const rareFilters = ['pageId', 'stateKey', 'stateStrategy', 'syncStatus', 'deviceId', 'isActive'] as const

const buildList = (db: Db, order: SQL, ofPlugin?: SQL) =>
  db
    .select({ id: sql<string>`${pluginStates.id}`.as('id') })
    .from(pluginStates)
    .where(
      and(
        eq(pluginStates.userId, value('userId')),
        ofPlugin,
        isLive,
        ...rareFilters.map((field) => unlessNull(field, sql`${pluginStates[field]} = ${value(field)}`)),
      ),
    )
    .orderBy(order, desc(pluginStates.id))
    .limit(value('limit'))
    .offset(value('offset'))

const listOfAll = nativeList<{ id: string }>((db) => buildList(db, desc(pluginStates.lastAccessed)))
// The plus keeps SQLite from reading all states in order to find the few of one plugin.
const listOfPlugin = nativeList<{ id: string }>((db) =>
  buildList(db, sql`+${pluginStates.lastAccessed} desc`, eq(pluginStates.pluginId, value('pluginId'))),
)

/** Ids of a user's live states, last accessed first; equal times in the order of the ids, so that pages never overlap. */
export const listStateIds = (
  db: Db,
  userId: string,
  { pluginId, isActive, ...filters }: StateFilters,
  { limit, offset, now }: Page & { now: number },
): string[] => {
  const values = {
    ...Object.fromEntries(rareFilters.map((field) => [field, null])),
    ...Object.fromEntries(Object.entries(filters).filter(([, filter]) => filter !== undefined)),
    isActive: isActive === undefined ? null : Number(isActive),
    userId,
    limit,
    offset,
    now,
  }
  const rows = pluginId === undefined ? listOfAll(db, values) : listOfPlugin(db, { ...values, pluginId })
  return rows.map(({ id }) => id)
}
