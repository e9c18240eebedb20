import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachConcurrent } from '../../../shared/for-each-concurrent.ts'
import { hashAndFlush, hashOfTree } from './package-hash.ts'
import type { SealedPackage } from './package-store.ts'
import { listTree } from './package-tree.ts'
import { precompress } from './precompress.ts'

const filesAtOnce = 4
/** Each is in memory, with its copies. */
const compressedAtOnce = 2

/** Makes the names in a folder survive a loss of power. */
const flushFolder = async (path: string) => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Makes a sealed package at `target`, which must not exist, of the folder `root`, which is gone then. */
export const sealPackage = async (root: string, target: string, signal?: AbortSignal): Promise<SealedPackage> => {
  const roots = { files: join(target, 'files'), br: join(target, 'br'), gzip: join(target, 'gzip') }
  await mkdir(target, { mode: 0o700 })
  await rename(root, roots.files)
  const { files } = await listTree(roots.files, signal)
  const hashes: string[] = []
  await forEachConcurrent(files, filesAtOnce, async (path, index) => {
    signal?.throwIfAborted()
    hashes[index] = await hashAndFlush(join(roots.files, path), signal)
  })
  await forEachConcurrent(files, compressedAtOnce, async (path) => {
    signal?.throwIfAborted()
    await precompress(join(roots.files, path), (encoding) => join(roots[encoding], path))
  })
  const { folders } = await listTree(target, signal)
  await forEachConcurrent(['', ...folders], filesAtOnce, (path) => flushFolder(join(target, path)))
  return { contentHash: hashOfTree(files.map((path, index) => ({ path, hash: hashes[index] ?? '' }))), path: target }
}
