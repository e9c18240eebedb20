import type { Db } from './client.ts'

const readText = (db: Db, query: string): string | null =>
  db.$client.query<{ value: string }, []>(query).get()?.value ?? null

export const sqliteVersion = (db: Db): string => readText(db, 'SELECT sqlite_version() AS value') ?? ''

/** Name of the newest schema step that this database went through. */
export const newestMigration = (db: Db): string | null =>
  readText(db, 'SELECT tag AS value FROM schema_migrations ORDER BY idx DESC LIMIT 1')
