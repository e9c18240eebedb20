import { quotePath } from '../../shared/safe-path.ts'
import { createSafeTree } from '../../shared/safe-tree.ts'
import { openTreeWriter } from '../../shared/tree-writer.ts'
import { damagedPack } from './git-failure.ts'
import { findRoot, readTree } from './git-objects.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'
import type { Pause } from './pause.ts'
import { GitError, type CheckOutRequest } from './types.ts'

interface RepositoryFile {
  path: string
  object: StoredObject
}

type WriteRequest = Pick<CheckOutRequest, 'into' | 'limits' | 'keep'>

interface Reading {
  store: ObjectStore
  pause: Pause
}

/** All lists of files together: one may stand at many places, and most of it be passed over. */
const MAX_TREE_BYTES = 5_000_000

/**
 * Writes the files of a commit (or of the commit that a tag names). All paths and sizes are checked before the first file
 * is written. Submodules are left out, as the archives of Git hosts leave them out; links are refused. Throws `GitError`,
 * `UnsafeTreeError`, or the signal's reason.
 */
export const writeCommit = async (reading: Reading, oid: string, request: WriteRequest) => {
  const { store, pause } = reading
  const { commit, tree } = await findRoot(store, oid)
  const { files, bytes } = await listFiles(reading, tree, request)
  const writer = await openTreeWriter(request.into)
  for (const { path, object } of files) {
    await pause()
    await writer.writeFile(path, store.pieces(object))
  }
  return { commit, files: files.length, bytes }
}

const listFiles = async ({ store, pause }: Reading, root: string, request: WriteRequest) => {
  const files: RepositoryFile[] = []
  const checked = createSafeTree(request.limits)
  const pending = [{ path: '', oid: root }]
  let treeBytes = 0
  for (let folder = pending.pop(); folder; folder = pending.pop()) {
    const list = getObject(store, folder.oid, 'tree')
    treeBytes += list.size
    if (treeBytes > MAX_TREE_BYTES) throw new GitError('too_many_files', 'The repository has too many files.')
    for (const { name, oid, kind } of readTree(await store.read(list, Buffer.allocUnsafe(list.size)))) {
      await pause()
      if (name.includes('/')) throw new GitError('unsafe_path', 'The repository has a file with a / in its name.')
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      if (kind === 'submodule' || request.keep?.(path) === false) continue
      if (kind === 'link') throw new GitError('link', `The repository has a link in it: ${quotePath(path)}.`)
      if (kind === 'folder') {
        checked.addFolder(path)
        pending.push({ path, oid })
      } else {
        const object = getObject(store, oid, 'blob')
        checked.addFile(path, object.size)
        files.push({ path, object })
      }
    }
  }
  return { files, bytes: checked.bytes }
}

const getObject = (store: ObjectStore, oid: string, type: StoredObject['type']): StoredObject => {
  const object = store.find(oid)
  if (object?.type !== type) throw damagedPack()
  return object
}
