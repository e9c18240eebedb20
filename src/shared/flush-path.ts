import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes a file's content, or the names in a folder, survive a loss of power. */
export const flushPath = (path: string): void => {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
