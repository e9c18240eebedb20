import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { DataDirError, encryptionKeysOf, openDataDir } from '../data-dir.ts'
import { type DatabaseHandle, openDatabase } from '../db/client.ts'
import { findPendingMigrations, migrate } from '../db/migrate.ts'
import { isRestoreUnfinished } from '../restore-journal.ts'
import type { EncryptionKeys } from '../shared/encryption-keys.ts'
import { giveToOwnerOf } from '../shared/give-to-owner.ts'

/** An installation for a program that may run beside its server. */
export interface Installation {
  /** The data folder. */
  path: string
  database: DatabaseHandle
  keys: EncryptionKeys
  close(): void
}

const makeNew = (config: Config) => {
  const { path, databasePath, unlock } = openDataDir(config)
  const database = openDatabase(databasePath)
  migrate(database.sqlite)
  database.close()
  giveToOwnerOf(path, databasePath)
  unlock()
}

const assertUsable = ({ sqlite }: DatabaseHandle) => {
  const isEmpty = sqlite.query("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").get() === null
  if (isEmpty || findPendingMigrations(sqlite).length > 0)
    throw new DataDirError('The database is of an older version: start the server once, which brings it up to date')
}

/**
 * Opens what is in the data folder without its lock. Throws `DataDirError` when there is nothing, unless it may be made, and
 * when it has to be repaired or upgraded first; `SchemaError` when a newer program made it.
 */
export const openInstallation = (config: Config, { mayMake = false } = {}): Installation => {
  const path = resolve(config.dataDir)
  const databasePath = join(path, 'braindrive.db')
  if (isRestoreUnfinished(path))
    throw new DataDirError('A restore was interrupted: start the server, or restore again, which completes it')
  if (!existsSync(databasePath)) {
    if (!mayMake) throw new DataDirError(`There is no database in ${path}: name the data folder with --dir`)
    makeNew(config)
  }
  const database = openDatabase(databasePath)
  try {
    assertUsable(database)
  } catch (error) {
    database.sqlite.close()
    throw error
  }
  return {
    path,
    database,
    keys: encryptionKeysOf(config, join(path, 'keys')),
    // No checkpoint: a server that runs makes its own.
    close: () => database.sqlite.close(),
  }
}
