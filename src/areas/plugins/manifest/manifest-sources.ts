import { isDeeperThan } from '../../../shared/json-depth.ts'
import { readLifecycleMetadata } from './lifecycle-metadata.ts'
import { ManifestRefusedError, type RawFields, isFields } from './manifest-fields.ts'
import { unpackDefinition } from './settings-definitions.ts'

const maxJsonLength = 262_144
const maxDepth = 64

/** The texts of a plugin's own files; absent where there is none. */
export interface MetadataTexts {
  manifest?: string | undefined
  lifecycleManager?: string | undefined
  packageInfo?: string | undefined
}

/** What a plugin says of itself, unchecked. */
export interface RawManifest {
  /** Where the plugin's own fields stand, and its lists: for reasons and warnings. */
  paths: { plugin: string; modules: string; services: string; settings: string }
  plugin: RawFields
  modules: unknown[]
  services: unknown[]
  settings: unknown[]
  notes: string[]
}

/** Throws {@link ManifestRefusedError}. */
const parseObject = (name: string, text: string): RawFields => {
  if (text.length > maxJsonLength) {
    throw new ManifestRefusedError(`Invalid ${name}: more than ${maxJsonLength} characters`)
  }
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new ManifestRefusedError(`Invalid ${name}: not valid JSON`)
  }
  if (!isFields(value)) throw new ManifestRefusedError(`Invalid ${name}: not a JSON object`)
  if (isDeeperThan(value, maxDepth)) throw new ManifestRefusedError(`Invalid ${name}: nested too deeply`)
  return value
}

const listOf = (fields: RawFields, name: string): unknown[] => {
  const value = fields[name] ?? []
  if (!Array.isArray(value)) throw new ManifestRefusedError(`Invalid ${name}: not a list`)
  return value
}

const readManifestFile = (text: string): RawManifest => {
  const plugin = parseObject('braindrive.plugin.json', text)
  if (plugin['schema_version'] !== 1) throw new ManifestRefusedError('Unsupported schema_version: only 1 is known')
  return {
    paths: { plugin: '', modules: 'modules', services: 'services', settings: 'settings' },
    plugin,
    modules: listOf(plugin, 'modules'),
    services: listOf(plugin, 'services'),
    settings: listOf(plugin, 'settings'),
    notes: [],
  }
}

/** A package's name as a slug, for managers that give none (plugins.md B1.2). */
const slugOfPackage = (name: string) => (/[ -]/.test(name) ? name.toLowerCase().replaceAll(' ', '-') : name)

/** What `package.json` can stand in for; nothing, when it cannot be read. */
const readPackageInfo = (text: string | undefined): RawFields => {
  try {
    const info = text === undefined ? {} : parseObject('package.json', text)
    const author = isFields(info['author']) ? info['author']['name'] : info['author']
    const { name, version, description } = info
    return { plugin_slug: typeof name === 'string' ? slugOfPackage(name) : null, name, version, description, author }
  } catch {
    return {}
  }
}

const present = (fields: RawFields): RawFields =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )

const isName = (value: unknown) => typeof value === 'string'

const readLifecycleManager = (text: string, packageInfo: string | undefined): RawManifest => {
  const result = readLifecycleMetadata(text)
  if (!result.ok) throw new ManifestRefusedError(result.reason)
  const { pluginData, moduleData, services, settingsDefinitions, notes } = result.metadata
  const named = pluginData['required_services_runtime']
  // In the data it is a list of names; some managers put everything about the services there.
  const described = services.length === 0 && Array.isArray(named) && !named.every(isName) ? named : services
  const plugin = { ...present(readPackageInfo(packageInfo)), ...present(pluginData) }
  if (described === named) delete plugin['required_services_runtime']
  return {
    paths: {
      plugin: 'plugin_data',
      modules: 'module_data',
      services: 'required_services_runtime',
      settings: 'PLUGIN_SETTINGS_DEFINITIONS',
    },
    plugin,
    modules: moduleData,
    services: described,
    settings: settingsDefinitions.map((one) => (isFields(one) ? unpackDefinition(one) : one)),
    notes,
  }
}

/** The plugin's own manifest if it has one, else what its lifecycle manager says. Throws {@link ManifestRefusedError}. */
export const readRawManifest = ({ manifest, lifecycleManager, packageInfo }: MetadataTexts): RawManifest => {
  if (manifest !== undefined) return readManifestFile(manifest)
  if (lifecycleManager !== undefined) return readLifecycleManager(lifecycleManager, packageInfo)
  throw new ManifestRefusedError('Missing required files: lifecycle_manager.py')
}
