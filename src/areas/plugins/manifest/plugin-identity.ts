import type { Static } from '@sinclair/typebox'
import { type FieldReader, ManifestRefusedError, type RawFields, readRequired, warn } from './manifest-fields.ts'
import { PluginIdentity } from './plugin-manifest.schema.ts'

/**
 * Parts of addresses under `/plugins`, folders of the store (plugins.md 8), and names that every object has, since clients
 * look plugins up by slug. In lower case.
 */
const reservedSlugs = new Set([
  'shared',
  'users',
  'cache',
  'public',
  'manifest',
  'manager',
  'install',
  'available',
  'updates',
  'categories',
  'tags',
  'test',
  'direct',
  'simple',
  'by-slug',
  'refresh-cache',
  'install-from-url',
  'upload',
  'prototype',
  ...Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase()),
])

/** Whether a slug would be mistaken for another address. */
export const isReservedSlug = (slug: string) => reservedSlugs.has(slug.toLowerCase())

/** `v1.2.3` → `1.2.3`: the tag of a release names the version with the letter, its metadata without. */
export const normalizeVersion = (version: string) => version.trim().replace(/^v(?=\d)/i, '')

/** `./dist/x.js` and `/dist/x.js` → `dist/x.js`, as clients ask for it. What else is wrong stays, to be refused. */
const normalizeBundleLocation = (location: string) => location.trim().replace(/^(?:\.\/|\/(?!\/))/, '')

const normalizers: [keyof Static<typeof PluginIdentity>, (text: string) => string][] = [
  ['plugin_slug', (slug) => slug.trim()],
  ['name', (name) => name.trim()],
  ['version', normalizeVersion],
  ['scope', (scope) => scope.trim()],
  ['bundle_location', normalizeBundleLocation],
]

/** Longer texts are refused anyway. */
const maxLength = 1000

/** What identifies a plugin and its bundle, normalised. Throws {@link ManifestRefusedError}. */
export const readIdentity = (reader: FieldReader): Static<typeof PluginIdentity> => {
  const raw: RawFields = {}
  for (const [name, normalize] of normalizers) {
    const value = Object.hasOwn(reader.raw, name) ? reader.raw[name] : undefined
    const isText = typeof value === 'string' && value.length <= maxLength
    const normalized = isText ? normalize(value) : value
    if (isText && normalized !== value) warn(reader, `${name} is read as ${String(normalized)}`)
    raw[name] = normalized
  }
  const identity = readRequired(PluginIdentity, { ...reader, raw })
  if (isReservedSlug(identity.plugin_slug)) {
    throw new ManifestRefusedError(`Invalid plugin_slug: "${identity.plugin_slug}" is a reserved word`)
  }
  return identity
}
