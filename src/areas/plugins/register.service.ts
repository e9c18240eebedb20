import type { Deps } from '../../deps.ts'
import { camelize, ManifestRefusedError } from './manifest/manifest-fields.ts'
import { type ManifestModule, readModules } from './manifest/manifest-parts.ts'
import { isReservedSlug, normalizeVersion } from './manifest/plugin-identity.ts'
import { PluginIdentity } from './manifest/plugin-manifest.schema.ts'
import { describePlugin } from './manifest/plugin-manifest.ts'
import { withinPluginRoom } from './plugin-room.ts'
import { toModuleRow } from './install/plugin-rows.ts'
import * as errors from './plugins-change.errors.ts'
import { type RegisterPlugin, pickModuleFields, pickPluginFields } from './plugins-change.schema.ts'
import { findPlugin } from './plugins-read.store.ts'
import { insertPlugin, replaceModules } from './plugins.store.ts'
import type { PluginModuleRow, PluginRow } from './plugins.table.ts'

const maxBytes = 1_048_576

const { pattern = '', description: slugRule = '' } = PluginIdentity.properties.plugin_slug
const slugPattern = new RegExp(pattern)

const checkSlug = (slug: string) => {
  if (!slugPattern.test(slug)) throw errors.invalidSlug(slug, slugRule)
  if (isReservedSlug(slug)) throw errors.invalidSlug(slug, 'it is a reserved word')
}

const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)

const toPluginRow = (userId: string, slug: string, body: RegisterPlugin, now: number): PluginRow => {
  const raw = pickPluginFields(body)
  raw['installation_type'] ??= 'local'
  const described = camelize(describePlugin({ raw, path: '', warnings: [] }))
  return {
    ...described,
    configFields: JSON.stringify(described.configFields),
    messages: JSON.stringify(described.messages),
    dependencies: JSON.stringify(described.dependencies),
    permissions: JSON.stringify(described.permissions),
    requiredServicesRuntime: JSON.stringify(described.requiredServicesRuntime),
    backendDependencies: JSON.stringify(described.backendDependencies),
    id: `${userId}_${slug}`,
    userId,
    pluginSlug: slug,
    name: body.name,
    version: normalizeVersion(body.version),
    enabled: raw['enabled'] !== false,
    status: textOrNull(raw['status']) ?? 'activated',
    lastUpdated: textOrNull(raw['last_updated']),
    downloads: typeof raw['downloads'] === 'number' ? raw['downloads'] : 0,
    scope: textOrNull(raw['scope']),
    bundleLocation: textOrNull(raw['bundle_location']),
    lastUpdateCheck: null,
    updateAvailable: false,
    latestVersion: null,
    packageSource: 'register',
    packageUrl: null,
    packageRef: null,
    contentHash: null,
    contentBytes: 0,
    createdAt: now,
    updatedAt: now,
  }
}

const readDescribed = (fields: Record<string, unknown>[]): ManifestModule[] => {
  try {
    return readModules(fields, 'modules', [])
  } catch (error) {
    throw error instanceof ManifestRefusedError ? errors.invalidModules(error.message) : error
  }
}

const toModuleRows = (plugin: PluginRow, body: RegisterPlugin): PluginModuleRow[] => {
  const sent = body.modules ?? []
  const ids = new Set(sent.map(({ id }) => id))
  if (ids.size < sent.length) throw errors.invalidModules('Invalid modules: two of them have the same id')
  const fields = sent.map(pickModuleFields)
  return readDescribed(fields).map((described, index) => ({
    ...toModuleRow(plugin, described, { id: sent[index]?.id ?? '' }, plugin.createdAt),
    enabled: fields[index]?.['enabled'] !== false,
  }))
}

/**
 * A plugin without files, e.g. one that is served from elsewhere while it is developed. Throws 400 for a slug that is
 * taken or not allowed, modules that repeat, and when there is no room; 413 for more than 1 MB.
 */
export const registerPlugin = (
  { db, clock, config }: Pick<Deps, 'db' | 'clock' | 'config'>,
  userId: string,
  slug: string,
  body: RegisterPlugin,
): PluginRow => {
  checkSlug(slug)
  if (Buffer.byteLength(JSON.stringify(body)) > maxBytes) throw errors.metadataTooLarge()
  const plugin = toPluginRow(userId, slug, body, clock())
  const modules = toModuleRows(plugin, body)
  withinPluginRoom({ db, config }, userId, () => {
    if (findPlugin(db, userId, plugin.id, slug)) throw errors.slugTaken(slug)
    insertPlugin(db, plugin)
    replaceModules(db, userId, plugin.id, modules)
  })
  return plugin
}
