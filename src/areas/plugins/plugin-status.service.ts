import type { Deps } from '../../deps.ts'
import { toIso } from '../../shared/clock.ts'
import { hasUsableBundle, inspectPlugin, type PluginHealth } from './plugin-health.ts'
import type { LoadingTest, PluginStatus } from './plugins-read.schema.ts'
import { findOwnPlugin } from './plugins-read.service.ts'
import { findPluginByName, listModulesOfPlugin } from './plugins-read.store.ts'
import type { PluginModuleRow, PluginRow } from './plugins.table.ts'
import { isSound } from './stored-json.ts'

type HealthDeps = Pick<Deps, 'db' | 'packageStore'>
type Report = PluginStatus['data']

const toWord = (row: PluginRow, health: PluginHealth): Report['status'] => {
  if (!health.filesExist) return 'files_missing'
  return hasUsableBundle(row, health) && health.isPackageJsonValid !== false ? 'healthy' : 'unhealthy'
}

const describe = (row: PluginRow, health: PluginHealth): Report => ({
  plugin_slug: row.pluginSlug,
  exists: true,
  installed: true,
  status: toWord(row, health),
  plugin_id: row.id,
  plugin_name: row.name,
  version: row.version,
  plugin_info: {
    id: row.id,
    name: row.name,
    version: row.version,
    enabled: Number(row.enabled),
    created_at: toIso(row.createdAt),
    updated_at: toIso(row.updatedAt),
  },
  health_details: {
    bundle_exists: health.bundleExists,
    bundle_size: health.bundleSize,
    package_json_valid: health.isPackageJsonValid,
    assets_present: health.hasAssets,
  },
})

/** How a plugin of the user is, by id or slug. That there is none is no failure. */
export const readStatus = async (deps: HealthDeps, userId: string, idOrSlug: string): Promise<PluginStatus> => {
  const row = findOwnPlugin(deps, userId, idOrSlug)
  return {
    status: 'success',
    data: row
      ? describe(row, await inspectPlugin(deps, row))
      : { plugin_slug: idOrSlug, exists: false, installed: false, status: 'not_installed' },
  }
}

const moduleColumns = [
  'props',
  'configFields',
  'messages',
  'requiredServices',
  'layout',
  'dependencies',
  'tags',
] as const

const testModule = (row: PluginModuleRow): LoadingTest['modules_configured'][number] => {
  const hasRequiredFields = row.name !== '' && row.id !== ''
  const issues = [
    ...(hasRequiredFields ? [] : ['It has no name']),
    ...moduleColumns.filter((one) => !isSound(one, row[one])).map((one) => `${one} is not readable`),
  ]
  return { moduleName: row.name, configured: issues.length === 0, hasRequiredFields, issues }
}

/** What keeps the web client from loading a plugin of this manifest. */
const findManifestFaults = ({ type, scope, bundleLocation }: PluginRow, modules: PluginModuleRow[]): string[] =>
  type === 'backend'
    ? []
    : [
        ...(scope ? [] : ['The plugin names no scope (its federation container)']),
        ...(bundleLocation ? [] : ['The plugin names no bundle']),
        ...(modules.length > 0 ? [] : ['The plugin has no modules']),
      ]

const findFileFaults = (row: PluginRow, health: PluginHealth): string[] => {
  if (!health.filesExist) return ['The files of the plugin are missing: install it again']
  // That it names none is said of its manifest.
  if (hasUsableBundle(row, health) || !row.bundleLocation) return []
  return [`The bundle ${row.bundleLocation} is ${health.bundleExists ? 'empty' : 'missing'}`]
}

const notInstalled: LoadingTest = {
  plugin_installed: false,
  files_exist: false,
  manifest_valid: false,
  bundle_accessible: false,
  modules_configured: [],
  errors: ['This plugin is not installed'],
  warnings: [],
}

/** Whether the web client could load a plugin of the user, by slug, id or displayed name. */
export const testLoading = async (deps: HealthDeps, userId: string, name: string): Promise<LoadingTest> => {
  const row = findOwnPlugin(deps, userId, name) ?? findPluginByName(deps.db, userId, name)
  if (!row) return notInstalled
  const modules = listModulesOfPlugin(deps.db, userId, row.id)
  const health = await inspectPlugin(deps, row)
  const [manifestFaults, fileFaults] = [findManifestFaults(row, modules), findFileFaults(row, health)]
  return {
    plugin_installed: true,
    files_exist: health.filesExist,
    manifest_valid: manifestFaults.length === 0,
    bundle_accessible: row.enabled && hasUsableBundle(row, health),
    modules_configured: modules.map(testModule),
    errors: [...manifestFaults, ...fileFaults],
    warnings: [
      ...(row.enabled ? [] : ['The plugin is disabled: its files are not served']),
      ...(health.isPackageJsonValid === false ? ['package.json is not readable'] : []),
    ],
  }
}
