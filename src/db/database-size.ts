import { statSync } from 'node:fs'
import type { Db } from './client.ts'

const readPragma = (db: Db, name: string): number =>
  Object.values(db.$client.query<Record<string, number>, []>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0

const fileSize = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** Bytes that the database takes on disk, and those of its cache in memory, which are a bound. */
export const databaseSize = (db: Db) => {
  const pageSize = readPragma(db, 'page_size')
  const cacheSize = readPragma(db, 'cache_size')
  return {
    fileBytes: readPragma(db, 'page_count') * pageSize,
    freeBytes: readPragma(db, 'freelist_count') * pageSize,
    walBytes: fileSize(`${db.$client.filename}-wal`),
    // SQLite writes kibibytes as negative numbers, and pages as positive ones.
    cacheBytes: cacheSize < 0 ? -cacheSize * 1024 : cacheSize * pageSize,
  }
}
