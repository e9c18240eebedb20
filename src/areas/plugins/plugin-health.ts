import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Deps } from '../../deps.ts'
import { findPathFault } from '../../shared/safe-path.ts'
import { metadataFiles } from './manifest/plugin-layout.ts'
import type { PluginRow } from './plugins.table.ts'

export interface PluginHealth {
  filesExist: boolean
  bundleExists: boolean
  /** Bytes; 0 without a bundle. */
  bundleSize: number
  /** Null when the package has none. */
  isPackageJsonValid: boolean | null
  hasAssets: boolean
}

const maxDepth = 32
/** As for the metadata of a package. */
const maxJsonBytes = 1_048_576

const statOf = (path: string) => stat(path).catch(() => undefined)

const readBundleSize = async (files: string, location: string | null): Promise<number | undefined> => {
  const path = location?.replace(/^\//, '') ?? ''
  // An imported row may say anything.
  if (path === '' || findPathFault(path, maxDepth)) return undefined
  const bundle = await statOf(join(files, path))
  return bundle?.isFile() ? bundle.size : undefined
}

const checkPackageJson = async (files: string): Promise<boolean | null> => {
  const path = join(files, metadataFiles.packageInfo)
  const found = await statOf(path)
  if (!found) return null
  if (!found.isFile() || found.size > maxJsonBytes) return false
  try {
    JSON.parse(await readFile(path, 'utf8'))
    return true
  } catch {
    return false
  }
}

const nothing: PluginHealth = {
  filesExist: false,
  bundleExists: false,
  bundleSize: 0,
  isPackageJsonValid: null,
  hasAssets: false,
}

/** Looks at the files of a plugin as they are now. */
export const inspectPlugin = async (
  { packageStore }: Pick<Deps, 'packageStore'>,
  { contentHash, bundleLocation }: PluginRow,
): Promise<PluginHealth> => {
  const files = contentHash === null ? undefined : packageStore.filesOf(contentHash)
  if (files === undefined || !(await statOf(files))?.isDirectory()) return nothing
  const bundleSize = await readBundleSize(files, bundleLocation)
  return {
    filesExist: true,
    bundleExists: bundleSize !== undefined,
    bundleSize: bundleSize ?? 0,
    isPackageJsonValid: await checkPackageJson(files),
    hasAssets: (await statOf(join(files, 'assets')))?.isDirectory() ?? false,
  }
}

/** A plugin whose type is `backend` may have nothing for browsers; all others need a bundle with something in it. */
export const hasUsableBundle = ({ type }: PluginRow, { bundleExists, bundleSize }: PluginHealth): boolean =>
  bundleExists ? bundleSize > 0 : type === 'backend'
