/** The file names that say what a plugin is. */
export const metadataFiles = {
  manifest: 'braindrive.plugin.json',
  lifecycleManager: 'lifecycle_manager.py',
  packageInfo: 'package.json',
} as const

export type PluginLayout = { ok: true; root: string } | { ok: false; reason: string }

/** What plugins.md B2.4 says of files that are not in a package. */
export const missingFilesReason = (names: string[]) => `Missing required files: ${names.join(', ')}`

/** Folders of other programs; what lies in them is no plugin of its own. */
const foreignFolders = new Set(['node_modules', '.git', '__pycache__', '__MACOSX'])

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const depthOf = (folder: string) => (folder === '' ? 0 : folder.split('/').length)

const isShallower = (folder: string, other: string) => {
  const difference = depthOf(folder) - depthOf(other)
  return difference === 0 ? folder < other : difference < 0
}

/**
 * The plugin's own folder in an unpacked tree, given the paths of its files (with `/`, relative): the shallowest that
 * has one of the two manifests, of several the first by name. `''` is the tree itself. Better than plugins.md B1.1, where
 * a `package.json` further up hides the plugin.
 */
export const findPluginRoot = (paths: Iterable<string>): PluginLayout => {
  let root: string | undefined
  for (const path of paths) {
    const folder = parentOf(path)
    const name = folder === '' ? path : path.slice(folder.length + 1)
    if (name !== metadataFiles.manifest && name !== metadataFiles.lifecycleManager) continue
    if (folder.split('/').some((part) => foreignFolders.has(part))) continue
    if (root === undefined || isShallower(folder, root)) root = folder
  }
  return root === undefined
    ? { ok: false, reason: missingFilesReason([metadataFiles.lifecycleManager]) }
    : { ok: true, root }
}
