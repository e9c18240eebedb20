import { eq, sql } from 'drizzle-orm'
import type { Db } from '../../../db/client.ts'
import { prepared } from '../../../db/prepared.ts'
import { type PluginRow, plugins } from '../plugins.table.ts'

const everyPlugin = prepared((db) =>
  db
    .select()
    .from(plugins)
    .where(eq(plugins.userId, sql.placeholder('userId')))
    .orderBy(plugins.pluginSlug)
    .prepare(),
)
/** Disabled ones, too, in the order of their slugs. */
export const listPlugins = (db: Db, userId: string): PluginRow[] => everyPlugin(db).all({ userId })
