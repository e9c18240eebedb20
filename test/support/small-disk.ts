import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of 512 KB in the folder, where this process may mount one (Linux, as root); else undefined. */
export const smallDisk = (folder: string) => {
  const path = join(folder, 'small-disk')
  mkdirSync(path)
  const isMounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', path]).success
  return isMounted ? { path, [Symbol.dispose]: () => void Bun.spawnSync(['umount', path]) } : undefined
}
