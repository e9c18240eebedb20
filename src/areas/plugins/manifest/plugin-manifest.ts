import type { Static } from '@sinclair/typebox'
import { type FieldReader, ManifestRefusedError, camelize, readList, readOptional } from './manifest-fields.ts'
import {
  type CheckedFields,
  type ManifestModule,
  type ManifestService,
  readModules,
  readService,
} from './manifest-parts.ts'
import { type MetadataTexts, type RawManifest, readRawManifest } from './manifest-sources.ts'
import { readIdentity } from './plugin-identity.ts'
import { PluginDescription, type PluginIdentity, maxServices, maxSettings } from './plugin-manifest.schema.ts'
import { readSettingsRecipe } from './settings-definitions.ts'
import { type SettingsRecipe, knownRecipesOf } from './settings-recipes.ts'

/** A plugin as it describes itself, every field checked and in its bounds (plugins.md B1.3). Named like the columns. */
export type PluginManifest = CheckedFields<Static<typeof PluginIdentity>, Static<typeof PluginDescription>> & {
  /** Of different names. */
  modules: ManifestModule[]
  services: ManifestService[]
  settings: SettingsRecipe[]
}

/** `reason` is the `validation_error` of plugins.md B2.4; `warnings` say what was left out. */
export type ManifestResult = { ok: true; manifest: PluginManifest; warnings: string[] } | { ok: false; reason: string }

/** What a plugin may say of itself beside its identity, with the defaults of what it does not say. */
export const describePlugin = (reader: FieldReader) =>
  readOptional(PluginDescription, reader, {
    description: '',
    long_description: null,
    type: 'frontend',
    plugin_type: null,
    icon: null,
    category: null,
    official: false,
    author: null,
    compatibility: null,
    bundle_method: 'webpack',
    is_local: false,
    source_type: null,
    source_url: null,
    update_check_url: null,
    installation_type: 'remote',
    endpoints_file: null,
    route_prefix: null,
    config_fields: {},
    messages: {},
    dependencies: [],
    permissions: [],
    required_services_runtime: [],
    backend_dependencies: [],
  })

const read = ({ plugin, paths, ...lists }: RawManifest): { manifest: PluginManifest; warnings: string[] } => {
  const warnings = [...lists.notes]
  const reader = { raw: plugin, path: paths.plugin, warnings }
  const identity = readIdentity(reader)
  const description = describePlugin(reader)
  const modules = readModules(lists.modules, paths.modules, warnings)
  const services = readList(lists.services, {
    limit: maxServices,
    path: paths.services,
    warnings,
    read: readService,
    keyOf: ({ name }) => name,
  })
  const known = knownRecipesOf(identity.plugin_slug, modules[0]?.description ?? null)
  const settings = readList(lists.settings, {
    limit: maxSettings,
    path: paths.settings,
    warnings,
    read: (one) => readSettingsRecipe(one, known),
    keyOf: ({ definition }) => definition.id,
  })
  const named = description.required_services_runtime
  const required_services_runtime = named.length > 0 ? named : services.map(({ name }) => name)
  return {
    manifest: {
      ...camelize({ ...identity, ...description, required_services_runtime }),
      modules,
      services,
      settings: settings.length > 0 ? settings : known,
    },
    warnings,
  }
}

/** The reason, and for a missing field what stands in its place. */
const explainRefusal = ({ message, field }: ManifestRefusedError, notes: string[]) => {
  const note = field === undefined ? undefined : notes.find((one) => one.startsWith(`${field}: `))
  return note === undefined ? message : `${message} (${note.slice(`${field}: `.length)})`
}

/**
 * The manifest of a plugin, from its files' texts, without running any of it (contract decision 18). Refuses only what
 * has no valid slug, name, version, scope, bundle or module names; anything else takes its default, with a warning.
 */
export const readPluginManifest = (texts: MetadataTexts): ManifestResult => {
  let notes: string[] = []
  try {
    const raw = readRawManifest(texts)
    notes = raw.notes
    return { ok: true, ...read(raw) }
  } catch (error) {
    if (error instanceof ManifestRefusedError) return { ok: false, reason: explainRefusal(error, notes) }
    throw error
  }
}
