import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'

export const openDrizzle = (sqlite: Database) => drizzle({ client: sqlite })

export type Db = ReturnType<typeof openDrizzle>

export interface DatabaseHandle {
  sqlite: Database
  db: Db
  /** Moves the WAL into the main file, so that a stopped server leaves one complete file. */
  close(): void
}

/** First `busy_timeout`: switching to WAL needs a lock that another connection may hold for a moment. */
const pragmas: [name: string, value: string | number, readBack: string | number][] = [
  ['busy_timeout', 5000, 5000],
  ['journal_mode', 'WAL', 'wal'],
  // FULL: an acknowledged write survives power loss, not only a crash of the process.
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['temp_store', 'MEMORY', 2],
  ['cache_size', -65_536, -65_536],
  ['journal_size_limit', 67_108_864, 67_108_864],
]

/** Opens (and creates) the file, `:memory:` included. Throws when a pragma does not take, e.g. WAL on a network share. */
export const openDatabase = (path: string): DatabaseHandle => {
  const sqlite = new Database(path, { create: true, strict: true })
  for (const [name, value, expected] of pragmas) {
    sqlite.run(`PRAGMA ${name} = ${value}`)
    const actual = Object.values(sqlite.query(`PRAGMA ${name}`).get() ?? {})[0]
    const isMemory = path === ':memory:' && name === 'journal_mode'
    if (!isMemory && actual !== expected)
      throw new Error(`SQLite refused PRAGMA ${name} = ${value} (it is ${actual}) on ${path}`)
  }
  return {
    sqlite,
    db: openDrizzle(sqlite),
    close() {
      sqlite.run('PRAGMA wal_checkpoint(TRUNCATE)')
      sqlite.close()
    },
  }
}
