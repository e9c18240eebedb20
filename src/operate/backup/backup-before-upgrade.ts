import { Database } from 'bun:sqlite'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Migration } from '../../db/embed-migrations.ts'
import { findPendingMigrations } from '../../db/migrate.ts'
import { pruneBackups } from './backup-folder.ts'
import { BackupError } from './backup-types.ts'
import { createBackup } from './create-backup.ts'

const keptUpgrades = 3

/** What a start would do to the schema; nothing when there is no installation yet. */
const findNextStep = (databasePath: string, known: Migration[] | undefined): string | undefined => {
  if (!existsSync(databasePath)) return undefined
  const database = new Database(databasePath, { readwrite: true, create: false })
  try {
    const isNew = !database.query("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").get()
    return isNew ? undefined : findPendingMigrations(database, known)[0]?.tag
  } finally {
    database.close()
  }
}

export interface UpgradeOrder {
  dataPath: string
  folder: string
  now: number
  /** Steps that the program knows; its own if left out. */
  known?: Migration[]
}

/**
 * The way back from an upgrade: a backup before the schema of an existing database changes, of which the last three are kept.
 * Call it before this process opens the database. Returns its name, or undefined when nothing will change. Throws
 * `BackupError` when it cannot be made: then there must be no upgrade; `SchemaError` when this program is the older one.
 */
export const backupBeforeUpgrade = async ({
  dataPath,
  folder,
  now,
  known,
}: UpgradeOrder): Promise<string | undefined> => {
  const before = findNextStep(join(dataPath, 'braindrive.db'), known)
  if (before === undefined) return undefined
  try {
    const { name } = await createBackup({ dataPath, folder, kind: 'upgrade', before, isPaced: false, now })
    await pruneBackups(folder, keptUpgrades, ['upgrade'])
    return name
  } catch (cause) {
    const advice = 'Nothing was changed. Make room, or name a folder on another disk with BACKUP_DIR, and start again.'
    const { message } = cause as Error
    throw new BackupError(`The upgrade was not begun, since there is no backup before it: ${message}. ${advice}`, {
      cause,
    })
  }
}
