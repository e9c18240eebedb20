import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toHexId, toUuid } from '../../shared/ids.ts'
import { type SettingInstanceRow, settingInstances, type SettingScope } from './settings.table.ts'

const value = sql.placeholder
/** More than a user can have (see `maxInstances`), so that no list is cut short. */
const listLimit = 2000

// Written out, not bound: only so can SQLite use the partial index.
const isSystem = sql`${settingInstances.scope} = 'system'`
const isOwn = eq(settingInstances.userId, value('userId'))
const ofDefinition = eq(settingInstances.definitionId, value('definitionId'))
const matchesScope = sql`(${value('scope')} is null or ${settingInstances.scope} = ${value('scope')})`
const onPage = sql`${settingInstances.pageId} is ${value('pageId')}`
/** Newest first; of those changed at the same moment the oldest row first. */
const newestFirst = sql`${settingInstances.updatedAt} desc, ${settingInstances}.rowid`

const list = (db: Db, ...conditions: Parameters<typeof and>) =>
  db
    .select()
    .from(settingInstances)
    .where(and(...conditions))
    .orderBy(newestFirst)
    .limit(listLimit)
    .prepare()

const ownRows = prepared((db) => list(db, isOwn, matchesScope, onPage))
const ownRowsOfDefinition = prepared((db) => list(db, isOwn, ofDefinition, matchesScope, onPage))
const systemRows = prepared((db) => list(db, isSystem, onPage))
const systemRowOfDefinition = prepared((db) => list(db, isSystem, ofDefinition, onPage))

export interface InstanceFilter {
  definitionId: string | null
  scope: SettingScope | null
  /** Null stands for rows that nobody has set: only those without a page. */
  pageId: string | null
}

export const listOwnInstances = (
  db: Db,
  userId: string,
  { definitionId, scope, pageId }: InstanceFilter,
): SettingInstanceRow[] =>
  definitionId === null
    ? ownRows(db).all({ userId, scope, pageId })
    : ownRowsOfDefinition(db).all({ userId, definitionId, scope, pageId })

export const listSystemInstances = (
  db: Db,
  { definitionId, pageId }: Omit<InstanceFilter, 'scope'>,
): SettingInstanceRow[] =>
  definitionId === null ? systemRows(db).all({ pageId }) : systemRowOfDefinition(db).all({ definitionId, pageId })

/** What makes a row the only one of its kind (contract decision 23). `userId` is null for system scope. */
export interface InstanceKey {
  definitionId: string
  scope: SettingScope
  userId: string | null
  pageId: string | null
}

export const findInstanceByKey = (db: Db, { userId, ...key }: InstanceKey): SettingInstanceRow | undefined =>
  (userId === null ? listSystemInstances(db, key) : listOwnInstances(db, userId, key))[0]

const visibleRow = prepared((db) =>
  db
    .select()
    .from(settingInstances)
    .where(
      and(inArray(settingInstances.id, [value('id'), value('uuid'), value('hexId')]), sql`(${isOwn} or ${isSystem})`),
    )
    .prepare(),
)
/** A row of this user, or one that all share. Ids are free text; those that are UUIDs may come in either spelling. */
export const findVisibleInstance = (db: Db, userId: string, id: string): SettingInstanceRow | undefined =>
  visibleRow(db).get({ userId, id, uuid: toUuid(id), hexId: toHexId(id) })

const usage = prepared((db) =>
  db
    .select({
      count: sql<number>`count(*)`,
      bytes: sql<number>`coalesce(sum(octet_length(${settingInstances.value})), 0)`,
    })
    .from(settingInstances)
    .where(isOwn)
    .prepare(),
)
/** How many rows a user has, and how many bytes their sealed values take. */
export const readUsage = (db: Db, userId: string): { count: number; bytes: number } =>
  usage(db).get({ userId }) ?? { count: 0, bytes: 0 }

const newRow = prepared((db) =>
  db
    .insert(settingInstances)
    .values({
      id: value('id'),
      definitionId: value('definitionId'),
      name: value('name'),
      value: value('value'),
      scope: value('scope'),
      userId: value('userId'),
      pageId: value('pageId'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .prepare(),
)
export const insertInstance = (db: Db, row: SettingInstanceRow) => newRow(db).run(row)

const changedRow = prepared((db) =>
  db
    .update(settingInstances)
    .set({ name: sql`${value('name')}`, value: sql`${value('value')}`, updatedAt: sql`${value('updatedAt')}` })
    .where(eq(settingInstances.id, value('id')))
    .prepare(),
)
export const updateInstance = (db: Db, { id, name, value: sealed, updatedAt }: SettingInstanceRow) =>
  changedRow(db).run({ id, name, value: sealed, updatedAt })

export const deleteInstance = (db: Db, id: string) =>
  db.delete(settingInstances).where(eq(settingInstances.id, id)).run()

/** Returns the definitions of what was deleted. */
export const deleteInstancesOfPage = (db: Db, pageId: string): string[] =>
  db
    .delete(settingInstances)
    .where(eq(settingInstances.pageId, pageId))
    .returning({ definitionId: settingInstances.definitionId })
    .all()
    .map(({ definitionId }) => definitionId)
