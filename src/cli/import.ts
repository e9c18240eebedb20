import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { Config } from '../config.ts'
import { type DataDir, openDataDir } from '../data-dir.ts'
import { openDatabase } from '../db/client.ts'
import { findPendingMigrations, migrate } from '../db/migrate.ts'
import { backupBeforeUpgrade } from '../operate/backup/backup-before-upgrade.ts'
import { backupFolderOf } from '../operate/backup/backup-folder.ts'
import { giveImportedToOwner } from '../operate/import/give-imported.ts'
import { importInstallation } from '../operate/import/import-installation.ts'
import type { Finding, ImportReport } from '../operate/import/import-report.ts'
import { createLog } from '../shared/log.ts'
import { CommandError, note, print, printJson, printTable, toVisible } from './output.ts'
import { configOf, withDirOption } from './settings.ts'
import { buildCommandDeps } from './with-deps.ts'

interface Flags {
  dir?: string
  from: string
  plugins?: string
  masterKey?: string
  masterKeyFile?: string
  skipUnreadable?: boolean
  dryRun?: boolean
  json?: boolean
}

/** The key as the file has it, and without the end of its line. */
const readKeyFile = (path: string): string[] => {
  try {
    const text = readFileSync(path, 'utf8')
    return [text.replace(/\r?\n$/, ''), text]
  } catch (error) {
    throw new CommandError(`The file of the master key cannot be read: ${(error as Error).message}`)
  }
}

const masterKeysOf = ({ masterKey, masterKeyFile }: Flags, config: Config): string[] => {
  const given = [...(masterKey === undefined ? [] : [masterKey]), ...(masterKeyFile ? readKeyFile(masterKeyFile) : [])]
  // Who moved the old variables along has it here, too.
  return [...given, config.encryptionMasterKey ?? ''].filter((key) => key !== '')
}

const openForImport = async (config: Config, { path: dataPath, databasePath }: DataDir, dryRun: boolean) => {
  if (!dryRun) await backupBeforeUpgrade({ dataPath, folder: backupFolderOf(config, dataPath), now: Date.now() })
  const isNew = !existsSync(databasePath)
  const database = openDatabase(databasePath)
  if (dryRun && !isNew && findPendingMigrations(database.sqlite).length > 0) {
    database.close()
    throw new CommandError('This installation is of an older version: start the server once before a dry run')
  }
  migrate(database.sqlite)
  return database
}

const runImport = async (config: Config, flags: Flags): Promise<ImportReport> => {
  const dataDir = openDataDir(config)
  try {
    const database = await openForImport(config, dataDir, flags.dryRun ?? false)
    try {
      const log = createLog({ level: 'warn', format: 'text', write: (text) => process.stderr.write(text) })
      const { path, keys } = dataDir
      const deps = buildCommandDeps(config, { path, database, keys: keys.encryption }, log)
      return await importInstallation(deps, {
        source: resolve(flags.from),
        plugins: flags.plugins === undefined ? undefined : resolve(flags.plugins),
        masterKeys: masterKeysOf(flags, config),
        skipUnreadable: flags.skipUnreadable ?? false,
        dryRun: flags.dryRun ?? false,
      })
    } finally {
      database.close()
    }
  } finally {
    giveImportedToOwner(dataDir.path)
    dataDir.unlock()
  }
}

/** Where there is no installation yet, a dry run leaves none behind. */
const runDry = async (config: Config, flags: Flags): Promise<ImportReport> => {
  if (existsSync(join(resolve(config.dataDir), 'braindrive.db'))) return await runImport(config, flags)
  const dataDir = mkdtempSync(join(tmpdir(), 'braindrive-import-'))
  try {
    return await runImport({ ...config, dataDir }, flags)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const shownIds = 5

const describe = ({ table, kind, reason, count, ids }: Finding): string => {
  const shown = ids.slice(0, shownIds).filter((id) => id !== '')
  const list = shown.map((id) => toVisible(id.slice(0, 100))).join(', ')
  return `  ${kind} ${count} of ${toVisible(table)}: ${reason}${list ? ` (${list}${count > shown.length ? ', …' : ''})` : ''}`
}

const printReport = ({ tables, findings, dryRun }: ImportReport) => {
  printTable(
    ['table', 'read', 'imported', 'there before', 'dropped'],
    tables
      .filter(({ read }) => read > 0)
      .map((one) => [toVisible(one.table), ...[one.read, one.imported, one.alreadyThere, one.dropped].map(String)]),
  )
  if (findings.length > 0) print(`\n${findings.map(describe).join('\n')}`)
  note(dryRun ? 'Nothing was changed: this was a dry run' : 'Done. --json lists the ids of what was dropped or changed')
}

const run = async (flags: Flags) => {
  const config = configOf(flags)
  const report = await (flags.dryRun ? runDry(config, flags) : runImport(config, flags))
  if (flags.json) printJson(report)
  else printReport(report)
}

export const importCommand = () =>
  withDirOption(new Command('import'))
    .description('bring an installation of the BrainDrive backend in; both servers must be stopped')
    .requiredOption('--from <file>', 'its database, braindrive.db; nothing is written to it')
    .option('--plugins <folder>', 'its folder backend/plugins; without it plugins come without their files')
    .addOption(
      new Option(
        '--master-key <key>',
        'ENCRYPTION_MASTER_KEY of the old server; other users see it in the process list',
      ).env('IMPORT_MASTER_KEY'),
    )
    .option('--master-key-file <file>', 'file with that key')
    .option('--skip-unreadable', 'leave out settings that no key opens')
    .option('--dry-run', 'only tell what would happen')
    .option('--json', 'for scripts')
    .action(run)
