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
      bytes: sql<number>`coalesce(sum(${plugins.contentBytes}), 0)`,
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

export interface PluginUsage {
  count: number
  /** Of what may be long in plugins and their modules. */
  chars: number
  /** Of the disk. Who shares files with others has them in full. */
  bytes: number
}

export const readPluginUsage = (db: Db, userId: string): PluginUsage => {
  const usage = pluginUsage(db).get({ userId }) ?? { count: 0, chars: 0, bytes: 0 }
  return { ...usage, chars: usage.chars + (moduleUsage(db).get({ userId })?.chars ?? 0) }
}
