import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentsFolder, holdContents } from '../../areas/plugins/packages/create-package-store.ts'
import { carryOut, isRestoreUnfinished, stagingNameOf } from '../../restore-journal.ts'
import { type EncryptionKeys, parseKeys } from '../../shared/encryption-keys.ts'
import { flushPath } from '../../shared/flush-path.ts'
import { giveTreeToOwnerOf } from '../../shared/give-to-owner.ts'
import { walkTree } from '../../shared/walk-tree.ts'
import { toFileTime } from './backup-names.ts'
import { BackupError, type Manifest, partNames } from './backup-types.ts'
import { type KeyFiles, keyNames, readKeys } from './installation-keys.ts'
import { checkKeyFit, type KeyFit } from './key-fit.ts'
import { unpackContents } from './plugin-contents.ts'
import { openKeys } from './sealed-keys.ts'
import { openCopy, verifyBackup } from './verify-backup.ts'

export interface RestoreOrder {
  /** Folder of the backup. */
  backup: string
  /** The locked data folder. */
  dataPath: string
  /** Restores the keys as well. */
  passphrase?: string
  /** Those that a server would use if no keys are restored. */
  encryption: EncryptionKeys
  now: number
}

export interface Restored {
  manifest: Manifest
  /** Name of the folder inside the data folder that keeps what was there before; null when there was nothing. */
  replaced: string | null
  restoredKeys: boolean
  keyFit: KeyFit
}

/** Far more than sealed keys take, which are read at once. */
const maxKeyBytes = 4 * 1024 * 1024

/** As `plugins/contents` in the data folder. */
const contentsPath = contentsFolder('')

const flushTree = (folder: string) => {
  for (const { path } of walkTree(folder)) flushPath(path)
  flushPath(folder)
}

const readSealedKeys = (backup: string, manifest: Manifest, passphrase: string | undefined): KeyFiles | undefined => {
  if (passphrase === undefined) return undefined
  const part = Object.hasOwn(manifest.parts, partNames.keys) ? manifest.parts[partNames.keys] : undefined
  if (!part) throw new BackupError('This backup has no keys in it')
  if (part.bytes > maxKeyBytes) throw new BackupError('The keys in the backup are not understood')
  return openKeys(readFileSync(join(backup, partNames.keys), 'utf8'), passphrase)
}

const stage = async (backup: string, staging: string, keys: KeyFiles | undefined): Promise<string[]> => {
  mkdirSync(join(staging, contentsPath), { recursive: true, mode: 0o700 })
  await unpackContents(join(backup, partNames.plugins), join(staging, contentsPath))
  const database = join(staging, 'braindrive.db')
  cpSync(join(backup, partNames.database), database)
  // Whatever became of the backup on its way.
  chmodSync(database, 0o600)
  if (keys) mkdirSync(join(staging, 'keys'), { mode: 0o700 })
  for (const [name, text] of Object.entries(keys ?? {}))
    writeFileSync(join(staging, 'keys', name), text, { mode: 0o600 })
  flushTree(staging)
  return ['braindrive.db', contentsPath, ...(keys ? ['keys'] : [])]
}

/** What a server would open the restored values with. */
const listKeys = ({ dataPath, encryption }: RestoreOrder, restored: KeyFiles | undefined): string[] => {
  const { given, old } = encryption
  const ofFile = restored ?? readKeys(dataPath, { signing: undefined, encryption })
  return [given, ...parseKeys(ofFile[keyNames.encryption] ?? ''), old].filter((key) => key !== undefined)
}

const exchange = async (order: RestoreOrder, manifest: Manifest, keys: KeyFiles | undefined): Promise<Restored> => {
  const { backup, dataPath, now } = order
  const time = toFileTime(now)
  const [staging, replaced] = [stagingNameOf(time), `replaced-${time}`]
  try {
    const parts = await stage(backup, join(dataPath, staging), keys)
    giveTreeToOwnerOf(dataPath, join(dataPath, staging))
    const copy = openCopy(join(dataPath, staging, 'braindrive.db'))
    const keyFit = checkKeyFit(copy, listKeys(order, keys))
    copy.close()
    carryOut(dataPath, { staging, replaced, parts })
    const hasReplaced = existsSync(join(dataPath, replaced))
    return { manifest, replaced: hasReplaced ? replaced : null, restoredKeys: keys !== undefined, keyFit }
  } catch (error) {
    // Once the exchange has begun, only what is in there can complete it.
    if (!isRestoreUnfinished(dataPath)) rmSync(join(dataPath, staging), { recursive: true, force: true })
    throw error
  }
}

/**
 * Puts a backup in the place of what is in the data folder, which is kept beside it. Everything is verified and written
 * before anything changes; a crash leaves the old installation or, once the exchange has begun, the restored one, which the
 * next start completes. Throws `BackupError`: then nothing has changed.
 */
export const restoreBackup = async (order: RestoreOrder): Promise<Restored> => {
  const { backup, dataPath, passphrase } = order
  const { manifest, problems } = await verifyBackup(backup)
  if (!manifest || problems.length > 0)
    throw new BackupError(`The backup is damaged, nothing was restored: ${problems.join('; ')}`)
  const keys = readSealedKeys(backup, manifest, passphrase)
  // Nobody copies the folder while its parts are exchanged.
  const release = holdContents(dataPath)
  if (!release) throw new BackupError('A backup of this data folder is being made')
  try {
    return await exchange(order, manifest, keys)
  } finally {
    release()
  }
}
