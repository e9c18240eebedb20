import { createReadStream } from 'node:fs'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isPackageFile } from '../../../areas/plugins/packages/package-files.ts'
import { archiveLimits } from '../../../areas/plugins/packages/package-limits.ts'
import { createSafeTree } from '../../../shared/safe-tree.ts'
import { openTreeWriter } from '../../../shared/tree-writer.ts'

/** Files below `root` that belong to a package: no links, and none that an installation would leave out. */
async function* listFiles(root: string, folder = ''): AsyncGenerator<string> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!isPackageFile(path)) continue
    if (entry.isDirectory()) yield* listFiles(root, path)
    else if (entry.isFile()) yield path
  }
}

/** Copies a package into a new folder, within the limits of an installation. Throws `UnsafeTreeError`. Returns the number of files. */
export const copyPluginFiles = async (root: string, into: string): Promise<number> => {
  await mkdir(into, { mode: 0o700 })
  const tree = createSafeTree(archiveLimits)
  const writer = await openTreeWriter(into)
  for await (const path of listFiles(root)) {
    tree.addFile(path, (await lstat(join(root, path))).size)
    await writer.writeFile(path, createReadStream(join(root, path)))
  }
  return tree.files
}
