import { and, eq, getTableColumns, gte, lt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import {
  type PluginModuleRow,
  pluginModules,
  type PluginRow,
  plugins,
  type PluginServiceRow,
  pluginServices,
} from './plugins.table.ts'

const value = sql.placeholder

const ofSlug = prepared((db) =>
  db
    .select()
    .from(plugins)
    .where(and(eq(plugins.userId, value('userId')), eq(plugins.pluginSlug, value('slug'))))
    .prepare(),
)
export const findPluginBySlug = (db: Db, userId: string, slug: string): PluginRow | undefined =>
  ofSlug(db).get({ userId, slug })

export const insertPlugin = (db: Db, row: PluginRow): void => {
  db.insert(plugins).values(row).run()
}

export const updatePluginFields = (db: Db, userId: string, id: string, changes: Partial<PluginRow>): void => {
  db.update(plugins)
    .set(changes)
    .where(and(eq(plugins.id, id), eq(plugins.userId, userId)))
    .run()
}

/** Its modules and services go with it. */
export const deletePlugin = (db: Db, userId: string, id: string): void => {
  db.delete(plugins)
    .where(and(eq(plugins.id, id), eq(plugins.userId, userId)))
    .run()
}

const moduleFields = Object.keys(getTableColumns(pluginModules))
const oneModule = prepared((db) =>
  db
    .insert(pluginModules)
    .values(Object.fromEntries(moduleFields.map((name) => [name, value(name)])) as unknown as PluginModuleRow)
    .prepare(),
)

/** Replaces all modules of a plugin by these. */
export const replaceModules = (db: Db, userId: string, pluginId: string, rows: PluginModuleRow[]): void => {
  db.delete(pluginModules)
    .where(and(eq(pluginModules.pluginId, pluginId), eq(pluginModules.userId, userId)))
    .run()
  for (const row of rows) oneModule(db).run(row)
}

const idsBeginningWith = prepared((db) =>
  db
    .select({ id: pluginModules.id })
    .from(pluginModules)
    .where(
      and(
        eq(pluginModules.userId, value('userId')),
        gte(pluginModules.id, value('prefix')),
        lt(pluginModules.id, value('end')),
      ),
    )
    .prepare(),
)
/** The ids of a user's modules, of any plugin, that begin with a text. */
export const listModuleIds = (db: Db, userId: string, prefix: string): Set<string> =>
  new Set(
    idsBeginningWith(db)
      .all({ userId, prefix, end: `${prefix}\u{10ffff}` })
      .map(({ id }) => id),
  )

/** Replaces all services of a plugin by these. */
export const replaceServices = (db: Db, userId: string, pluginId: string, rows: PluginServiceRow[]): void => {
  db.delete(pluginServices)
    .where(and(eq(pluginServices.pluginId, pluginId), eq(pluginServices.userId, userId)))
    .run()
  for (const row of rows) db.insert(pluginServices).values(row).run()
}

const contentUser = prepared((db) =>
  db
    .select({ id: plugins.id })
    .from(plugins)
    .where(eq(plugins.contentHash, value('contentHash')))
    .limit(1)
    .prepare(),
)
/** By any user: contents are shared. */
export const isContentUsed = (db: Db, contentHash: string): boolean =>
  contentUser(db).get({ contentHash }) !== undefined

/** What the plugins of all users are made of. */
export const listContents = (db: Db): { slug: string; contentHash: string | null }[] =>
  db.select({ slug: plugins.pluginSlug, contentHash: plugins.contentHash }).from(plugins).all()
