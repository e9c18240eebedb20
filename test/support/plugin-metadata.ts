import { join } from 'node:path'
import { readLifecycleMetadata } from '../../src/areas/plugins/manifest/lifecycle-metadata.ts'
import { readPluginManifest } from '../../src/areas/plugins/manifest/plugin-manifest.ts'

/** The lifecycle manager of one of the fixture plugins. */
export const pluginFixture = (name: string) => Bun.file(join(import.meta.dir, 'plugins', `${name}.py`)).text()

/** What a lifecycle manager says; throws the reason when it says nothing. */
export const metadataOf = (source: string) => {
  const result = readLifecycleMetadata(source)
  if (!result.ok) throw new Error(result.reason)
  return result.metadata
}

/** A manager whose `__init__` has these statements; they assign to `self.plugin_data`. */
export const managerWith = (statements: string[], before = '') =>
  [
    before,
    'class OneLifecycleManager(Base):',
    '    def __init__(self):',
    ...statements.map((one) => `        ${one}`),
  ].join('\n')

/** What one Python expression evaluates to inside of `plugin_data`. */
export const valueOf = (expression: string, before = ''): unknown =>
  metadataOf(managerWith([`self.plugin_data = {"it": ${expression}}`], before)).pluginData['it']

export const identity = {
  plugin_slug: 'Lamp',
  name: 'Lamp',
  version: '1.0.0',
  scope: 'Lamp',
  bundle_location: 'dist/remoteEntry.js',
}

/** The manifest of a `braindrive.plugin.json` with these fields, and its warnings, or the reason why there is none. */
export const manifestOf = (fields: Record<string, unknown>) => {
  const file = { schema_version: 1, ...identity, modules: [{ name: 'Lamp' }], ...fields }
  const result = readPluginManifest({ manifest: JSON.stringify(file) })
  return result.ok ? { ...result, reason: undefined } : { manifest: undefined, warnings: [], reason: result.reason }
}
