import { and, count, desc, eq, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type PluginModuleRow, pluginModules, type PluginRow, plugins } from './plugins.table.ts'

const value = sql.placeholder

const ofUser = eq(plugins.userId, value('userId'))
const modulesOfUser = eq(pluginModules.userId, value('userId'))

const ownPlugin = prepared((db) =>
  db
    .select()
    .from(plugins)
    .where(and(ofUser, or(eq(plugins.id, value('id')), eq(plugins.pluginSlug, value('slug')))))
    // An id wins over a slug that looks like it.
    .orderBy(desc(eq(plugins.id, value('id'))))
    .limit(1)
    .prepare(),
)
export const findPlugin = (db: Db, userId: string, id: string, slug: string): PluginRow | undefined =>
  ownPlugin(db).get({ userId, id, slug })

const namedPlugin = prepared((db) =>
  db
    .select()
    .from(plugins)
    .where(and(ofUser, eq(plugins.name, value('name'))))
    .orderBy(plugins.pluginSlug)
    .limit(1)
    .prepare(),
)
/** By the name that is shown. Names may repeat: the first by slug. */
export const findPluginByName = (db: Db, userId: string, name: string): PluginRow | undefined =>
  namedPlugin(db).get({ userId, name })

const enabledPlugins = prepared((db) =>
  db
    .select()
    .from(plugins)
    .where(and(ofUser, eq(plugins.enabled, true)))
    .orderBy(plugins.pluginSlug)
    .prepare(),
)
/** In the order of their slugs. */
export const listEnabledPlugins = (db: Db, userId: string): PluginRow[] => enabledPlugins(db).all({ userId })

const enabledCount = prepared((db) =>
  db
    .select({ total: count() })
    .from(plugins)
    .where(and(ofUser, eq(plugins.enabled, true)))
    .prepare(),
)
export const countEnabledPlugins = (db: Db, userId: string): number => enabledCount(db).get({ userId })?.total ?? 0

const ownModule = prepared((db) =>
  db
    .select()
    .from(pluginModules)
    .where(and(modulesOfUser, eq(pluginModules.pluginId, value('pluginId')), eq(pluginModules.id, value('id'))))
    .prepare(),
)
export const findModule = (db: Db, userId: string, pluginId: string, id: string): PluginModuleRow | undefined =>
  ownModule(db).get({ userId, pluginId, id })

/** As they were installed. */
const installOrder = sql`${pluginModules}.rowid`

const modulesOfPlugin = prepared((db) =>
  db
    .select()
    .from(pluginModules)
    // The plus keeps SQLite from reading all modules of the user.
    .where(and(eq(pluginModules.pluginId, value('pluginId')), sql`+${modulesOfUser}`))
    .orderBy(installOrder)
    .prepare(),
)
export const listModulesOfPlugin = (db: Db, userId: string, pluginId: string): PluginModuleRow[] =>
  modulesOfPlugin(db).all({ userId, pluginId })

const everyModule = prepared((db) =>
  db.select().from(pluginModules).where(modulesOfUser).orderBy(installOrder).prepare(),
)
export const listModulesOfUser = (db: Db, userId: string): PluginModuleRow[] => everyModule(db).all({ userId })

const summaries = prepared((db) =>
  db
    .select({
      pluginSlug: plugins.pluginSlug,
      version: plugins.version,
      bundleLocation: plugins.bundleLocation,
      enabled: plugins.enabled,
      moduleCount: count(pluginModules.id),
    })
    .from(plugins)
    .leftJoin(pluginModules, eq(pluginModules.pluginId, plugins.id))
    .where(ofUser)
    .groupBy(plugins.pluginSlug)
    .orderBy(plugins.pluginSlug)
    .prepare(),
)
/** All plugins of a user with the number of their modules, in the order of their slugs. */
export const listPluginSummaries = (db: Db, userId: string) => summaries(db).all({ userId })
