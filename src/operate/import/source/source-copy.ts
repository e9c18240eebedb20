import { chmodSync, constants, copyFileSync, existsSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { ImportError } from '../import-error.ts'

/** What SQLite may keep beside a database; `-shm` is made anew from the log. */
const companions = ['-wal', '-journal']

const describe = ({ size, mtimeMs, ino }: Stats) => `${size}/${mtimeMs}/${ino}`

/** Changes whenever somebody writes to the database. */
const fingerprint = (paths: string[]): string =>
  paths.map((path) => (existsSync(path) ? describe(statSync(path)) : 'none')).join(' ')

/**
 * Copies a database with its log into `folder`, and returns the path of the copy: opening the original would write beside
 * it, or into it where a crash left something to recover. Throws `ImportError` when it is not there, or being written to.
 */
export const copySource = (path: string, folder: string): string => {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new ImportError(`There is no database file ${path}`)
  // The log lies beside the file, not beside a link to it.
  const source = realpathSync(path)
  const suffixes = ['', ...companions]
  const originals = suffixes.map((suffix) => source + suffix)
  const before = fingerprint(originals)
  const copy = join(folder, 'source.db')
  for (const suffix of suffixes.filter((one) => existsSync(source + one))) {
    copyFileSync(source + suffix, copy + suffix, constants.COPYFILE_FICLONE)
    // The original may be read-only.
    chmodSync(copy + suffix, 0o600)
  }
  if (fingerprint(originals) !== before)
    throw new ImportError(`${path} was written to while it was copied: stop the old server first`)
  return copy
}
