import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type PluginModuleRow, pluginModules, type PluginRow, plugins } from './plugins.table.ts'

const value = sql.placeholder

const ownPlugin = and(eq(plugins.userId, value('userId')), eq(plugins.id, value('id')))

const switchedPlugin = prepared((db) =>
  db
    .update(plugins)
    .set({ enabled: sql`${value('enabled')}`, updatedAt: sql`${value('now')}` })
    .where(ownPlugin)
    .prepare(),
)
export const switchPlugin = (db: Db, { userId, id }: PluginRow, enabled: boolean, now: number): void => {
  switchedPlugin(db).run({ userId, id, enabled: Number(enabled), now })
}

const switchedModule = prepared((db) =>
  db
    .update(pluginModules)
    .set({ enabled: sql`${value('enabled')}`, updatedAt: sql`${value('now')}` })
    .where(
      and(
        eq(pluginModules.userId, value('userId')),
        eq(pluginModules.pluginId, value('pluginId')),
        eq(pluginModules.id, value('id')),
      ),
    )
    .prepare(),
)
export const switchModule = (
  db: Db,
  { userId, pluginId, id }: PluginModuleRow,
  enabled: boolean,
  now: number,
): void => {
  switchedModule(db).run({ userId, pluginId, id, enabled: Number(enabled), now })
}
