import { toMegabytes } from './megabytes.ts'
import { findPathFault, foldPath, quotePath } from './safe-path.ts'

/** What a tree of files from outside may hold. */
export interface TreeLimits {
  /** Files and folders together. */
  entries: number
  /** Names in one path. */
  depth: number
  fileBytes: number
  totalBytes: number
}

export type UnsafeTreeReason =
  | 'unsafe_path'
  | 'path_collision'
  | 'too_many_files'
  | 'file_too_large'
  | 'total_too_large'

/** The message is one sentence for the person who chose the package. */
export class UnsafeTreeError extends Error {
  override name = 'UnsafeTreeError'
  readonly reason: UnsafeTreeReason

  constructor(reason: UnsafeTreeReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Checks a tree of files from outside, before anything of it is written. Each method throws `UnsafeTreeError`. */
export interface SafeTree {
  /** Notes a folder and those above it; the same one may come again. */
  addFolder: (path: string) => void
  addFile: (path: string, sizeBytes: number) => void
  /** What was noted: files, and the sum of their sizes. */
  readonly files: number
  readonly bytes: number
}

interface Entry {
  path: string
  isFile: boolean
}

/** An empty tree. Paths are relative, with `/`, without one at the end. */
export const createSafeTree = (limits: TreeLimits): SafeTree => {
  const entries = new Map<string, Entry>()
  const folders = new Set<string>()
  const totals = { files: 0, bytes: 0 }

  const note = (entry: Entry): void => {
    const key = foldPath(entry.path)
    const known = entries.get(key)
    if (known && (entry.isFile || known.isFile || known.path !== entry.path)) throw collision(entry.path, known.path)
    if (known) return
    if (entries.size >= limits.entries) {
      throw new UnsafeTreeError('too_many_files', `The package has more than ${limits.entries} files and folders.`)
    }
    entries.set(key, entry)
  }
  const noteFolder = (path: string): void => {
    if (path === '' || folders.has(path)) return
    noteFolder(parentOf(path))
    note({ path, isFile: false })
    folders.add(path)
  }
  const checkPath = (path: string): void => {
    const fault = findPathFault(path, limits.depth)
    if (fault)
      throw new UnsafeTreeError('unsafe_path', `The package has a file whose path ${fault}: ${quotePath(path)}.`)
  }
  const addFolder = (path: string): void => {
    checkPath(path)
    noteFolder(path)
  }
  const addFile = (path: string, sizeBytes: number): void => {
    checkPath(path)
    noteFolder(parentOf(path))
    note({ path, isFile: true })
    checkSizes(path, sizeBytes, totals.bytes, limits)
    totals.files += 1
    totals.bytes += sizeBytes
  }
  return {
    addFolder,
    addFile,
    get files() {
      return totals.files
    },
    get bytes() {
      return totals.bytes
    },
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0))

const collision = (path: string, known: string): UnsafeTreeError => {
  const names = path === known ? quotePath(path) : `${quotePath(known)} and ${quotePath(path)}`
  return new UnsafeTreeError('path_collision', `The package has two entries for the same place: ${names}.`)
}

const checkSizes = (path: string, sizeBytes: number, before: number, limits: TreeLimits): void => {
  if (sizeBytes > limits.fileBytes) {
    const limit = toMegabytes(limits.fileBytes)
    throw new UnsafeTreeError('file_too_large', `The package has a file larger than ${limit}: ${quotePath(path)}.`)
  }
  if (before + sizeBytes > limits.totalBytes) {
    throw new UnsafeTreeError(
      'total_too_large',
      `The files of the package are larger than ${toMegabytes(limits.totalBytes)} together.`,
    )
  }
}
