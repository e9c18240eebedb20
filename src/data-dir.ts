import { chmodSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from './config.ts'
import { finishRestore } from './restore-journal.ts'
import { type EncryptionKeys, ensureKeyFile, readKeyFile, type ServerKeys } from './shared/encryption-keys.ts'
import { isFileLocked, lockFile } from './shared/file-lock.ts'
import { giveToOwnerOf } from './shared/give-to-owner.ts'

/** `message` is for the person at the terminal. */
export class DataDirError extends Error {
  override name = 'DataDirError'
}

export interface DataDir {
  path: string
  databasePath: string
  keys: ServerKeys
  /** Lets the next server in. The operating system does the same when the process dies. */
  unlock(): void
}

const lockName = 'server.lock'

/** Who looks whether a server runs touches the lock for a moment. */
const glanceMs = 250

const lock = (path: string): (() => void) => {
  const unlock = lockFile(join(path, lockName), glanceMs)
  if (!unlock) throw new DataDirError(`Another BrainDrive Server is running on ${path}`)
  return unlock
}

/** Whether a server, or another program that must be alone, has locked the folder. Changes nothing. */
export const isDataDirLocked = (path: string): boolean => isFileLocked(join(path, lockName))

/**
 * Keeps the keys as they are while a backup is made of them and of what they seal: a rotation waits so long, and a backup for
 * a rotation. Throws `DataDirError`.
 */
export const lockKeys = (path: string): (() => void) => {
  const file = join(path, 'keys.lock')
  const unlock = lockFile(file, 10_000)
  if (!unlock)
    throw new DataDirError('A backup is being made, or the keys are being changed: try again when that is done')
  giveToOwnerOf(path, file)
  return unlock
}

export const encryptionKeysOf = (
  { encryptionMasterKey, oldEncryptionMasterKey }: Pick<Config, 'encryptionMasterKey' | 'oldEncryptionMasterKey'>,
  keyFolder: string,
): EncryptionKeys => ({
  given: encryptionMasterKey,
  old: oldEncryptionMasterKey,
  file: join(keyFolder, 'encryption.key'),
})

/** One key for ever: whoever replaces it signs everybody out. */
const loadSigningKey = (path: string): string => {
  ensureKeyFile(path)
  return readKeyFile(path)[0] ?? ''
}

/** Where the keys of a server are. Those that it needs and nobody has given are made. Throws `KeyFileError`. */
const loadKeys = (config: Config, folder: string): ServerKeys => {
  const encryption = encryptionKeysOf(config, folder)
  if (encryption.given === undefined) ensureKeyFile(encryption.file)
  return { signing: config.secretKey ?? loadSigningKey(join(folder, 'signing.key')), encryption }
}

/**
 * Makes the data folder when it is absent (0700), and locks it against a server and against other programs that must not
 * run beside one. Ends what a restore that crashed left to do. Throws `DataDirError`.
 */
export const lockDataDir = (config: Pick<Config, 'dataDir'>): Pick<DataDir, 'path' | 'databasePath' | 'unlock'> => {
  const path = resolve(config.dataDir)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  } catch (cause) {
    throw new DataDirError(`The data folder ${path} cannot be made or written: ${(cause as Error).message}`, { cause })
  }
  const unlock = lock(path)
  giveToOwnerOf(path, join(path, lockName))
  finishRestore(path)
  return { path, databasePath: join(path, 'braindrive.db'), unlock }
}

/** Opens the data folder for a server: locked, with its keys (0600). Throws `DataDirError`. */
export const openDataDir = (config: Config): DataDir => {
  const dataDir = lockDataDir(config)
  const keyFolder = join(dataDir.path, 'keys')
  mkdirSync(keyFolder, { recursive: true, mode: 0o700 })
  giveToOwnerOf(dataDir.path, keyFolder)
  return {
    ...dataDir,
    keys: loadKeys(config, keyFolder),
  }
}
