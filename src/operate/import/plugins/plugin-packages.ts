import { join } from 'node:path'
import type { PluginManifest } from '../../../areas/plugins/manifest/plugin-manifest.ts'
import { readManifestIn } from '../../../areas/plugins/packages/read-package.ts'
import type { PackageStore, SealedPackage } from '../../../areas/plugins/packages/package-store.ts'
import { UnsafeTreeError } from '../../../shared/safe-tree.ts'
import { copyPluginFiles } from './copy-plugin-files.ts'
import type { PluginFolder, PluginNote } from './plugin-folder.ts'
import type { SourceDatabase } from '../source/source-database.ts'
import { readSourceRow, type SourceRow } from '../source/source-row.ts'

/** Files of a plugin that wait in the staging folder. */
export interface ReadyPackage {
  sealed: SealedPackage
  settings: PluginManifest['settings']
}

/** What the plugin folder has of a row: files, or why there are none, and where they came from. */
export interface FoundPackage {
  files: ReadyPackage | { missing: string }
  note: PluginNote | undefined
}

export type FindPackage = (row: SourceRow) => FoundPackage | undefined

const keyOf = (slug: string, version: string) => JSON.stringify([slug, version])

/** Copies, checks and compresses the files of one version; they are dropped with `stack` unless they are placed. */
const prepare = async (
  store: PackageStore,
  stack: AsyncDisposableStack,
  root: string | undefined,
): Promise<FoundPackage['files']> => {
  if (root === undefined) return { missing: 'its files are not in the plugin folder: install it again' }
  const staging = stack.use(await store.stage())
  const copy = join(staging.path, 'tree')
  try {
    if ((await copyPluginFiles(root, copy)) === 0) return { missing: 'its folder is empty: install it again' }
  } catch (error) {
    if (error instanceof UnsafeTreeError) return { missing: `its files are refused: ${error.reason}` }
    throw error
  }
  const manifest = await readManifestIn(copy)
  return { sealed: await store.seal(staging, copy), settings: manifest.ok ? manifest.manifest.settings : [] }
}

/**
 * Makes the files of all plugins of the source ready, each version once, before the transaction that stores the rows.
 * Without a folder nothing is found.
 */
export const preparePackages = async (
  source: SourceDatabase,
  folder: PluginFolder | undefined,
  store: PackageStore,
  stack: AsyncDisposableStack,
): Promise<FindPackage> => {
  if (!folder) return () => undefined
  const files = new Map<string, FoundPackage['files']>()
  const notes = new Map<string, PluginNote>()
  for (const one of source.rows('plugin')) {
    const row = readSourceRow('plugin', one, () => {})
    const [slug, version] = [row.line('plugin_slug') ?? '', row.line('version') ?? '']
    const key = keyOf(slug, version)
    if (!files.has(key)) files.set(key, await prepare(store, stack, await folder.findFiles(slug, version)))
    const note = await folder.findNote(row.line('user_id') ?? '', row.label)
    if (note) notes.set(row.label, note)
  }
  return (row) => {
    const found = files.get(keyOf(row.line('plugin_slug') ?? '', row.line('version') ?? ''))
    return found && { files: found, note: notes.get(row.label) }
  }
}
