import { findPathFault } from '../../../shared/safe-path.ts'
import { metadataFiles } from '../manifest/plugin-layout.ts'

const maxDepth = 32

/** What says how a package is made and installed: of no use to a browser. */
const metadataNames = new Set<string>([...Object.values(metadataFiles), 'package-lock.json', 'tsconfig.json'])

const isPublished = (path: string, bundleLocation: string | null): boolean => {
  if (path.startsWith('assets/')) return true
  if (bundleLocation === null) return false
  const bundle = bundleLocation.replace(/^(?:\.?\/)+/, '')
  const folder = bundle.slice(0, bundle.lastIndexOf('/') + 1)
  if (folder !== '') return path.startsWith(folder)
  return !metadataNames.has(path.slice(path.lastIndexOf('/') + 1).toLowerCase())
}

/**
 * Whether a decoded path may name a file that browsers get: one in the folder of the bundle, in folders below it, or in
 * `assets/`. Where the bundle lies beside the metadata, everything but the metadata. Never a hidden file, and nothing that
 * some system could read as a path to elsewhere.
 */
export const isServedPath = (path: string, bundleLocation: string | null): boolean =>
  findPathFault(path, maxDepth) === undefined &&
  !path.split('/').some((name) => name.startsWith('.')) &&
  isPublished(path, bundleLocation)
