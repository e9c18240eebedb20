import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFile } from '../../../shared/file-lock.ts'
import { flushPath } from '../../../shared/flush-path.ts'
import { giveToOwnerOf } from '../../../shared/give-to-owner.ts'
import { newNonce } from '../../../shared/ids.ts'
import type { InstallingThread, PackageStore } from './package-store.ts'
import { sealPackage } from './seal-package.ts'

const isContentHash = (name: string) => /^[0-9a-f]{64}$/.test(name)

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

const makeFolder = (folder: string) => mkdirSync(folder, { recursive: true, mode: 0o700 })

/** How long a removal may hold the lock of the contents: some renames. */
const maxProbeMs = 2_000

export const packagesFolder = (dataPath: string): string => join(dataPath, 'plugins')
export const contentsFolder = (dataPath: string): string => join(packagesFolder(dataPath), 'contents')

const holdPath = (folder: string) => join(folder, 'contents.lock')

/**
 * From now on no content is taken away, in whatever process, until the returned function is called or this process ends:
 * what falls out of use meanwhile goes with the next removal. Undefined when another holds them so.
 */
export const holdContents = (dataPath: string): (() => void) | undefined => {
  const folder = packagesFolder(dataPath)
  makeFolder(folder)
  const release = lockFile(holdPath(folder), maxProbeMs)
  // A server of another account must be able to lock it as well.
  for (const path of [folder, holdPath(folder)]) giveToOwnerOf(dataPath, path)
  return release
}

/**
 * Keeps everything below `folder`, which is made when it is needed. Both threads have a store of their own on it: names of
 * what is staged or thrown away begin with the thread, and contents change in transactions only, one at a time.
 */
export const createPackageStore = (folder: string, thread: InstallingThread = 'server'): PackageStore => {
  const [stagingRoot, contentsRoot, trashRoot] = ['staging', 'contents', 'trash'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const contentOf = (contentHash: string) => {
    // What is no hash would be a path to elsewhere.
    if (!isContentHash(contentHash)) throw new Error('Not the hash of a content')
    return join(contentsRoot, contentHash)
  }

  const newName = () => `${thread}-${newNonce()}`
  const ownIn = (root: string) =>
    namesIn(root)
      .filter((name) => name.startsWith(`${thread}-`))
      .map((name) => join(root, name))

  /** Renaming takes no time, removing many files does. What is not removed now is at the next start. */
  const moveToTrash = (path: string): string => {
    makeFolder(trashRoot)
    const grave = join(trashRoot, newName())
    renameSync(path, grave)
    return grave
  }
  const empty = (graves: string[]) => {
    for (const grave of graves) rm(grave, { recursive: true, force: true }).catch(() => undefined)
  }

  const removeUnused = (isUsed: (contentHash: string) => boolean): string[] => {
    const unused = namesIn(contentsRoot).filter((name) => !isContentHash(name) || !isUsed(name))
    if (unused.length === 0) return []
    const release = lockFile(holdPath(folder))
    if (!release) return []
    try {
      return unused.map((name) => moveToTrash(join(contentsRoot, name)))
    } finally {
      release()
    }
  }

  return {
    stage: async () => {
      const path = join(stagingRoot, newName())
      await mkdir(path, { recursive: true, mode: 0o700 })
      // What cannot be removed now is at the next start; it must not hide how the work ended.
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }).catch(() => undefined) }
    },
    seal: (staging, root, signal) => sealPackage(root, join(staging.path, 'sealed'), signal),
    place: ({ contentHash, path }) => {
      const target = contentOf(contentHash)
      if (existsSync(target)) return
      makeFolder(contentsRoot)
      renameSync(path, target)
      flushPath(contentsRoot)
      flushPath(folder)
    },
    collect: (isUsed) => empty(removeUnused(isUsed)),
    dropStagings: () => {
      const staged = ownIn(stagingRoot)
      for (const path of staged) moveToTrash(path)
      empty(ownIn(trashRoot))
      return staged.length > 0
    },
    recover: (isUsed) => {
      removeUnused(isUsed)
      for (const rubbish of [stagingRoot, trashRoot]) rmSync(rubbish, { recursive: true, force: true })
    },
    filesOf: (contentHash) => join(contentOf(contentHash), 'files'),
    compressedOf: (contentHash, encoding) => join(contentOf(contentHash), encoding),
  }
}
