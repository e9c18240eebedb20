import { t } from 'elysia'
import { JsonObject, JsonObjectOrNull } from '../../../http/json-object.ts'
import { Nullable } from '../../../http/wire-types.ts'

const unprintable = '\\u0000-\\u001f\\u007f-\\u009f'

/** One line. */
const line = (maxLength: number) => t.String({ maxLength, pattern: `^[^${unprintable}]*$` })
const Prose = (maxLength: number) => t.String({ maxLength, pattern: '^[^\\u0000]*$' })
const optional = (schema: ReturnType<typeof line>) => t.Optional(Nullable(schema))
const names = (maxItems: number, maxLength = 128) => t.Optional(t.Array(line(maxLength), { maxItems }))
/** What plugins and their front ends agree on between themselves: kept as it is. */
const ownObject = () => t.Optional(JsonObject('Any JSON object'))
const ownList = () => t.Optional(t.Array(t.Unknown(), { maxItems: 200 }))

const webAddress = t.String({ maxLength: 2000, pattern: '^https?://[^\\s]+$', description: 'http or https' })
const partName = t.String({
  minLength: 1,
  maxLength: 128,
  pattern: `^(?!\\.+$)[^/\\\\${unprintable}]+$`,
  description: 'up to 128 characters, without slashes and control characters',
})

/** Without one of these there is no plugin. The descriptions are part of the reason for a refusal. */
export const PluginIdentity = t.Object({
  plugin_slug: t.String({
    pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$',
    description: 'a letter, then up to 63 letters, digits, "_" or "-"; some words are reserved',
  }),
  name: t.String({ minLength: 1, maxLength: 200, pattern: `^[^${unprintable}]+$`, description: 'a line of text' }),
  version: t.String({
    pattern: '^(?!.*\\.\\.)[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$',
    maxLength: 64,
    description: 'up to 64 letters, digits, ".", "+" or "-", such as 1.2.3',
  }),
  scope: t.String({
    maxLength: 128,
    pattern: '^[A-Za-z_$][A-Za-z0-9_$.-]*$',
    description: 'the name of the federation container: letters, digits, "_", "$", "." or "-"',
  }),
  bundle_location: t.String({
    maxLength: 255,
    pattern: '^(?:(?!\\.)[A-Za-z0-9._@+~-]+/)*(?!\\.)[A-Za-z0-9._@+~-]+\\.js$',
    description: 'a .js file, relative to the plugin, such as dist/remoteEntry.js',
  }),
})

/** All else that plugins.md B1.3 names. What is missing or not as described here takes its default. */
export const PluginDescription = t.Object({
  description: t.Optional(Prose(10_000)),
  long_description: t.Optional(Nullable(Prose(10_000))),
  type: t.Optional(t.Union([t.Literal('frontend'), t.Literal('backend'), t.Literal('fullstack')])),
  plugin_type: optional(line(50)),
  icon: optional(line(500)),
  category: optional(line(100)),
  official: t.Optional(t.Boolean()),
  author: optional(line(200)),
  compatibility: optional(line(200)),
  bundle_method: optional(line(50)),
  is_local: t.Optional(t.Boolean()),
  source_type: optional(line(50)),
  source_url: t.Optional(Nullable(webAddress)),
  update_check_url: t.Optional(Nullable(webAddress)),
  installation_type: optional(line(20)),
  endpoints_file: optional(line(255)),
  route_prefix: optional(line(255)),
  config_fields: ownObject(),
  messages: ownObject(),
  dependencies: ownList(),
  permissions: names(100),
  required_services_runtime: names(20),
  backend_dependencies: names(100),
})

export const ModuleIdentity = t.Object({ name: partName })

export const ModuleDescription = t.Object({
  display_name: optional(line(200)),
  description: t.Optional(Nullable(Prose(10_000))),
  icon: optional(line(500)),
  category: optional(line(100)),
  priority: t.Optional(t.Integer({ minimum: -1_000_000, maximum: 1_000_000 })),
  props: ownObject(),
  config_fields: ownObject(),
  messages: ownObject(),
  required_services: ownObject(),
  dependencies: ownList(),
  layout: ownObject(),
  tags: names(50, 100),
})

/** Kept and shown, never run (contract decision 19). */
export const ServiceIdentity = t.Object({
  name: partName,
  source_url: webAddress,
  type: t.String({ minLength: 1, maxLength: 50 }),
  healthcheck_url: webAddress,
})

export const ServiceDescription = t.Object({
  install_command: optional(line(2000)),
  start_command: optional(line(2000)),
  stop_command: optional(line(2000)),
  restart_command: optional(line(2000)),
  definition_id: optional(line(128)),
  required_env_vars: names(200),
  runtime_dir_key: optional(line(255)),
  env_inherit: optional(line(20)),
  env_overrides: ownObject(),
})

export const SettingIdentity = t.Object({
  id: t.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$', description: 'letters, digits, "_", "." or "-"' }),
})

/** A definition that is made when no plugin made it before; every user who installs the plugin gets its default value. */
export const SettingDescription = t.Object({
  name: t.Optional(line(200)),
  description: t.Optional(Nullable(Prose(2000))),
  category: t.Optional(line(100)),
  type: t.Optional(line(50)),
  default_value: t.Optional(t.Unknown({ description: 'Any JSON' })),
  allowed_scopes: t.Optional(
    t.Array(t.Union([t.Literal('system'), t.Literal('user'), t.Literal('page'), t.Literal('user_page')]), {
      maxItems: 4,
    }),
  ),
  validation: t.Optional(JsonObjectOrNull()),
  is_multiple: t.Optional(t.Boolean()),
  tags: names(50, 100),
  remove_instance_on_uninstall: t.Optional(t.Boolean()),
})

export const maxModules = 200
export const maxServices = 20
export const maxSettings = 50

/** `braindrive.plugin.json`: the names of `plugin_data`, and the lists that stand beside it in a lifecycle manager. */
export const PluginManifestFile = t.Composite([
  t.Object({ schema_version: t.Literal(1) }),
  PluginIdentity,
  PluginDescription,
  t.Object({
    modules: t.Array(t.Composite([ModuleIdentity, ModuleDescription]), { maxItems: maxModules }),
    services: t.Optional(t.Array(t.Composite([ServiceIdentity, ServiceDescription]), { maxItems: maxServices })),
    settings: t.Optional(t.Array(t.Composite([SettingIdentity, SettingDescription]), { maxItems: maxSettings })),
  }),
])
