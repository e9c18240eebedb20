import { constants, Database } from 'bun:sqlite'
import { statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Db, openDrizzle } from '../../db/client.ts'

export interface ReadOnlyDatabase {
  sqlite: Database
  db: Db
}

const open = (path: string, isAtRest: boolean): Database =>
  isAtRest
    ? new Database(
        `${pathToFileURL(path).href}?immutable=1`,
        constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI,
      )
    : new Database(path, { readonly: true })

/**
 * Reads a database without leaving anything beside it. Without a log nothing changes it: then it is read as a file at rest,
 * since SQLite would make a log. Should a server have begun to write one, `work` is done again beside it.
 */
export const readDatabase = async <T>(path: string, work: (database: ReadOnlyDatabase) => Promise<T>): Promise<T> => {
  const hasLog = () => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  for (;;) {
    const isAtRest = !hasLog()
    const sqlite = open(path, isAtRest)
    try {
      const result = await work({ sqlite, db: openDrizzle(sqlite) })
      if (!isAtRest || !hasLog()) return result
    } finally {
      sqlite.close()
    }
  }
}
