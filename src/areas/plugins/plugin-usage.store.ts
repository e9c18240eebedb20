import { count, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { pluginModules, plugins } from './plugins.table.ts'

const value = sql.placeholder

const lengthOf = (columns: unknown[]) =>
  sql<number>`coalesce(sum(${sql.join(
    columns.map((column) => sql`coalesce(length(${column}), 0)`),
    sql` + `,
  )}), 0)`

const pluginUsage = prepared((db) =>
  db
    .select({
      count: count(),
      chars: lengthOf([
        plugins.description,
        plugins.longDescription,
        plugins.configFields,
        plugins.messages,
        plugins.dependencies,
        plugins.permissions,
        plugins.requiredServicesRuntime,
        plugins.backendDependencies,
      ]),
    })
    .from(plugins)
    .where(eq(plugins.userId, value('userId')))
    .prepare(),
)

const moduleUsage = prepared((db) =>
  db
    .select({
      chars: lengthOf([
        pluginModules.description,
        pluginModules.props,
        pluginModules.configFields,
        pluginModules.messages,
        pluginModules.requiredServices,
        pluginModules.dependencies,
        pluginModules.layout,
        pluginModules.tags,
      ]),
    })
    .from(pluginModules)
    .where(eq(pluginModules.userId, value('userId')))
    .prepare(),
)

/** How many plugins a user has, and the characters of what may be long in them and their modules. */
export const readPluginUsage = (db: Db, userId: string): { count: number; chars: number } => {
  const { count: plugged, chars } = pluginUsage(db).get({ userId }) ?? { count: 0, chars: 0 }
  return { count: plugged, chars: chars + (moduleUsage(db).get({ userId })?.chars ?? 0) }
}
