import { t } from 'elysia'
import { JsonObject } from '../../http/json-object.ts'
import { Nullable, Timestamp } from '../../http/wire-types.ts'

const Text = Nullable(t.String())
const List = t.Array(t.Unknown())

const pluginTexts = {
  type: t.String({ description: 'frontend, backend or fullstack' }),
  icon: Text,
  category: Text,
  status: t.String(),
  author: Text,
  lastUpdated: Nullable(t.String({ description: 'Free text' })),
  compatibility: Text,
  scope: Nullable(t.String({ description: 'Name of the federation container' })),
  sourceType: Text,
  sourceUrl: Text,
  updateCheckUrl: Text,
  lastUpdateCheck: Nullable(Timestamp),
  latestVersion: Text,
  installationType: Text,
}

const pluginFields = {
  id: t.String({ description: '`<user id>_<slug>`' }),
  plugin_slug: t.String(),
  name: t.String(),
  description: t.String(),
  version: t.String(),
  ...pluginTexts,
  pluginType: Text,
  enabled: t.Boolean(),
  official: t.Boolean(),
  downloads: t.Integer(),
  bundlemethod: Text,
  bundlelocation: Text,
  islocal: t.Boolean(),
  longDescription: Text,
  userId: t.String(),
  updateAvailable: t.Boolean(),
  endpointsFile: Text,
  routePrefix: Text,
  configFields: JsonObject(),
  messages: JsonObject(),
  dependencies: List,
  permissions: List,
  requiredServicesRuntime: List,
  backendDependencies: List,
}
/** plugins.md A0.2. */
export const Plugin = t.Object(pluginFields)

/** plugins.md A0.3. */
export const Module = t.Object({
  id: t.String(),
  pluginId: t.String(),
  name: t.String({ description: 'As the bundle exposes it, without `./`' }),
  displayName: Text,
  description: Text,
  icon: Text,
  category: Text,
  enabled: t.Boolean(),
  priority: t.Integer(),
  userId: t.String(),
  props: JsonObject(),
  configFields: JsonObject(),
  requiredServices: JsonObject(),
  layout: JsonObject(),
  dependencies: List,
  tags: List,
  messages: JsonObject(),
})

const modules = t.Array(Module)

export const Modules = t.Object({ modules })
export const ModulePage = t.Object({ modules, totalItems: t.Integer({ description: 'On all pages' }) })
export const PluginWithModules = t.Object({ ...pluginFields, modules })

const manifestFields = {
  ...pluginFields,
  id: t.String({ description: 'The slug' }),
  database_id: t.String({ description: '`<user id>_<slug>`' }),
}
export const Manifest = t.Record(t.String(), t.Object(manifestFields), { description: 'By slug' })
export const DesignerManifest = t.Record(t.String(), t.Object({ ...manifestFields, modules }), {
  description: 'By slug; `pluginId` of the modules is the slug, too',
})

const brief = { id: t.String(), name: t.String() }

/** The other spelling of a plugin and a module (plugins.md A1). */
export const ModuleDetail = t.Object({
  module: t.Object({
    ...brief,
    pluginId: t.String(),
    displayName: Text,
    description: Text,
    icon: Text,
    category: Text,
    enabled: t.Boolean(),
    priority: t.Integer(),
    tags: List,
    dependencies: List,
    props: t.Optional(JsonObject()),
    configFields: t.Optional(JsonObject()),
    messages: t.Optional(JsonObject()),
    requiredServices: t.Optional(JsonObject()),
    layout: t.Optional(JsonObject()),
  }),
  plugin: t.Object({
    ...brief,
    description: t.String(),
    version: t.String(),
    ...pluginTexts,
    enabled: t.Boolean(),
    official: t.Boolean(),
    downloads: t.Integer(),
    bundleMethod: Text,
    bundleLocation: Text,
    isLocal: t.Boolean(),
    updateAvailable: t.Boolean(),
    configFields: JsonObject(),
    messages: JsonObject(),
    dependencies: List,
    permissions: List,
  }),
})

export const SimpleModule = t.Object({
  module: t.Object({ ...brief, pluginId: t.String(), displayName: Text, description: Text }),
  plugin: t.Object({ ...brief, description: t.String(), version: t.String() }),
})
