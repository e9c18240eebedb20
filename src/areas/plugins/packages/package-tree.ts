import { opendir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

export interface PackageTree {
  /** Relative, with `/`, sorted. */
  files: string[]
  /** Those below the root, parents first. */
  folders: string[]
}

/** What lies below `root`. Throws for anything but files and folders: nothing here ever writes such a thing. */
export const listTree = async (root: string, signal?: AbortSignal): Promise<PackageTree> => {
  const files: string[] = []
  const folders: string[] = []
  for await (const entry of await opendir(root, { recursive: true })) {
    signal?.throwIfAborted()
    const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')
    if (entry.isFile()) files.push(path)
    else if (entry.isDirectory()) folders.push(path)
    else throw new Error('A package holds something that is neither a file nor a folder')
  }
  return { files: files.toSorted(), folders: folders.toSorted() }
}
