import { readBlob, readCommit, readTree, type PromiseFsClient } from 'isomorphic-git'
import { quotePath } from '../../shared/safe-path.ts'
import { createSafeTree } from '../../shared/safe-tree.ts'
import { openTreeWriter } from '../../shared/tree-writer.ts'
import { GitError, type CheckOutRequest } from './types.ts'

/** Where the objects are: what the Git library wants to know on each call. */
export interface Repository {
  fs: PromiseFsClient
  gitdir: string
  /** The library keeps its index of the pack in here. */
  cache: object
}

interface RepositoryFile {
  path: string
  oid: string
}

type WriteRequest = Pick<CheckOutRequest, 'into' | 'limits' | 'keep'> & { signal: AbortSignal }

const LINK_MODE = '120000'

/**
 * Writes the files of a commit (or of the commit that a tag names). All paths are checked before the first file is written,
 * sizes as they come. Submodules are left out, as the archives of Git hosts leave them out; links are refused.
 */
export const writeCommit = async (repository: Repository, oid: string, request: WriteRequest) => {
  const { oid: commit, commit: content } = await readCommit({ ...repository, oid })
  const files = await listFiles(repository, content.tree, request)
  const writer = await openTreeWriter(request.into)
  const written = createSafeTree(request.limits)
  for (const file of files) {
    request.signal.throwIfAborted()
    const { blob } = await readBlob({ ...repository, oid: file.oid })
    written.addFile(file.path, blob.byteLength)
    await writer.writeFile(file.path, [blob])
  }
  return { commit, files: written.files, bytes: written.bytes }
}

const listFiles = async (repository: Repository, root: string, request: WriteRequest): Promise<RepositoryFile[]> => {
  const files: RepositoryFile[] = []
  const checked = createSafeTree(request.limits)
  const pending: RepositoryFile[] = [{ path: '', oid: root }]
  for (let folder = pending.pop(); folder; folder = pending.pop()) {
    request.signal.throwIfAborted()
    const { tree } = await readTree({ ...repository, oid: folder.oid })
    for (const { path: name, oid, type, mode } of tree) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      if (type === 'commit' || request.keep?.(path) === false) continue
      if (mode === LINK_MODE) throw new GitError('link', `The repository has a link in it: ${quotePath(path)}.`)
      if (type === 'tree') {
        checked.addFolder(path)
        pending.push({ path, oid })
      } else {
        checked.addFile(path, 0)
        files.push({ path, oid })
      }
    }
  }
  return files
}
