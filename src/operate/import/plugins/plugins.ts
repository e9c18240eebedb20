import { isReservedSlug, normalizeVersion } from '../../../areas/plugins/manifest/plugin-identity.ts'
import { PluginIdentity } from '../../../areas/plugins/manifest/plugin-manifest.schema.ts'
import type { PackageStore } from '../../../areas/plugins/packages/package-store.ts'
import { toPluginId } from '../../../areas/plugins/plugin-ids.ts'
import { findPluginBySlug, updatePluginFields } from '../../../areas/plugins/plugins.store.ts'
import { type PluginRow, plugins, pluginTypes } from '../../../areas/plugins/plugins.table.ts'
import { type JsonColumn, isSound } from '../../../areas/plugins/stored-json.ts'
import { parseRepositoryUrl } from '../../../shared/repository-url.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { toJsonText } from '../source/loose-json.ts'
import type { FindPackage, FoundPackage, ReadyPackage } from './plugin-packages.ts'
import { oneOf } from '../source/row-choice.ts'
import { RowDropped } from '../row-dropped.ts'
import { freeIdOf } from '../source/row-ids.ts'
import type { SourceRow } from '../source/source-row.ts'

const slugPattern = new RegExp(PluginIdentity.properties.plugin_slug.pattern ?? '')

const slugOf = (row: SourceRow): string => {
  const slug = row.line('plugin_slug')?.trim() ?? ''
  if (!slugPattern.test(slug) || isReservedSlug(slug)) throw new RowDropped('its slug is not allowed')
  return slug
}

/** The JSON text of a column, or `fallback` for what is not of its kind. */
export const jsonTextOf = (row: SourceRow, column: string, field: JsonColumn, fallback: string): string => {
  const value = row.json(column)
  if (value === undefined) return fallback
  const text = toJsonText(row.prose(column) ?? '', value)
  if (isSound(field, text)) return text
  row.note('changed', `${column} is not what it should hold: left empty`)
  return fallback
}

/** Clients make links of them. */
export const webAddressOf = (row: SourceRow, column: string): string | null => {
  const address = row.line(column)?.trim() || null
  if (address === null || /^https?:\/\/\S+$/i.test(address)) return address
  row.note('changed', `${column} is no web address: left empty`)
  return null
}

/** Where an update is looked for. */
const originOf = (row: SourceRow, found: FoundPackage | undefined) => {
  const note = found?.note
  if (note?.isUpload) return { packageSource: 'upload' as const, packageUrl: null, packageRef: null }
  const repository = parseRepositoryUrl(note?.repository ?? row.line('source_url') ?? '')
  if (repository)
    return {
      packageSource: repository.isGithub ? ('github' as const) : ('git' as const),
      packageUrl: repository.url,
      packageRef: note?.tag?.slice(0, 255) ?? null,
    }
  const hasFiles = found && 'sealed' in found.files
  return { packageSource: hasFiles ? ('upload' as const) : ('register' as const), packageUrl: null, packageRef: null }
}

const contentOf = (row: SourceRow, found: FoundPackage | undefined) => {
  const files = found?.files ?? { missing: 'it has no files, since no plugin folder was given' }
  if ('sealed' in files) return { contentHash: files.sealed.contentHash, contentBytes: files.sealed.bytes }
  row.note('warning', files.missing)
  return { contentHash: null, contentBytes: 0 }
}

const readPlugin = (run: ImportRun, row: SourceRow, found: FoundPackage | undefined): PluginRow => {
  const pluginSlug = slugOf(row)
  return {
    id: toPluginId(freeIdOf(row)),
    userId: ownerOf(run, row),
    pluginSlug,
    name: row.line('name') ?? pluginSlug,
    description: row.prose('description') ?? '',
    version: normalizeVersion(row.line('version') ?? '').slice(0, 64) || '0.0.0',
    type: oneOf(row, 'type', pluginTypes, 'frontend'),
    pluginType: row.line('plugin_type'),
    enabled: row.flag('enabled', true),
    icon: row.prose('icon'),
    category: row.line('category'),
    status: row.line('status') ?? 'activated',
    official: row.flag('official', false),
    author: row.line('author'),
    lastUpdated: row.line('last_updated'),
    compatibility: row.line('compatibility'),
    downloads: row.integer('downloads', { min: 0, max: 1_000_000_000, fallback: 0 }),
    scope: row.line('scope'),
    bundleMethod: row.line('bundle_method'),
    bundleLocation: row.line('bundle_location')?.replace(/^(?:\.?\/)+/, '') ?? null,
    isLocal: row.flag('is_local', false),
    longDescription: row.prose('long_description'),
    sourceType: row.line('source_type'),
    sourceUrl: webAddressOf(row, 'source_url'),
    updateCheckUrl: webAddressOf(row, 'update_check_url'),
    // Asked anew: what the old server knew of updates may be long ago.
    lastUpdateCheck: null,
    updateAvailable: false,
    latestVersion: null,
    installationType: row.line('installation_type'),
    endpointsFile: row.line('endpoints_file'),
    routePrefix: row.line('route_prefix'),
    configFields: jsonTextOf(row, 'config_fields', 'configFields', '{}'),
    messages: jsonTextOf(row, 'messages', 'messages', '{}'),
    dependencies: jsonTextOf(row, 'dependencies', 'dependencies', '[]'),
    permissions: jsonTextOf(row, 'permissions', 'permissions', '[]'),
    requiredServicesRuntime: jsonTextOf(row, 'required_services_runtime', 'requiredServicesRuntime', '[]'),
    backendDependencies: jsonTextOf(row, 'backend_dependencies', 'backendDependencies', '[]'),
    ...originOf(row, found),
    ...contentOf(row, found),
    ...timesOf(run, row),
  }
}

/** A plugin of the source that is there now, with the settings that its package names, if there is one. */
export interface ImportedPlugin {
  id: string
  userId: string
  pluginSlug: string
  isNew: boolean
  package: ReadyPackage | undefined
}

/** Files that an earlier import, without the plugin folder, could not bring along. */
const addMissingFiles = ({ deps: { db } }: ImportRun, row: PluginRow) => {
  const stored = findPluginBySlug(db, row.userId, row.pluginSlug)
  if (!stored || stored.contentHash !== null || row.contentHash === null || stored.version !== row.version) return
  const { contentHash, contentBytes } = row
  updatePluginFields(db, row.userId, stored.id, { contentHash, contentBytes })
}

/** Files are put in place as they are first used; `store` is left out where nothing is to stay. */
export const importPlugins = (run: ImportRun, find: FindPackage, store: PackageStore | undefined): ImportedPlugin[] => {
  const imported: ImportedPlugin[] = []
  importTable(run, {
    source: 'plugin',
    target: plugins,
    key: ['id'],
    taken: 'its user has a plugin of that slug',
    read: (row) => readPlugin(run, row, find(row)),
    onKept: (kept, how, row) => {
      const plugin = kept as PluginRow
      const files = find(row)?.files
      const ready = files && 'sealed' in files ? files : undefined
      if (ready) store?.place(ready.sealed)
      if (how === 'before') addMissingFiles(run, plugin)
      const { id, userId, pluginSlug } = plugin
      imported.push({ id, userId, pluginSlug, isNew: how === 'new', package: ready })
    },
  })
  return imported
}
