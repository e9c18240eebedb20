import { pluginModules, pluginServices, pluginSettings } from '../../../areas/plugins/plugins.table.ts'
import { goesWithPlugin } from '../../../areas/plugins/install/plugin-change.ts'
import { knownRecipesOf } from '../../../areas/plugins/manifest/settings-recipes.ts'
import { toPluginId } from '../../../areas/plugins/plugin-ids.ts'
import { findInstanceByKey } from '../../../areas/settings/settings.store.ts'
import { toHexId } from '../../../shared/ids.ts'
import { redact } from '../../../shared/redact.ts'
import { type ImportRun, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { type ImportedPlugin, jsonTextOf, webAddressOf } from './plugins.ts'
import { RowDropped } from '../row-dropped.ts'
import { freeIdOf } from '../source/row-ids.ts'
import { objectOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

/** A migration of the backend took the dashes out of ids, but not everywhere (plugins.md B9). */
const undashed = (id: string) => id.replaceAll('-', '').toLowerCase()

type FindPlugin = (row: SourceRow) => ImportedPlugin

/** The plugin that a row belongs to: by its id, or by the same id without dashes. Drops a row that belongs to none, or names another user. */
const createFindPlugin = (imported: ImportedPlugin[]): FindPlugin => {
  const byId = new Map(imported.map((one) => [one.id, one]))
  const byPlainId = Map.groupBy(imported, ({ id }) => undashed(id))
  return (row) => {
    const id = toPluginId(row.line('plugin_id')?.trim() ?? '')
    const alike = byPlainId.get(undashed(id)) ?? []
    const plugin = byId.get(id) ?? (alike.length === 1 ? alike[0] : undefined)
    if (!plugin) throw new RowDropped('its plugin was not imported')
    const owner = toHexId(row.line('user_id')?.trim() ?? '')
    if (owner !== '' && owner !== plugin.userId) throw new RowDropped("it belongs to another user's plugin")
    return plugin
  }
}

const importModules = (run: ImportRun, find: FindPlugin): void =>
  importTable(run, {
    source: 'module',
    target: pluginModules,
    key: ['pluginId', 'id'],
    taken: 'its plugin has another one of that name',
    read: (row) => {
      const plugin = find(row)
      const id = toPluginId(freeIdOf(row))
      return {
        id,
        pluginId: plugin.id,
        userId: plugin.userId,
        name: row.line('name') || id,
        displayName: row.line('display_name'),
        description: row.prose('description'),
        icon: row.prose('icon'),
        category: row.line('category'),
        enabled: row.flag('enabled', true),
        priority: row.integer('priority', { min: -1_000_000, max: 1_000_000, fallback: 0 }),
        props: jsonTextOf(row, 'props', 'props', '{}'),
        configFields: jsonTextOf(row, 'config_fields', 'configFields', '{}'),
        messages: jsonTextOf(row, 'messages', 'messages', '{"sends":[],"receives":[]}'),
        requiredServices: jsonTextOf(row, 'required_services', 'requiredServices', '{}'),
        dependencies: jsonTextOf(row, 'dependencies', 'dependencies', '[]'),
        layout: jsonTextOf(row, 'layout', 'layout', '{}'),
        tags: jsonTextOf(row, 'tags', 'tags', '[]'),
        ...timesOf(run, row),
      }
    },
  })

/** Variables for services, without those that look like secrets: nothing uses them here, and they lie there in clear. */
const overridesOf = (row: SourceRow): string => {
  const overrides = objectOf(row, 'env_overrides') ?? {}
  const clean = JSON.stringify(redact(overrides))
  if (clean !== JSON.stringify(overrides)) row.note('changed', 'secrets were taken out of its env_overrides')
  return clean
}

const importServices = (run: ImportRun, find: FindPlugin): void =>
  importTable(run, {
    source: 'plugin_service_runtime',
    target: pluginServices,
    key: ['id'],
    taken: 'its plugin has another one of that name',
    read: (row) => {
      const plugin = find(row)
      const id = toPluginId(freeIdOf(row))
      return {
        id,
        pluginId: plugin.id,
        userId: plugin.userId,
        name: row.line('name') || id,
        sourceUrl: webAddressOf(row, 'source_url'),
        type: row.line('type'),
        installCommand: row.prose('install_command'),
        startCommand: row.prose('start_command'),
        stopCommand: row.prose('stop_command'),
        restartCommand: row.prose('restart_command'),
        healthcheckUrl: webAddressOf(row, 'healthcheck_url'),
        definitionId: row.line('definition_id'),
        requiredEnvVars: JSON.stringify(row.json('required_env_vars') ?? []),
        runtimeDirKey: row.line('runtime_dir_key'),
        envInherit: row.line('env_inherit'),
        envOverrides: overridesOf(row),
        status: row.line('status') ?? 'pending',
        ...timesOf(run, row),
      }
    },
  })

/** Which settings of a user came with a plugin, so that they go with it. The backend did not note it (plugins.md B1.5). */
const noteSettings = (
  { deps: { db } }: ImportRun,
  { id: pluginId, userId, pluginSlug, package: ready }: ImportedPlugin,
) => {
  const recipes = ready?.settings.length ? ready.settings : knownRecipesOf(pluginSlug, null)
  for (const recipe of recipes) {
    const definitionId = recipe.definition.id
    if (!findInstanceByKey(db, { definitionId, scope: 'user', userId, pageId: null })) continue
    db.insert(pluginSettings)
      .values({ pluginId, userId, definitionId, madeInstance: true, goesWithPlugin: goesWithPlugin(recipe) })
      .onConflictDoNothing()
      .run()
  }
}

/** Modules, services and settings; after setting instances. */
export const importPluginParts = (run: ImportRun, imported: ImportedPlugin[]): void => {
  const find = createFindPlugin(imported)
  importModules(run, find)
  importServices(run, find)
  for (const plugin of imported.filter(({ isNew }) => isNew)) noteSettings(run, plugin)
}
