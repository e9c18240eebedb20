import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve, sep } from 'node:path'
import type { Config } from '../../config.ts'
import { flushPath } from '../../shared/flush-path.ts'
import { type BackupKind, type BackupName, parseBackupName } from './backup-names.ts'
import { BackupError, type Manifest, partNames } from './backup-types.ts'
import { readManifest } from './manifest.ts'
import { removePaced } from './remove-paced.ts'

/** One backup of a folder. */
export interface ListedBackup extends BackupName {
  path: string
  /** What all of its files take. */
  bytes: number
  /** Undefined when it is not readable. */
  manifest: Manifest | undefined
  /** Whether all files are there in full length; `verify` also reads them. */
  isComplete: boolean
}

const unfinishedPrefix = '.unfinished-'
const removingPrefix = '.removing-'
export const backupFolderOf = ({ backupDir }: Pick<Config, 'backupDir'>, dataPath: string): string =>
  backupDir === undefined ? join(dataPath, 'backups') : resolve(backupDir)

/** What one data folder is making there; others may share the folder of backups. */
const unfinishedOf = (dataPath: string) =>
  `${unfinishedPrefix}${createHash('sha256').update(dataPath).digest('hex').slice(0, 12)}`

/** A new empty folder aside. Removes what a crash left of another: only for who has the lock of the data folder's contents. */
export const beginBackup = (folder: string, dataPath: string): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, unfinishedOf(dataPath))
  rmSync(path, { recursive: true, force: true })
  for (const name of readdirSync(folder).filter((one) => one.startsWith(removingPrefix)))
    rmSync(join(folder, name), { recursive: true, force: true })
  mkdirSync(path, { mode: 0o700 })
  return path
}

/** Puts a complete and flushed backup into its place. */
export const placeBackup = (folder: string, unfinished: string, name: string): string => {
  flushPath(unfinished)
  const path = join(folder, name)
  renameSync(unfinished, path)
  flushPath(folder)
  return path
}

const sizeOf = (path: string): number | undefined => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isFile() ? found.size : undefined
}

const describe = (folder: string, name: BackupName): ListedBackup => {
  const path = join(folder, name.name)
  const manifest = readManifest(path)
  const parts = Object.entries(manifest?.parts ?? {})
  const sizes = parts.map(([part]) => sizeOf(join(path, part)))
  return {
    ...name,
    path,
    bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    manifest,
    isComplete: manifest !== undefined && parts.every(([, { bytes }], index) => sizes[index] === bytes),
  }
}

/** Newest first. */
export const listBackups = (folder: string): ListedBackup[] => {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map(parseBackupName)
    .filter((name) => name !== undefined)
    .toSorted((a, b) => b.madeAt - a.madeAt)
    .map((name) => describe(folder, name))
}

/** The backup of that name in the folder, or at that path. Throws `BackupError`. */
export const findBackup = (folder: string, nameOrPath: string): string => {
  const isPath = isAbsolute(nameOrPath) || nameOrPath.includes(sep)
  const path = isPath ? resolve(nameOrPath) : join(folder, nameOrPath)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new BackupError(`There is no backup ${isPath ? path : `"${nameOrPath}" in ${folder}`}`)
  return path
}

export const hasKeys = (manifest: Manifest): boolean => Object.hasOwn(manifest.parts, partNames.keys)

const remove = async (folder: string, name: string) => {
  // Renamed first: nothing that is half removed looks like a backup.
  const grave = join(folder, `${removingPrefix}${name}`)
  renameSync(join(folder, name), grave)
  await removePaced(grave)
}

/**
 * Removes the backups of these kinds that are older than the newest `keep` complete ones. What is damaged does not count as
 * kept. Of those before an upgrade only the newest of each schema step counts: one that fails is begun again and again.
 * Returns the names of what is gone.
 */
export const pruneBackups = async (folder: string, keep: number, kinds: BackupKind[]): Promise<string[]> => {
  const kept = new Set<string>()
  const surplus: string[] = []
  for (const { name, kind, subject, isComplete } of listBackups(folder)) {
    if (!kinds.includes(kind)) continue
    const counted = kind === 'upgrade' ? subject : name
    if (kept.size >= keep || kept.has(counted)) surplus.push(name)
    else if (isComplete) kept.add(counted)
  }
  for (const name of surplus) await remove(folder, name)
  return surplus
}
