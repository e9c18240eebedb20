import { realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Decodes the path of an address exactly once; undefined when it is no percent-encoded text. */
export const decodePath = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** The real place of a file below a folder; undefined when there is none, or a link is on the way to it. */
export const findBelow = (folder: string, path: string): string | undefined => {
  try {
    const diskPath = join(realpathSync.native(folder), path)
    return realpathSync.native(diskPath) === diskPath && statSync(diskPath).isFile() ? diskPath : undefined
  } catch {
    return undefined
  }
}
