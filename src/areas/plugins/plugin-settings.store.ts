import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type PluginSettingRow, pluginSettings } from './plugins.table.ts'

const value = sql.placeholder

const ofPlugin = and(
  eq(pluginSettings.pluginId, value('pluginId')),
  sql`+${eq(pluginSettings.userId, value('userId'))}`,
)

const settingsOfPlugin = prepared((db) => db.select().from(pluginSettings).where(ofPlugin).prepare())
export const listPluginSettings = (db: Db, userId: string, pluginId: string): PluginSettingRow[] =>
  settingsOfPlugin(db).all({ userId, pluginId })

/** Replaces all settings of a plugin by these. */
export const replacePluginSettings = (db: Db, userId: string, pluginId: string, rows: PluginSettingRow[]): void => {
  db.delete(pluginSettings)
    .where(and(eq(pluginSettings.pluginId, pluginId), eq(pluginSettings.userId, userId)))
    .run()
  for (const row of rows) db.insert(pluginSettings).values(row).run()
}

const neededByAnother = sql`exists (
  select 1 from ${pluginSettings} as other
  where other.user_id = ${value('userId')} and other.definition_id = ${pluginSettings.definitionId}
    and other.plugin_id <> ${value('pluginId')})`

const goingSettings = prepared((db) =>
  db
    .select({ definitionId: pluginSettings.definitionId })
    .from(pluginSettings)
    .where(
      and(
        ofPlugin,
        eq(pluginSettings.madeInstance, true),
        eq(pluginSettings.goesWithPlugin, true),
        sql`not ${neededByAnother}`,
      ),
    )
    .prepare(),
)
/** The definitions of the instances that go with a plugin: made for it alone, and of no use to another one of the user. */
export const listGoingSettings = (db: Db, userId: string, pluginId: string): string[] =>
  goingSettings(db)
    .all({ userId, pluginId })
    .map(({ definitionId }) => definitionId)
