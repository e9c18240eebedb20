import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAll } from './write-all.ts'

/** Writes files below one folder. Paths must have been checked (`safe-tree`). */
export interface TreeWriter {
  makeFolder: (path: string) => Promise<void>
  /** Creates a file that must not exist yet, piece by piece. A failure leaves what was written so far. */
  writeFile: (path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => Promise<void>
}

/**
 * Opens `into` for writing. It must be a real and empty folder: since no link is ever written, none can then be followed.
 * Files are 0644 and folders 0755, whatever the package says.
 */
export const openTreeWriter = async (into: string): Promise<TreeWriter> => {
  const isUsable = (await lstat(into)).isDirectory() && (await readdir(into)).length === 0
  if (!isUsable) throw Object.assign(new Error('The folder to write to is not an empty folder'), { code: 'ENOTEMPTY' })
  const made = new Set([into])
  const makeParents = async (folder: string): Promise<void> => {
    if (made.has(folder)) return
    await mkdir(folder, { recursive: true, mode: 0o755 })
    made.add(folder)
  }
  return {
    makeFolder: (path) => makeParents(join(into, path)),
    writeFile: async (path, content) => {
      const target = join(into, path)
      await makeParents(dirname(target))
      const file = await open(target, 'wx', 0o644)
      try {
        for await (const piece of content) await writeAll(file, piece)
      } finally {
        await file.close()
      }
    },
  }
}
