import { withJsonText } from '../../http/json-text.ts'
import { toIso } from '../../shared/clock.ts'
import type { PluginModuleRow, PluginRow } from './plugins.table.ts'
import { type JsonColumn, soundJson } from './stored-json.ts'

const texts = <Column extends JsonColumn>(row: Record<Column, string>, columns: Column[]): Record<string, string> =>
  Object.fromEntries(columns.map((column) => [column, soundJson(column, row[column])]))

/** Names of A0.2 that the other spelling of plugins shares. */
const toCommonFields = (row: PluginRow) => ({
  name: row.name,
  description: row.description,
  version: row.version,
  type: row.type,
  enabled: row.enabled,
  icon: row.icon,
  category: row.category,
  status: row.status,
  official: row.official,
  author: row.author,
  lastUpdated: row.lastUpdated,
  compatibility: row.compatibility,
  downloads: row.downloads,
  scope: row.scope,
  sourceType: row.sourceType,
  sourceUrl: row.sourceUrl,
  updateCheckUrl: row.updateCheckUrl,
  lastUpdateCheck: row.lastUpdateCheck === null ? null : toIso(row.lastUpdateCheck),
  updateAvailable: row.updateAvailable,
  latestVersion: row.latestVersion,
  installationType: row.installationType,
})

const toPluginFields = (row: PluginRow) => ({
  id: row.id,
  plugin_slug: row.pluginSlug,
  ...toCommonFields(row),
  pluginType: row.pluginType,
  bundlemethod: row.bundleMethod,
  bundlelocation: row.bundleLocation,
  islocal: row.isLocal,
  longDescription: row.longDescription,
  userId: row.userId,
  endpointsFile: row.endpointsFile,
  routePrefix: row.routePrefix,
})

const pluginJson = (row: PluginRow) =>
  texts(row, [
    'configFields',
    'messages',
    'dependencies',
    'permissions',
    'requiredServicesRuntime',
    'backendDependencies',
  ])

const listText = (items: string[]) => `[${items.join(',')}]`

/** PLUGIN of plugins.md A0.2 as JSON text, as of all that follow. Text that is no JSON becomes the default of its field. */
export const toPluginText = (row: PluginRow): string => withJsonText(toPluginFields(row), pluginJson(row))

const emptyMessages = '{"sends":[],"receives":[]}'

/** MODULE of plugins.md A0.3; `pluginId` as the answer names its plugin. */
export const toModuleText = (row: PluginModuleRow, pluginId = row.pluginId): string => {
  const fields = {
    id: row.id,
    pluginId,
    name: row.name,
    displayName: row.displayName,
    description: row.description,
    icon: row.icon,
    category: row.category,
    enabled: row.enabled,
    priority: row.priority,
    userId: row.userId,
  }
  return withJsonText(fields, {
    ...texts(row, ['props', 'configFields', 'requiredServices', 'layout', 'dependencies', 'tags']),
    messages: soundJson('messages', row.messages, emptyMessages),
  })
}

export const toModulesText = (rows: PluginModuleRow[]): string => listText(rows.map((row) => toModuleText(row)))

/** PLUGIN with its modules. */
export const toPluginWithModulesText = (row: PluginRow, modules: PluginModuleRow[]): string =>
  withJsonText(toPluginFields(row), { ...pluginJson(row), modules: toModulesText(modules) })

/** An entry of a manifest: the slug is its id, and the place of its bundle can be joined to an address. */
const toEntryText = (row: PluginRow, more: Record<string, string> = {}): string => {
  const bundlelocation = row.bundleLocation?.replace(/^\//, '') ?? null
  const fields = { ...toPluginFields(row), id: row.pluginSlug, bundlelocation, database_id: row.id }
  return withJsonText(fields, { ...pluginJson(row), ...more })
}

/** The members of a manifest: slug and entry. With `modules`, of any plugin and in their order, each entry has its own. */
export function* manifestMembers(plugins: PluginRow[], modules?: PluginModuleRow[]): Generator<string> {
  const modulesOf = modules && Map.groupBy(modules, ({ pluginId }) => pluginId)
  for (const row of plugins) {
    const own = modulesOf?.get(row.id)?.map((one) => toModuleText(one, row.pluginSlug)) ?? []
    yield `${JSON.stringify(row.pluginSlug)}:${toEntryText(row, modules ? { modules: listText(own) } : {})}`
  }
}

/** An empty column is left out, as clients know it. */
const optionalTexts = (row: PluginModuleRow) => {
  const columns = ['props', 'configFields', 'messages', 'requiredServices', 'layout'] as const
  return texts(
    row,
    columns.filter((column) => row[column] !== ''),
  )
}

const toDetailModuleText = (row: PluginModuleRow): string => {
  const fields = {
    id: row.id,
    pluginId: row.pluginId,
    name: row.name,
    displayName: row.displayName,
    description: row.description,
    icon: row.icon,
    category: row.category,
    enabled: row.enabled,
    priority: row.priority,
  }
  return withJsonText(fields, { ...texts(row, ['tags', 'dependencies']), ...optionalTexts(row) })
}

const toDetailPluginText = (row: PluginRow): string => {
  const fields = {
    id: row.id,
    ...toCommonFields(row),
    bundleMethod: row.bundleMethod,
    bundleLocation: row.bundleLocation,
    isLocal: row.isLocal,
  }
  return withJsonText(fields, texts(row, ['configFields', 'messages', 'dependencies', 'permissions']))
}

/** The two in the other spelling of plugins.md A1. */
export const toModuleDetailText = (plugin: PluginRow, module: PluginModuleRow): string =>
  `{"module":${toDetailModuleText(module)},"plugin":${toDetailPluginText(plugin)}}`
