import { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from './config.ts'

/** `message` is for the person at the terminal. */
export class DataDirError extends Error {
  override name = 'DataDirError'
}

export interface DataDir {
  path: string
  databasePath: string
  keys: { signing: string; encryption: string }
  /** Lets the next server in. The operating system does the same when the process dies. */
  unlock(): void
}

/**
 * An open exclusive transaction on a file of its own is a lock that works on every platform and that no crash leaves
 * behind.
 */
const lock = (path: string): (() => void) => {
  const database = new Database(join(path, 'server.lock'), { create: true })
  try {
    database.run('PRAGMA busy_timeout = 0')
    database.run('BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new DataDirError(`Another BrainDrive Server is running on ${path}`, { cause })
  }
  return () => database.close()
}

const fsyncPath = (path: string) => {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** Written aside, synced and linked into place: after a crash there is a whole key or none, and never a second one. */
const generateKey = (folder: string, name: string): string => {
  const path = join(folder, name)
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  const file = openSync(temporary, 'wx', 0o600)
  writeSync(file, `${randomBytes(32).toString('hex')}\n`)
  fsyncSync(file)
  closeSync(file)
  linkSync(temporary, path)
  unlinkSync(temporary)
  fsyncPath(folder)
  return readKey(path)
}

const readKey = (path: string): string => {
  const key = readFileSync(path, 'utf8').trim()
  if (key.length < 32) throw new DataDirError(`The key file ${path} is damaged: restore it from a backup`)
  return key
}

const loadKey = (folder: string, name: string): string => {
  const path = join(folder, name)
  return existsSync(path) ? readKey(path) : generateKey(folder, name)
}

/** Opens the data folder: made when absent (0700), locked against a second server, with its keys (0600). Throws `DataDirError`. */
export const openDataDir = (config: Config): DataDir => {
  const path = resolve(config.dataDir)
  const keyFolder = join(path, 'keys')
  try {
    mkdirSync(keyFolder, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  } catch (cause) {
    throw new DataDirError(`The data folder ${path} cannot be made or written: ${(cause as Error).message}`, { cause })
  }
  const unlock = lock(path)
  return {
    path,
    databasePath: join(path, 'braindrive.db'),
    keys: {
      signing: config.secretKey ?? loadKey(keyFolder, 'signing.key'),
      encryption: config.encryptionMasterKey ?? loadKey(keyFolder, 'encryption.key'),
    },
    unlock,
  }
}
