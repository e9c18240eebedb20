import type { Database } from 'bun:sqlite'
import { embedMigrations, type Migration } from './embed-migrations.ts' with { type: 'macro' }

export const migrations: Migration[] = embedMigrations()

/** `message` is for the person at the terminal. */
export class SchemaError extends Error {
  override name = 'SchemaError'
}

const readApplied = (sqlite: Database): { tag: string; hash: string }[] =>
  sqlite.query<{ tag: string; hash: string }, []>('SELECT tag, hash FROM schema_migrations ORDER BY idx').all()

/** Brings the schema to this program's version, one transaction per migration. Returns the tags that were applied now. */
export const migrate = (sqlite: Database, known: Migration[] = migrations): string[] => {
  sqlite.run(
    'CREATE TABLE IF NOT EXISTS schema_migrations (idx INTEGER PRIMARY KEY, tag TEXT NOT NULL, hash TEXT NOT NULL, applied_at INTEGER NOT NULL)',
  )
  const applied = readApplied(sqlite)
  if (applied.length > known.length) {
    throw new SchemaError(
      `This database was made by a newer version of BrainDrive Server (its schema has ${applied.length} steps, this program knows ${known.length}). Start that version, or restore a backup made before the upgrade.`,
    )
  }
  for (const [index, row] of applied.entries()) {
    if (known[index]?.hash !== row.hash) {
      throw new SchemaError(
        `Schema step ${row.tag} in this database is not the one that this program knows. It was made by a different build.`,
      )
    }
  }
  return known.slice(applied.length).map((migration, offset) => {
    applyMigration(sqlite, migration, applied.length + offset)
    return migration.tag
  })
}

const applyMigration = (sqlite: Database, migration: Migration, index: number) =>
  sqlite
    .transaction(() => {
      // A table that is rebuilt is dropped for a moment; the references are checked at commit.
      sqlite.run('PRAGMA defer_foreign_keys = ON')
      for (const statement of migration.statements) sqlite.run(statement)
      sqlite.run('INSERT INTO schema_migrations (idx, tag, hash, applied_at) VALUES (?, ?, ?, ?)', [
        index,
        migration.tag,
        migration.hash,
        Date.now(),
      ])
    })
    .immediate()

export const isMigrated = (sqlite: Database): boolean => {
  const applied = readApplied(sqlite)
  return applied.length === migrations.length && applied.every((row, index) => row.hash === migrations[index]?.hash)
}
