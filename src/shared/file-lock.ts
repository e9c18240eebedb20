import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'

/**
 * Takes a lock that works on every platform and that no crash leaves behind: an open exclusive transaction on a file of
 * its own, which stays empty. Waits for it at most so long. Returns what lets go of it, or undefined when another holds it.
 */
export const lockFile = (path: string, waitMs = 0): (() => void) | undefined => {
  const database = new Database(path, { create: true })
  try {
    database.run(`PRAGMA busy_timeout = ${waitMs}`)
    database.run('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return () => database.close()
}

/** Whether somebody holds the lock at this moment. Makes no file. */
export const isFileLocked = (path: string): boolean => {
  if (!existsSync(path)) return false
  const database = new Database(path, { readonly: true })
  try {
    database.query('SELECT count(*) FROM sqlite_master').get()
    return false
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return true
    throw error
  } finally {
    database.close()
  }
}
