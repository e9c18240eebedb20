import type { Database } from 'bun:sqlite'
import { embedMigrations, type Migration } from './embed-migrations.ts' with { type: 'macro' }

export const migrations: Migration[] = embedMigrations()

/** `message` is for the person at the terminal. */
export class SchemaError extends Error {
  override name = 'SchemaError'
}

const readApplied = (sqlite: Database): { tag: string; hash: string }[] =>
  sqlite.query<{ tag: string; hash: string }, []>('SELECT tag, hash FROM schema_migrations ORDER BY idx').all()

/** The steps that this database lacks. Throws `SchemaError` when it was made by a newer program, or by another build. */
export const findPendingMigrations = (sqlite: Database, known: Migration[] = migrations): Migration[] => {
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
  return known.slice(applied.length)
}

/** Brings the schema to this program's version, one transaction per migration. Returns the tags that were applied now. */
export const migrate = (sqlite: Database, known: Migration[] = migrations): string[] => {
  sqlite.run(
    'CREATE TABLE IF NOT EXISTS schema_migrations (idx INTEGER PRIMARY KEY, tag TEXT NOT NULL, hash TEXT NOT NULL, applied_at INTEGER NOT NULL)',
  )
  const pending = findPendingMigrations(sqlite, known)
  const first = known.length - pending.length
  return pending.map((migration, offset) => {
    applyMigration(sqlite, migration, first + offset)
    return migration.tag
  })
}

const applyMigration = (sqlite: Database, migration: Migration, index: number) => {
  // A table that is made anew is dropped for a moment, which would delete all rows that refer to it. Cannot be changed
  // inside a transaction; what refers to nothing afterwards is found by the check.
  sqlite.run('PRAGMA foreign_keys = OFF')
  try {
    sqlite
      .transaction(() => {
        for (const statement of migration.statements) sqlite.run(statement)
        const dangling = sqlite.query('PRAGMA foreign_key_check').all()
        if (dangling.length > 0)
          throw new SchemaError(
            `Schema step ${migration.tag} was undone: ${dangling.length} rows would refer to something that is gone.`,
          )
        sqlite.run('INSERT INTO schema_migrations (idx, tag, hash, applied_at) VALUES (?, ?, ?, ?)', [
          index,
          migration.tag,
          migration.hash,
          Date.now(),
        ])
      })
      .immediate()
  } finally {
    sqlite.run('PRAGMA foreign_keys = ON')
  }
}

export const isMigrated = (sqlite: Database): boolean => {
  const applied = readApplied(sqlite)
  return applied.length === migrations.length && applied.every((row, index) => row.hash === migrations[index]?.hash)
}
