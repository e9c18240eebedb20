import { quotePath } from '../../shared/safe-path.ts'
import { createSafeTree } from '../../shared/safe-tree.ts'
import { ArchiveError, type ExtractRequest } from './types.ts'

/** One entry as its header describes it, before anything of it is trusted. */
export interface DeclaredEntry {
  /** As written in the archive, perhaps with `./` in front or `/` at the end. */
  name: string
  sizeBytes: number
  type: 'file' | 'folder' | 'link' | 'special'
}

/** Where an entry goes, or undefined when it is passed over. */
export type PlannedEntry = { path: string; isFolder: boolean } | undefined

/** Passed-over entries cost time as well; no package has so many. */
const MAX_ENTRIES_READ = 100_000

/** Checks the entries of one archive, one by one and against each other. Throws `ArchiveError` or `UnsafeTreeError`. */
export const createEntryPlan = ({ limits, keep }: Pick<ExtractRequest, 'limits' | 'keep'>) => {
  const tree = createSafeTree(limits)
  let read = 0
  const add = (entry: DeclaredEntry): PlannedEntry => {
    read += 1
    if (read > MAX_ENTRIES_READ) {
      throw new ArchiveError('too_many_files', `The archive has more than ${MAX_ENTRIES_READ} entries.`)
    }
    const isFolder = entry.type === 'folder'
    const path = toPath(entry.name, isFolder)
    if (isFolder && path === '') return undefined
    if (keep?.(path) === false) return undefined
    if (entry.type === 'link') throw new ArchiveError('link', `The archive has a link in it: ${quotePath(path)}.`)
    if (entry.type === 'special') {
      throw new ArchiveError('special_file', `The archive has an entry that is no file: ${quotePath(path)}.`)
    }
    if (isFolder) tree.addFolder(path)
    else tree.addFile(path, entry.sizeBytes)
    return { path, isFolder }
  }
  return { add, tree }
}

// Programs that pack `.` write `./` in front of every name; anything else unusual is left for the checks.
const toPath = (name: string, isFolder: boolean): string => {
  const path = isFolder && name.endsWith('/') ? name.slice(0, -1) : name
  return path === '.' ? '' : path.replace(/^\.\//, '')
}
