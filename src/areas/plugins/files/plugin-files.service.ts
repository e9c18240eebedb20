import { createHash } from 'node:crypto'
import type { Deps } from '../../../deps.ts'
import { decodePath, findBelow } from '../../../shared/find-below.ts'
import { findServedType, type ServedType } from '../../../shared/served-types.ts'
import type { PackageEncoding } from '../packages/package-store.ts'
import { fileNotFound, filePluginNotFound, fileTypeNotAllowed } from './plugin-files.errors.ts'
import { type FilesRow, findEnabledById, findEnabledBySlug, findOwnEnabled } from './plugin-files.store.ts'
import { isPluginId, toPluginId } from '../plugin-ids.ts'
import { isServedPath } from './served-paths.ts'

/** A file that the caller may have, if it exists. */
export interface PluginFile {
  contentHash: string
  path: string
  type: ServedType
}

/** A file on the disk of the server, or its compressed copy. */
export interface FileCopy {
  diskPath: string
  encoding?: PackageEncoding
  /** Strong: names these bytes under this path. */
  etag: string
}

/** Decides in the order of plugins.md A3. `closedFolders` are not served, whatever a plugin has in them. */
const findFile = (encodedPath: string, closedFolders: string[], findPlugin: () => FilesRow | undefined): PluginFile => {
  const path = decodePath(encodedPath) ?? ''
  const type = findServedType(path)
  if (!type) throw fileTypeNotAllowed()
  if (closedFolders.some((folder) => path.startsWith(folder))) throw fileNotFound()
  const plugin = findPlugin()
  if (!plugin) throw filePluginNotFound()
  const { contentHash, bundleLocation } = plugin
  if (contentHash === null || !isServedPath(path, bundleLocation)) throw fileNotFound()
  return { contentHash, path, type }
}

/**
 * A file of an enabled plugin for everybody. `reference`: its id, as clients write it, else a slug. That answers only while
 * all users with such a plugin have the same files: whoever uploads something under a known slug must not be served as it.
 */
export const findPublicFile = ({ db }: Pick<Deps, 'db'>, reference: string, encodedPath: string): PluginFile =>
  findFile(
    encodedPath,
    ['modules/'],
    () =>
      findEnabledById(db, toPluginId(reference)) ??
      (isPluginId(reference) ? undefined : findEnabledBySlug(db, reference)),
  )

/** A file of an enabled plugin of the user. `reference`: its id or slug. */
export const findOwnFile = (
  { db }: Pick<Deps, 'db'>,
  userId: string,
  reference: string,
  encodedPath: string,
): PluginFile =>
  findFile(encodedPath, ['modules/', 'update/'], () => findOwnEnabled(db, userId, toPluginId(reference), reference))

const toEtag = ({ contentHash, path }: PluginFile, encoding: PackageEncoding | 'identity'): string => {
  const digest = createHash('sha256').update(`${contentHash}\n${encoding}\n${path}`).digest('base64url')
  return `"${digest.slice(0, 22)}"`
}

/** The first of the wanted encodings that there is, else the file as it is. */
export const chooseCopy = (
  { packageStore }: Pick<Deps, 'packageStore'>,
  file: PluginFile,
  wanted: PackageEncoding[],
): FileCopy => {
  const diskPath = findBelow(packageStore.filesOf(file.contentHash), file.path)
  if (diskPath === undefined) throw fileNotFound()
  for (const encoding of wanted) {
    const compressed = findBelow(packageStore.compressedOf(file.contentHash, encoding), file.path)
    if (compressed !== undefined) return { diskPath: compressed, encoding, etag: toEtag(file, encoding) }
  }
  return { diskPath, etag: toEtag(file, 'identity') }
}
