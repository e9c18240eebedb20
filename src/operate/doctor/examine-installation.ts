import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createGuardedFetch } from '../../adapters/web/guarded-fetch.ts'
import type { GuardedFetch } from '../../adapters/web/types.ts'
import type { Config } from '../../config.ts'
import { encryptionKeysOf } from '../../data-dir.ts'
import { createKeyRing, parseableKeys } from '../../shared/encryption-keys.ts'
import type { Log } from '../../shared/log.ts'
import { createSecretBox } from '../../shared/secret-box.ts'
import { checkJobs, checkPlugins } from './check-contents.ts'
import { checkForeignKeys, checkIntegrity, checkLog, checkSchema, findNewestEvent } from './check-database.ts'
import { checkClock, checkPermissions, checkRestore, checkRoom, checkWritable } from './check-folder.ts'
import { checkKeys } from './check-keys.ts'
import { checkPort, checkProviders, checkUserServers } from './check-network.ts'
import { examine, type Finding, problem, warning } from './finding.ts'
import { type ReadOnlyDatabase, readDatabase } from './read-only-database.ts'

const connectMs = 3000

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, flush() {}, recent: () => [] }

interface Context {
  config: Config
  path: string
  fetch: GuardedFetch
  now: number
}

/** What needs the tables that this program knows. */
const examineRows = async ({ config, path, fetch, now }: Context, { sqlite, db }: ReadOnlyDatabase) => {
  const keys = encryptionKeysOf(config, join(path, 'keys'))
  const listServers = () => {
    const secretBox = createSecretBox(createKeyRing(keys))
    return checkUserServers({ db, secretBox, log: silentLog, config, clock: () => now }, fetch)
  }
  const canOpen = keys.given !== undefined || parseableKeys(keys.file) !== undefined
  return [
    ...(await examine('clock', () => checkClock(now, findNewestEvent({ sqlite, db })))),
    ...(await examine('keys', () => checkKeys(db, keys))),
    ...(await examine('plugins', () => checkPlugins(db, path))),
    ...(await examine('jobs', () => checkJobs(db, now))),
    ...(canOpen ? await examine('users’ providers', listServers) : []),
  ]
}

const examineDatabase = (context: Context, databasePath: string): Promise<Finding[]> =>
  readDatabase(databasePath, async (database) => {
    const integrity = await examine('integrity', () => checkIntegrity(database))
    if (integrity.some(({ severity }) => severity === 'problem')) return integrity
    const { findings, isCurrent } = checkSchema(database)
    return [
      ...integrity,
      ...(await examine('foreign keys', () => checkForeignKeys(database))),
      ...findings,
      ...checkLog(databasePath),
      ...(isCurrent ? await examineRows(context, database) : checkClock(context.now, undefined)),
    ]
  })

const unreadable = (error: Error) =>
  problem(
    'integrity',
    `The database cannot be read: ${error.message}`,
    'Run this as the account of the server. If that is so: stop the server, keep a copy, and restore a backup.',
  )

/** Unlike `existsSync` it throws where this account may not look. */
const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

const examineFile = async (context: Context, databasePath: string): Promise<Finding[]> =>
  isThere(databasePath)
    ? await examineDatabase(context, databasePath).catch((error: Error) => [unreadable(error)])
    : [
        warning('database', `There is no file ${databasePath}`, 'Name the folder with --dir; the server makes one.'),
        ...checkClock(context.now, undefined),
      ]

const examineFolder = async (context: Context): Promise<Finding[]> => {
  const { path, now } = context
  if (!isThere(path))
    return [
      warning('data folder', `There is no folder ${path}`, 'Name it with --dir; the first start of a server makes it.'),
      ...checkClock(now, undefined),
    ]
  const databasePath = join(path, 'braindrive.db')
  return [
    ...(await examine('permissions', () => checkPermissions(path))),
    ...checkWritable(path),
    ...(await examine('disk', () => checkRoom(path))),
    ...checkRestore(path),
    ...(await examine('database', () => examineFile(context, databasePath))),
  ]
}

/** Looks at everything that an installation needs, beside its server or without one. Changes nothing. */
export const examineInstallation = async (config: Config, now: number): Promise<Finding[]> => {
  const path = resolve(config.dataDir)
  const fetch = createGuardedFetch({ maxConcurrent: 32, defaultIdleTimeoutMs: connectMs, connectTimeoutMs: connectMs })
  const context = { config, path, fetch, now }
  return [
    ...(await examine('data folder', () => examineFolder(context))),
    ...(await examine('port', () => checkPort(config, path))),
    ...(await examine('providers', () => checkProviders(config, fetch))),
  ]
}
