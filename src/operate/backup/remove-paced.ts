import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'

const stepBytes = 32 * 1024 * 1024
const pauseMs = 20

/** A file of hundreds of megabytes that goes at once holds up commits of a live server for about 90 ms. */
const shrink = async (path: string) => {
  const { size } = await stat(path)
  for (let left = size - stepBytes; left > 0; left -= stepBytes) {
    await truncate(path, left)
    await Bun.sleep(pauseMs)
  }
}

/** Removes a folder of large files, so that others get to the disk in between. */
export const removePaced = async (folder: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) if (entry.isFile()) await shrink(join(folder, entry.name))
  await rm(folder, { recursive: true, force: true })
}
