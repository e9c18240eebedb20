import { and, eq, inArray, ne, notInArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type SettingDefinitionRow, settingDefinitions, settingInstances, type SettingScope } from './settings.table.ts'

const value = sql.placeholder
const listLimit = 5000

/** Begins the description of a definition that a save created (workspace.md 3.2), which is how they are recognised. */
export const autoDescription = 'Auto-generated definition for '
export const isAutoDefinition = ({ description }: SettingDefinitionRow): boolean =>
  description?.startsWith(autoDescription) ?? false
const isAutoCreated = sql`substr(${settingDefinitions.description}, 1, ${autoDescription.length}) = ${autoDescription}`

const filtered = prepared((db) =>
  db
    .select()
    .from(settingDefinitions)
    .where(
      and(
        sql`(${value('category')} is null or ${settingDefinitions.category} = ${value('category')})`,
        sql`(${value('scope')} is null or exists (select 1 from json_each(${settingDefinitions.allowedScopes}) as allowed where allowed.value = ${value('scope')}))`,
      ),
    )
    .orderBy(settingDefinitions.createdAt, sql`rowid`)
    .limit(listLimit)
    .prepare(),
)
/** In the order of their creation. */
export const listDefinitions = (
  db: Db,
  filter: { category: string | null; scope: SettingScope | null },
): SettingDefinitionRow[] => filtered(db).all(filter)

const definitionById = prepared((db) =>
  db
    .select()
    .from(settingDefinitions)
    .where(eq(settingDefinitions.id, value('id')))
    .prepare(),
)
export const findDefinition = (db: Db, id: string): SettingDefinitionRow | undefined => definitionById(db).get({ id })

export const isDefinitionNameTaken = (db: Db, name: string, exceptId = ''): boolean =>
  db
    .select({ id: settingDefinitions.id })
    .from(settingDefinitions)
    .where(and(eq(settingDefinitions.name, name), ne(settingDefinitions.id, exceptId)))
    .get() !== undefined

export const insertDefinition = (db: Db, row: SettingDefinitionRow) => db.insert(settingDefinitions).values(row).run()

export const updateDefinition = (db: Db, id: string, changes: Partial<SettingDefinitionRow>) =>
  db.update(settingDefinitions).set(changes).where(eq(settingDefinitions.id, id)).run()

export const deleteDefinition = (db: Db, id: string) =>
  db.delete(settingDefinitions).where(eq(settingDefinitions.id, id)).run()

export const countDefinitions = (db: Db): number =>
  db
    .select({ count: sql<number>`count(*)` })
    .from(settingDefinitions)
    .get()?.count ?? 0

const broughtCount = prepared((db) =>
  db
    .select({ count: sql<number>`count(*)` })
    .from(settingDefinitions)
    .where(eq(settingDefinitions.broughtBy, value('userId')))
    .prepare(),
)
/** Of those that came with plugins. */
export const countDefinitionsBroughtBy = (db: Db, userId: string): number =>
  broughtCount(db).get({ userId })?.count ?? 0

export const countInstancesOf = (db: Db, definitionId: string): number =>
  db
    .select({ count: sql<number>`count(*)` })
    .from(settingInstances)
    .where(eq(settingInstances.definitionId, definitionId))
    .get()?.count ?? 0

/** How many auto-created definitions this user has values for. */
export const countAutoDefinitionsOf = (db: Db, userId: string): number =>
  db
    .select({ count: sql<number>`count(distinct ${settingDefinitions.id})` })
    .from(settingInstances)
    .innerJoin(settingDefinitions, eq(settingDefinitions.id, settingInstances.definitionId))
    .where(and(eq(settingInstances.userId, userId), isAutoCreated))
    .get()?.count ?? 0

/** An auto-created definition goes with its last value; otherwise saving and deleting could fill the shared catalogue. */
export const deleteUnusedAutoDefinitions = (db: Db, ids: string[]): void => {
  const listed = sql`(select value from json_each(${JSON.stringify(ids)}))`
  // Read once for all ids, whose number is the client's choice.
  const used = sql`(select definition_id from ${settingInstances} where definition_id in ${listed})`
  db.delete(settingDefinitions)
    .where(and(inArray(settingDefinitions.id, listed), isAutoCreated, notInArray(settingDefinitions.id, used)))
    .run()
}
