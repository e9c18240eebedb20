import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { maxMetadataBytes } from './package-limits.ts'
import { listTree } from './package-tree.ts'
import { findPluginRoot, metadataFiles, missingFilesReason } from '../manifest/plugin-layout.ts'
import { type ManifestResult, type PluginManifest, readPluginManifest } from '../manifest/plugin-manifest.ts'

export type ReadPackage =
  | { ok: true; root: string; manifest: PluginManifest; warnings: string[] }
  | { ok: false; reason: string }

class MetadataTooLargeError extends Error {}

/** The text of a file, undefined when there is none. */
const readText = async (root: string, name: string): Promise<string | undefined> => {
  const path = join(root, name)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  if (found.size > maxMetadataBytes) throw new MetadataTooLargeError(`Invalid ${name}: larger than 1 MB`)
  return await readFile(path, 'utf8')
}

/** What the plugin in the folder `root` says of itself. */
export const readManifestIn = async (root: string): Promise<ManifestResult> => {
  try {
    return readPluginManifest({
      manifest: await readText(root, metadataFiles.manifest),
      lifecycleManager: await readText(root, metadataFiles.lifecycleManager),
      packageInfo: await readText(root, metadataFiles.packageInfo),
    })
  } catch (error) {
    if (error instanceof MetadataTooLargeError) return { ok: false, reason: error.message }
    throw error
  }
}

const hasBundle = async (root: string, { bundleLocation }: PluginManifest) => {
  const found = await stat(join(root, bundleLocation)).catch(() => undefined)
  return found?.isFile() === true && found.size > 0
}

/** Finds the plugin in an unpacked tree. The reason is the `validation_error` of plugins.md B2.4. */
export const readPackage = async (tree: string, signal?: AbortSignal): Promise<ReadPackage> => {
  const layout = findPluginRoot((await listTree(tree, signal)).files)
  if (!layout.ok) return layout
  const root = join(tree, layout.root)
  const result = await readManifestIn(root)
  if (!result.ok) return result
  const needsBundle = result.manifest.type !== 'backend'
  if (needsBundle && !(await hasBundle(root, result.manifest))) {
    return { ok: false, reason: missingFilesReason([result.manifest.bundleLocation]) }
  }
  return { ...result, root }
}
