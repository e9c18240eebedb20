import type { TSchema } from '@sinclair/typebox'
import { t } from 'elysia'
import { Nullable } from '../../http/wire-types.ts'
import {
  maxModules,
  ModuleDescription,
  ModuleIdentity,
  PluginDescription,
  PluginIdentity,
} from './manifest/plugin-manifest.schema.ts'

export const Switch = t.Object({
  enabled: t.Optional(
    t.Unknown({ description: 'true or false; of other values those that are empty or 0 mean false' }),
  ),
})

export const Done = t.Object({ status: t.Literal('success'), message: t.String() })

const toCamel = (name: string) => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** Answers spell these in one word. */
const lowerCaseNames: Record<string, string> = {
  bundle_method: 'bundlemethod',
  bundle_location: 'bundlelocation',
  is_local: 'islocal',
}

/** All spellings of a field, the first one being ours. */
const spellingsOf = (name: string): string[] => [name, toCamel(name), lowerCaseNames[name] ?? name]

const inAllSpellings = (fields: Record<string, TSchema>): Record<string, TSchema> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, schema]) => spellingsOf(name).map((spelling) => [spelling, schema])),
  )

const { name, version, scope, bundle_location } = PluginIdentity.properties
const { description, ...optionalFields } = PluginDescription.properties

const pluginFields = {
  ...optionalFields,
  scope: t.Optional(Nullable(scope)),
  bundle_location: t.Optional(Nullable(bundle_location)),
  last_updated: t.Optional(Nullable(t.String({ maxLength: 100 }))),
  status: t.Optional(t.String({ maxLength: 50 })),
  downloads: t.Optional(t.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  enabled: t.Optional(t.Boolean()),
}
const moduleFields = { ...ModuleDescription.properties, enabled: t.Optional(t.Boolean()) }

const RegisterModule = t.Object({
  id: t.String({ pattern: '^[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]{1,255}$', description: 'Unique in its plugin' }),
  ...ModuleIdentity.properties,
  ...inAllSpellings(moduleFields),
})

/** The names of plugins.md A0.2 and A0.3, and those of the metadata of packages. What else is sent is ignored. */
export const RegisterPlugin = t.Object(
  {
    name,
    description: t.Optional(description, false),
    version,
    ...inAllSpellings(pluginFields),
    modules: t.Optional(t.Array(RegisterModule, { maxItems: maxModules })),
  },
  { description: 'Every name in camelCase or snake_case' },
)
type Fields = Record<string, unknown>
export type RegisterPlugin = Fields & { name: string; version: string; modules?: (Fields & { id: string })[] }

const pick = (body: Fields, names: string[]): Fields =>
  Object.fromEntries(
    names.map((one) => [
      one,
      spellingsOf(one)
        .map((spelling) => body[spelling])
        .find(isSent),
    ]),
  )

const isSent = (value: unknown) => value !== undefined

/** Of what was sent the fields of a plugin, in snake_case. */
export const pickPluginFields = (body: RegisterPlugin): Fields =>
  pick(body, ['name', 'version', 'description', ...Object.keys(pluginFields)])

/** The same of a module. */
export const pickModuleFields = (body: Fields): Fields => pick(body, ['name', ...Object.keys(moduleFields)])

/** Also takes `env`, which is of no use here. */
export const ServiceCall = t.Object({
  definition_id: t.Optional(Nullable(t.String({ maxLength: 128 }))),
  user_id: t.Optional(Nullable(t.String({ maxLength: 100, description: '`current` or your own id' }))),
  service_name: t.Optional(Nullable(t.String({ maxLength: 128 }))),
})
export type ServiceCall = typeof ServiceCall.static
