import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { newNonce } from '../../../shared/ids.ts'
import type { PackageStore } from './package-store.ts'
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

const flushFolder = (folder: string) => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Keeps everything below `folder`, which is made when it is needed. */
export const createPackageStore = (folder: string): PackageStore => {
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

  /** Renaming takes no time, removing many files does. What is not removed now is at the next start. */
  const moveToTrash = (path: string): string => {
    makeFolder(trashRoot)
    const grave = join(trashRoot, `${basename(path)}-${newNonce()}`)
    renameSync(path, grave)
    return grave
  }

  const removeUnused = (isUsed: (contentHash: string) => boolean): string[] =>
    namesIn(contentsRoot)
      .filter((name) => !isContentHash(name) || !isUsed(name))
      .map((name) => moveToTrash(join(contentsRoot, name)))

  return {
    stage: async () => {
      const path = join(stagingRoot, newNonce())
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
      flushFolder(contentsRoot)
      flushFolder(folder)
    },
    collect: (isUsed) => {
      for (const grave of removeUnused(isUsed)) rm(grave, { recursive: true, force: true }).catch(() => undefined)
    },
    recover: (isUsed) => {
      removeUnused(isUsed)
      for (const rubbish of [stagingRoot, trashRoot]) rmSync(rubbish, { recursive: true, force: true })
    },
    filesOf: (contentHash) => join(contentOf(contentHash), 'files'),
    compressedOf: (contentHash, encoding) => join(contentOf(contentHash), encoding),
  }
}
