import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachConcurrent } from '../../../shared/for-each-concurrent.ts'
import { hashAndFlush, hashOfTree } from './package-hash.ts'
import type { SealedPackage } from './package-store.ts'
import { listTree, type PackageTree } from './package-tree.ts'
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

const blockBytes = 4096

/** As a disk counts: thousands of tiny files take more than their lengths. */
const measure = async (root: string, { files, folders }: PackageTree): Promise<number> => {
  let blocks = 1 + folders.length
  await forEachConcurrent(files, filesAtOnce, async (path) => {
    const { size } = await stat(join(root, path))
    blocks += Math.max(1, Math.ceil(size / blockBytes))
  })
  return blocks * blockBytes
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
  const tree = await listTree(target, signal)
  await forEachConcurrent(['', ...tree.folders], filesAtOnce, (path) => flushFolder(join(target, path)))
  return {
    contentHash: hashOfTree(files.map((path, index) => ({ path, hash: hashes[index] ?? '' }))),
    bytes: await measure(target, tree),
    path: target,
  }
}
