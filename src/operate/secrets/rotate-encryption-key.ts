import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sealedPayloads } from '../../areas/jobs/sealed-payloads.service.ts'
import { sealedSettings } from '../../areas/settings/sealed-settings.service.ts'
import type { Db } from '../../db/client.ts'
import { countSealedByKey, resealSome } from '../../db/sealed-columns.ts'
import { inTransaction } from '../../db/transaction.ts'
import {
  createKeyRing,
  type EncryptionKeys,
  newKey,
  readKeyFile,
  removeKeyLeftovers,
  writeKeyFile,
} from '../../shared/encryption-keys.ts'
import { flushPath } from '../../shared/flush-path.ts'
import { giveToOwnerOf } from '../../shared/give-to-owner.ts'
import { createSecretBox, deriveSecretKey } from '../../shared/secret-box.ts'

/** Everything that the secret box seals. */
export const sealedColumns = [sealedSettings, sealedPayloads]

/** How long one transaction may keep others from writing. */
const batchMs = 20

interface RotationDeps {
  db: Db
  keys: EncryptionKeys
  /** Lets others write; called between two transactions. */
  pause: () => Promise<unknown>
}

export interface Rotation {
  /** Id of the key that seals now. */
  keyId: string
  /** False when there was a change to finish, or when the key is that of the configuration. */
  isNewKey: boolean
  resealed: number
  /** Texts that no key opens. */
  unreadable: number
  /** Files that keep keys of which nothing in the database has need any more. */
  retired: string[]
  /** Whether the old key of the configuration may go. */
  isOldKeyUnused: boolean
}

const sumUp = (one: Pick<Rotation, 'resealed' | 'unreadable'>, other: typeof one) => ({
  resealed: one.resealed + other.resealed,
  unreadable: one.unreadable + other.unreadable,
})

/** Brings every text under the key that seals now. */
const resealAll = async ({ db, keys, pause }: RotationDeps) => {
  const ring = createKeyRing(keys)
  const box = createSecretBox(ring)
  const keyId = ring()[0].id
  let done = { resealed: 0, unreadable: 0 }
  for (const column of sealedColumns) {
    for (let after: string | undefined = ''; after !== undefined;) {
      const batch = resealSome(db, box, column, { after, keyId, maxMs: batchMs })
      done = sumUp(done, batch)
      after = batch.last
      await pause()
    }
  }
  return { keyId, ...done }
}

const keepRetired = (file: string, key: string): string => {
  const folder = dirname(file)
  const path = join(folder, `encryption-retired-${deriveSecretKey(key).id}.key`)
  writeFileSync(path, `${key}\n`, { mode: 0o600 })
  giveToOwnerOf(folder, path)
  flushPath(path)
  flushPath(folder)
  return path
}

/**
 * Takes keys out of the key file that no stored text needs. In a transaction, so that no server stores something between
 * the look and the end of the key; each server reads the file whenever it seals.
 */
const retireUnused = ({ db, keys }: RotationDeps): Pick<Rotation, 'retired' | 'isOldKeyUnused'> =>
  inTransaction(db, () => {
    const inUse = countSealedByKey(db, sealedColumns)
    const isUsed = (key: string) => inUse.has(deriveSecretKey(key).id)
    const isOldKeyUnused = keys.old !== undefined && !isUsed(keys.old)
    if (keys.given !== undefined) return { retired: [], isOldKeyUnused }
    const [first = '', ...others] = readKeyFile(keys.file)
    const unused = others.filter((key) => !isUsed(key))
    const retired = unused.map((key) => keepRetired(keys.file, key))
    if (retired.length > 0) writeKeyFile(keys.file, [first, ...others.filter(isUsed)])
    return { retired, isOldKeyUnused }
  })

const bringUpToDate = async (deps: RotationDeps): Promise<Omit<Rotation, 'isNewKey'>> => {
  const first = await resealAll(deps)
  // Once more: a transaction that was under way when the key changed sealed with the one before.
  const second = await resealAll(deps)
  const { resealed } = sumUp(first, second)
  return { keyId: first.keyId, resealed, unreadable: second.unreadable, ...retireUnused(deps) }
}

/**
 * Makes a new encryption key and seals every stored text with it, also beside a running server, which reads the key file
 * again whenever it was replaced. First the file gets the new key beside the old one, then the texts change in short
 * transactions, at last the old key leaves the file and is kept in one of its own. After a crash at any point everything
 * opens; the next call finishes what is left and then makes no further key. A key of the configuration is not replaced:
 * then the texts are brought under it. The caller holds the lock of the keys.
 */
export const rotateEncryptionKey = async (deps: RotationDeps): Promise<Rotation> => {
  const { given, file } = deps.keys
  if (given === undefined) removeKeyLeftovers(file)
  const finished = await bringUpToDate(deps)
  const hasFinished = finished.resealed > 0 || finished.retired.length > 0
  if (hasFinished || given !== undefined) return { ...finished, isNewKey: false }
  writeKeyFile(file, [newKey(), ...readKeyFile(file)])
  return { ...(await bringUpToDate(deps)), isNewKey: true }
}
