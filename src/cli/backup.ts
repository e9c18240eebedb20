import { existsSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import type { Config } from '../config.ts'
import { DataDirError, encryptionKeysOf, lockDataDir, lockKeys } from '../data-dir.ts'
import {
  backupFolderOf,
  findBackup,
  hasKeys,
  type ListedBackup,
  listBackups,
  pruneBackups,
} from '../operate/backup/backup-folder.ts'
import { createBackup } from '../operate/backup/create-backup.ts'
import { readManifest } from '../operate/backup/manifest.ts'
import { restoreBackup } from '../operate/backup/restore-backup.ts'
import { verifyBackup } from '../operate/backup/verify-backup.ts'
import { toMegabytes } from '../shared/megabytes.ts'
import { askSecret } from './ask-secret.ts'
import { CommandError, exitCodes, note, print, printJson, printTable } from './output.ts'
import { configOf, withDirOption } from './settings.ts'

/** Behind the requests of a server on this machine. */
const lowPriority = 10

interface Flags {
  dir?: string
  in?: string
  to?: string
  json?: boolean
  passphraseFile?: string
}

const placesOf = (flags: Flags) => {
  const config = configOf(flags)
  const dataPath = resolve(config.dataDir)
  const folder = flags.to ?? flags.in
  return { config, dataPath, folder: folder === undefined ? backupFolderOf(config, dataPath) : resolve(folder) }
}

const keysOf = (config: Config) => encryptionKeysOf(config, join(resolve(config.dataDir), 'keys'))

const givenPassphrase = ({ passphraseFile }: Flags, { backupPassphrase }: Config): string | undefined => {
  if (passphraseFile === undefined) return backupPassphrase
  try {
    return readFileSync(passphraseFile, 'utf8').replace(/[\r\n]+$/, '')
  } catch (error) {
    throw new CommandError(`The file of the passphrase cannot be read: ${(error as Error).message}`)
  }
}

const askNewPassphrase = async (): Promise<string> => {
  const passphrase = await askSecret('Passphrase for the keys')
  if ((await askSecret('The same again')) !== passphrase) throw new CommandError('The two are not the same')
  return passphrase
}

const chooseKeys = async (flags: CreateFlags, config: Config) => {
  const isWanted = flags.withKeys || (flags.scheduled && config.backupPassphrase !== undefined)
  if (!isWanted) return {}
  const passphrase = givenPassphrase(flags, config) ?? (await askNewPassphrase())
  return { keys: { passphrase, signing: config.secretKey, encryption: keysOf(config) } }
}

interface CreateFlags extends Flags {
  withKeys?: boolean
  scheduled?: boolean
}

const create = async (flags: CreateFlags) => {
  const { config, dataPath, folder } = placesOf(flags)
  const kind = flags.scheduled ? 'scheduled' : 'manual'
  const keys = await chooseKeys(flags, config)
  setPriority(lowPriority)
  // The keys must be those of the rows: no rotation meanwhile.
  const unlock = keys.keys && existsSync(dataPath) ? lockKeys(dataPath) : () => {}
  const { name, path, bytes, manifest } = await createBackup({
    dataPath,
    folder,
    kind,
    ...keys,
    isPaced: true,
    now: Date.now(),
  }).finally(unlock)
  const removed = flags.scheduled ? await pruneBackups(folder, config.backupKeep, ['scheduled']) : []
  const { missingContents, danglingRows } = manifest
  if (missingContents.length > 0) note(`The files of ${missingContents.length} plugins are missing in the data folder`)
  if (danglingRows > 0) note(`${danglingRows} rows of the database refer to something that is not there`)
  if (flags.json) printJson({ name, path, bytes, keys: hasKeys(manifest), missingContents, danglingRows, removed })
  else print(`${path} (${toMegabytes(bytes)}, verified${hasKeys(manifest) ? ', with keys' : ''})`)
}

const toListed = ({ name, path, bytes, manifest, isComplete, kind, madeAt }: ListedBackup) => ({
  name,
  path,
  kind,
  createdAt: new Date(madeAt).toISOString(),
  bytes,
  version: manifest?.version ?? null,
  schema: manifest?.schema ?? null,
  keys: manifest ? hasKeys(manifest) : null,
  complete: isComplete,
})

const list = (flags: Flags) => {
  const backups = listBackups(placesOf(flags).folder).map(toListed)
  if (flags.json) printJson({ backups })
  else
    printTable(
      ['name', 'size', 'version', 'schema', 'keys', 'state'],
      backups.map(({ name, bytes, version, schema, keys, complete }) => [
        name,
        toMegabytes(bytes),
        version ?? '?',
        schema ?? '?',
        keys ? 'yes' : 'no',
        complete ? 'complete' : 'damaged',
      ]),
    )
}

const verify = async (name: string, flags: Flags) => {
  const path = findBackup(placesOf(flags).folder, name)
  const { problems } = await verifyBackup(path)
  if (flags.json) printJson({ path, ok: problems.length === 0, problems })
  else if (problems.length === 0) print(`${path} is in order`)
  for (const problem of problems) note(`  - ${problem}`)
  if (problems.length > 0) throw new CommandError(`${path} is damaged`, exitCodes.problems)
}

const choosePassphrase = async (backup: string, flags: RestoreFlags, config: Config) => {
  const manifest = readManifest(backup)
  if (!flags.keys || !manifest || !hasKeys(manifest)) return {}
  const given = givenPassphrase(flags, config)
  if (given !== undefined) return { passphrase: given }
  if (process.stdin.isTTY) return { passphrase: await askSecret('Passphrase of the keys in this backup') }
  note('The keys in this backup stay unused: no passphrase was given. The keys of the data folder are kept.')
  return {}
}

/** Returns what unlocks. */
const lockForRestore = (config: Config): (() => void) => {
  try {
    const { path, unlock } = lockDataDir(config)
    // Nor may a rotation go on with keys and rows that are replaced meanwhile.
    const unlockKeys = lockKeys(path)
    return () => {
      unlockKeys()
      unlock()
    }
  } catch (error) {
    throw error instanceof DataDirError ? new CommandError(`${error.message}. Nothing was restored.`) : error
  }
}

interface RestoreFlags extends Flags {
  keys: boolean
}

const restore = async (name: string, flags: RestoreFlags) => {
  const { config, dataPath, folder } = placesOf(flags)
  const backup = findBackup(folder, name)
  const chosen = await choosePassphrase(backup, flags, config)
  const unlock = lockForRestore(config)
  try {
    const order = { backup, dataPath, ...chosen, encryption: keysOf(config), now: Date.now() }
    const { manifest, replaced, restoredKeys, keyFit } = await restoreBackup(order)
    if (keyFit.unreadable > 0)
      note(
        `The encryption key does not fit: ${keyFit.unreadable} of ${keyFit.sealed} stored settings cannot be read. Put the key of that installation into ${dataPath}/keys/encryption.key (or ENCRYPTION_MASTER_KEY) before you start the server.`,
      )
    const { createdAt } = manifest
    if (flags.json) printJson({ path: backup, createdAt, replaced, restoredKeys, ...keyFit })
    else print(`Restored the state of ${createdAt}${replaced ? `; what was there is in ${dataPath}/${replaced}` : ''}`)
  } finally {
    unlock()
  }
}

const parseKeep = (text: string): number => {
  const keep = Number(text)
  if (!/^\d+$/.test(text) || keep < 1) throw new CommandError('--keep must be a number from 1', exitCodes.usage)
  return keep
}

const prune = async (flags: Flags & { keep: string }) => {
  const removed = await pruneBackups(placesOf(flags).folder, parseKeep(flags.keep), ['manual', 'scheduled'])
  if (flags.json) printJson({ removed })
  else for (const name of removed) print(name)
}

const withJson = (command: Command) => withDirOption(command).option('--json', 'for scripts')
const withFolder = (command: Command) =>
  withJson(command).option('--in <folder>', 'folder of the backups (BACKUP_DIR, default backups in the data folder)')
const passphraseOption = () =>
  new Option('--passphrase-file <file>', 'file with the passphrase (or BACKUP_PASSPHRASE; asked for on a terminal)')

export const backupCommand = () => {
  const backup = new Command('backup').description('copy an installation, and bring one back')
  withJson(backup.command('create'))
    .description('make a verified backup, also beside a running server')
    .option('--to <folder>', 'folder of the backups (BACKUP_DIR, default backups in the data folder)')
    .option('--with-keys', 'with the keys of the installation, sealed by a passphrase')
    .addOption(passphraseOption())
    .addOption(new Option('--scheduled', 'one of those that BACKUP_EVERY asks for').hideHelp())
    .action(create)
  withFolder(backup.command('list')).description('all backups, newest first').action(list)
  withFolder(backup.command('verify <name>'))
    .description('read a backup (name or path) as a whole; exit code 4 if it is damaged')
    .action(verify)
  withFolder(backup.command('restore <name>'))
    .description(
      'put a backup (name or path) in the place of the present data, which is kept beside it; the server must be stopped',
    )
    .addOption(passphraseOption())
    .option('--no-keys', 'leave the keys as they are')
    .action(restore)
  withFolder(backup.command('prune'))
    .description('remove all backups but the newest; those made before upgrades stay')
    .requiredOption('--keep <number>', 'how many complete ones to keep')
    .action(prune)
  return backup
}
