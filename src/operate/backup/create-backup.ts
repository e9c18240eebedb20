import { existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join, sep } from 'node:path'
import { contentsFolder, holdContents } from '../../areas/plugins/packages/create-package-store.ts'
import { isRestoreUnfinished } from '../../restore-journal.ts'
import { flushPath } from '../../shared/flush-path.ts'
import { giveToOwnerOf, giveTreeToOwnerOf } from '../../shared/give-to-owner.ts'
import { toMegabytes } from '../../shared/megabytes.ts'
import { version } from '../../shared/version.ts'
import { walkTree } from '../../shared/walk-tree.ts'
import { beginBackup, placeBackup } from './backup-folder.ts'
import { type BackupKind, newBackupName } from './backup-names.ts'
import { BackupError, type BackupPart, type Manifest, partNames } from './backup-types.ts'
import { copyDatabase } from './copy-database.ts'
import { type InstallationKeys, readKeys } from './installation-keys.ts'
import { writeManifest } from './manifest.ts'
import { findMissingContents, listNeededContents, packContents } from './plugin-contents.ts'
import { checkPassphrase, sealKeys } from './sealed-keys.ts'
import { countDanglingRows, openCopy, verifyBackup } from './verify-backup.ts'

export interface BackupOrder {
  dataPath: string
  /** Where the backup goes; made when absent. */
  folder: string
  kind: BackupKind
  /** Schema step that comes next, for a backup before an upgrade. */
  before?: string
  /** Adds the keys, sealed with the passphrase. They must not be rotated meanwhile. */
  keys?: InstallationKeys & { passphrase: string }
  /** Leaves others time on the disk; for when a server may be running. */
  isPaced: boolean
  now: number
  /** Bytes that are free at a path. */
  readFreeBytes?: (path: string) => number
}

export interface CreatedBackup {
  name: string
  path: string
  bytes: number
  manifest: Manifest
}

/** A server that runs meanwhile must not find its disk full. */
const spareBytes = 64 * 1024 * 1024

const freeBytesAt = (path: string): number => {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

const sizeOfTree = (folder: string): number => {
  let bytes = 0
  if (!existsSync(folder)) return bytes
  // Contents may go while they are counted.
  for (const { path, isFile } of walkTree(folder))
    if (isFile) bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return bytes
}

const checkRoom = ({ dataPath, folder, readFreeBytes = freeBytesAt }: BackupOrder) => {
  const needed = statSync(join(dataPath, 'braindrive.db')).size + sizeOfTree(contentsFolder(dataPath)) + spareBytes
  const free = readFreeBytes(folder)
  if (free < needed)
    throw new BackupError(
      `There is not enough room for a backup in ${folder}: it needs ${toMegabytes(needed)}, ${toMegabytes(free)} are free`,
    )
}

const writeKeys = (path: string, sealed: string): BackupPart => {
  writeFileSync(path, sealed, { mode: 0o600, flag: 'wx' })
  flushPath(path)
  return { bytes: Buffer.byteLength(sealed), sha256: createHash('sha256').update(sealed).digest('hex') }
}

const readCopy = (path: string) => {
  const copy = openCopy(path)
  try {
    const schema = copy
      .query<{ tag: string }, []>('SELECT tag FROM schema_migrations ORDER BY idx DESC LIMIT 1')
      .get()?.tag
    return { schema: schema ?? null, needed: listNeededContents(copy), danglingRows: countDanglingRows(copy) }
  } finally {
    copy.close()
  }
}

const writeParts = async (order: BackupOrder, target: string): Promise<Manifest> => {
  const { dataPath, isPaced, keys, now } = order
  const partAt = (name: keyof typeof partNames) => join(target, partNames[name])
  const database = await copyDatabase(join(dataPath, 'braindrive.db'), partAt('database'), isPaced)
  const sealed = keys && writeKeys(partAt('keys'), sealKeys(readKeys(dataPath, keys), keys.passphrase))
  const { schema, needed, danglingRows } = readCopy(partAt('database'))
  const missing = new Set(findMissingContents(contentsFolder(dataPath), needed))
  const contents = needed.filter((hash) => !missing.has(hash))
  const plugins = await packContents(contentsFolder(dataPath), contents, { target: partAt('plugins'), isPaced })
  return {
    format: 1,
    createdAt: new Date(now).toISOString(),
    version,
    schema,
    parts: {
      [partNames.database]: database,
      [partNames.plugins]: plugins,
      ...(sealed ? { [partNames.keys]: sealed } : {}),
    },
    contents,
    missingContents: [...missing],
    danglingRows,
  }
}

const make = async (order: BackupOrder, target: string): Promise<CreatedBackup> => {
  checkRoom(order)
  const manifest = await writeParts(order, target)
  writeManifest(target, manifest)
  const { problems } = await verifyBackup(target)
  if (problems.length > 0) throw new BackupError(`The backup is not usable: ${problems.join('; ')}`)
  const name = newBackupName(order.kind, order.now, order.before)
  // Of the server's own account, unless it is kept elsewhere.
  if (order.folder.startsWith(order.dataPath + sep)) giveTreeToOwnerOf(order.dataPath, target)
  const path = placeBackup(order.folder, target, name)
  const bytes = Object.values(manifest.parts).reduce((sum, part) => sum + part.bytes, 0)
  return { name, path, bytes, manifest }
}

/**
 * Copies the database, the files of the plugins in it and, when asked for, the keys, also beside a running server. The
 * backup is made aside and gets its name when it is complete, flushed and verified. Throws `BackupError`, and whatever the
 * disk says, e.g. `ENOSPC`; nothing is left then.
 */
export const createBackup = async (order: BackupOrder): Promise<CreatedBackup> => {
  const { dataPath, folder, keys } = order
  if (keys) checkPassphrase(keys.passphrase)
  if (!existsSync(join(dataPath, 'braindrive.db'))) throw new BackupError(`There is no database in ${dataPath}`)
  if (isRestoreUnfinished(dataPath))
    throw new BackupError('A restore was interrupted here: start the server, which completes it')
  // What the copied rows need must still be there when its turn comes, also when it is uninstalled meanwhile.
  const release = holdContents(dataPath)
  if (!release) throw new BackupError('Another backup of this data folder is being made')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (folder.startsWith(dataPath + sep)) giveToOwnerOf(dataPath, folder)
    const target = beginBackup(folder, dataPath)
    try {
      return await make(order, target)
    } catch (error) {
      rmSync(target, { recursive: true, force: true })
      throw error
    }
  } finally {
    release()
  }
}
