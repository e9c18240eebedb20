import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type PluginModuleRow, pluginModules, type PluginRow, plugins } from '../../src/areas/plugins/plugins.table.ts'
import type { TestServer } from './test-app.ts'

const addedAt = Date.UTC(2026, 0, 1)

/** Every column of a plugin as an installer fills it; `fields` over it. */
export const pluginRow = (userId: string, slug: string, fields: Partial<PluginRow> = {}): PluginRow => ({
  id: `${userId}_${slug}`,
  userId,
  pluginSlug: slug,
  name: `Name of ${slug}`,
  description: 'What it does',
  version: '1.2.3',
  type: 'frontend',
  pluginType: null,
  enabled: true,
  icon: 'Puzzle',
  category: 'ai',
  status: 'activated',
  official: true,
  author: 'Ada',
  lastUpdated: '2025-03-06',
  compatibility: '1.0.0',
  downloads: 7,
  scope: slug,
  bundleMethod: 'webpack',
  bundleLocation: 'dist/remoteEntry.js',
  isLocal: false,
  longDescription: 'What it does, at length',
  sourceType: 'github',
  sourceUrl: 'https://github.com/ada/plugin',
  updateCheckUrl: 'https://github.com/ada/plugin/releases',
  lastUpdateCheck: null,
  updateAvailable: false,
  latestVersion: null,
  installationType: 'remote',
  endpointsFile: null,
  routePrefix: null,
  configFields: '{}',
  messages: '{}',
  dependencies: '[]',
  permissions: '["api.access"]',
  requiredServicesRuntime: '[]',
  backendDependencies: '[]',
  packageSource: 'upload',
  packageUrl: null,
  packageRef: null,
  contentHash: null,
  contentBytes: 0,
  createdAt: addedAt,
  updatedAt: addedAt,
  ...fields,
})

export const moduleRow = (
  { id: pluginId, userId }: Pick<PluginRow, 'id' | 'userId'>,
  name: string,
  fields: Partial<PluginModuleRow> = {},
): PluginModuleRow => ({
  id: `${pluginId}_${name}`,
  pluginId,
  userId,
  name,
  displayName: `The ${name}`,
  description: 'Shows something',
  icon: 'Widgets',
  category: 'ai',
  enabled: true,
  priority: 1,
  props: '{}',
  configFields: '{}',
  messages: '{"sends":[],"receives":[]}',
  requiredServices: '{}',
  dependencies: '[]',
  layout: '{"minWidth":4}',
  tags: '["chat"]',
  createdAt: addedAt,
  updatedAt: addedAt,
  ...fields,
})

/** Adds a plugin with modules of these names. Returns the row of the plugin. */
export const addPlugin = (
  { deps }: Pick<TestServer, 'deps'>,
  userId: string,
  slug: string,
  { modules = ['Main'], ...fields }: Partial<PluginRow> & { modules?: string[] } = {},
): PluginRow => {
  const row = pluginRow(userId, slug, fields)
  deps.db.insert(plugins).values(row).run()
  for (const name of modules) addModule({ deps }, row, name)
  return row
}

export const addModule = (
  { deps }: Pick<TestServer, 'deps'>,
  plugin: Pick<PluginRow, 'id' | 'userId'>,
  name: string,
  fields: Partial<PluginModuleRow> = {},
): PluginModuleRow => {
  const row = moduleRow(plugin, name, fields)
  deps.db.insert(pluginModules).values(row).run()
  return row
}

/** Puts files where the store keeps this content, as an installer leaves them. */
export const addContent = ({ deps }: Pick<TestServer, 'deps'>, contentHash: string, files: Record<string, string>) => {
  for (const [path, text] of Object.entries(files)) {
    const place = join(deps.packageStore.filesOf(contentHash), path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, text)
  }
}
