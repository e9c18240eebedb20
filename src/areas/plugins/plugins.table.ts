import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, timestamp, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

const owner = () =>
  text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' })

/** JSON text, handed on as it is: what plugins write in there mixes spellings and belongs to them. */
const jsonText = (name: string, fallback: string) => text(name).notNull().default(fallback)

export const pluginTypes = ['frontend', 'backend', 'fullstack'] as const

/** Where the files came from: decides how an update is found. `register`: no files at all. */
export const packageSources = ['github', 'git', 'upload', 'register'] as const

/** plugins.md A0.2, 9. One row for each user and slug; the files lie in the store under `contentHash`. */
export const plugins = sqliteTable(
  'plugins',
  {
    /** `<user id>_<slug>`: clients cut the slug off at the first `_`. */
    id: id(),
    userId: owner(),
    pluginSlug: text('plugin_slug').notNull(),
    name: text('name').notNull(),
    description: text('description').notNull(),
    version: text('version').notNull(),
    type: text('type', { enum: pluginTypes }).notNull(),
    pluginType: text('plugin_type'),
    enabled: boolean('enabled').notNull(),
    icon: text('icon'),
    category: text('category'),
    status: text('status').notNull(),
    official: boolean('official').notNull(),
    author: text('author'),
    lastUpdated: text('last_updated'),
    compatibility: text('compatibility'),
    downloads: integer('downloads').notNull(),
    scope: text('scope'),
    bundleMethod: text('bundle_method'),
    bundleLocation: text('bundle_location'),
    isLocal: boolean('is_local').notNull(),
    longDescription: text('long_description'),
    sourceType: text('source_type'),
    sourceUrl: text('source_url'),
    updateCheckUrl: text('update_check_url'),
    lastUpdateCheck: timestamp('last_update_check'),
    updateAvailable: boolean('update_available').notNull(),
    latestVersion: text('latest_version'),
    installationType: text('installation_type'),
    endpointsFile: text('endpoints_file'),
    routePrefix: text('route_prefix'),
    configFields: jsonText('config_fields', '{}'),
    messages: jsonText('messages', '{}'),
    dependencies: jsonText('dependencies', '[]'),
    permissions: jsonText('permissions', '[]'),
    requiredServicesRuntime: jsonText('required_services_runtime', '[]'),
    backendDependencies: jsonText('backend_dependencies', '[]'),
    packageSource: text('package_source', { enum: packageSources }).notNull(),
    /** Address of the repository that the files came from, and the tag or branch that was taken. */
    packageUrl: text('package_url'),
    packageRef: text('package_ref'),
    /** SHA-256 over all files. Null: nothing to serve. */
    contentHash: text('content_hash'),
    /** What the content takes on the disk, with its compressed copies. */
    contentBytes: integer('content_bytes').notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('plugins_user_slug').on(table.userId, table.pluginSlug),
    index('plugins_slug').on(table.pluginSlug, table.contentHash, table.enabled),
    index('plugins_content').on(table.contentHash),
  ],
)
export type PluginRow = typeof plugins.$inferSelect

/** plugins.md A0.3, 9. Page layouts store module ids: an update keeps them. */
export const pluginModules = sqliteTable(
  'plugin_modules',
  {
    id: text('id').notNull(),
    pluginId: text('plugin_id')
      .notNull()
      .references(() => plugins.id, { onDelete: 'cascade' }),
    userId: owner(),
    /** The exposed name in the bundle, without `./`. */
    name: text('name').notNull(),
    displayName: text('display_name'),
    description: text('description'),
    icon: text('icon'),
    category: text('category'),
    enabled: boolean('enabled').notNull(),
    priority: integer('priority').notNull(),
    props: jsonText('props', '{}'),
    configFields: jsonText('config_fields', '{}'),
    messages: jsonText('messages', '{"sends":[],"receives":[]}'),
    requiredServices: jsonText('required_services', '{}'),
    dependencies: jsonText('dependencies', '[]'),
    layout: jsonText('layout', '{}'),
    tags: jsonText('tags', '[]'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.pluginId, table.id] }),
    uniqueIndex('plugin_modules_name').on(table.pluginId, table.name),
    index('plugin_modules_user').on(table.userId, table.category),
    index('plugin_modules_user_id').on(table.userId, table.id),
  ],
)
export type PluginModuleRow = typeof pluginModules.$inferSelect

/** plugins.md 5, 9: kept for the day that something runs them; nothing of it is run here. */
export const pluginServices = sqliteTable(
  'plugin_services',
  {
    id: id(),
    pluginId: text('plugin_id')
      .notNull()
      .references(() => plugins.id, { onDelete: 'cascade' }),
    userId: owner(),
    name: text('name').notNull(),
    sourceUrl: text('source_url'),
    type: text('type'),
    installCommand: text('install_command'),
    startCommand: text('start_command'),
    stopCommand: text('stop_command'),
    restartCommand: text('restart_command'),
    healthcheckUrl: text('healthcheck_url'),
    definitionId: text('definition_id'),
    requiredEnvVars: jsonText('required_env_vars', '[]'),
    runtimeDirKey: text('runtime_dir_key'),
    envInherit: text('env_inherit'),
    envOverrides: jsonText('env_overrides', '{}'),
    status: text('status').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex('plugin_services_name').on(table.pluginId, table.name)],
)
export type PluginServiceRow = typeof pluginServices.$inferSelect

/** plugins.md B1.5: the settings that a plugin came with. Definitions are shared and outlive it: no foreign key. */
export const pluginSettings = sqliteTable(
  'plugin_settings',
  {
    pluginId: text('plugin_id')
      .notNull()
      .references(() => plugins.id, { onDelete: 'cascade' }),
    userId: owner(),
    definitionId: text('definition_id').notNull(),
    /** Whether the user's own instance was made for this plugin: it was not there before. */
    madeInstance: boolean('made_instance').notNull(),
    /** Whether that instance goes when the plugin is uninstalled. */
    goesWithPlugin: boolean('goes_with_plugin').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.pluginId, table.definitionId] }),
    index('plugin_settings_user').on(table.userId, table.definitionId),
  ],
)
export type PluginSettingRow = typeof pluginSettings.$inferSelect
