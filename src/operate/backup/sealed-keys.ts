import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { BackupError } from './backup-types.ts'
import type { KeyFiles } from './installation-keys.ts'

/** As OWASP advises: 128 MB and some tenths of a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1 }
const maxMemoryBytes = 256 * 1024 * 1024
const context = Buffer.from('braindrive backup keys 1')
const tagBytes = 16
const minPassphraseLength = 8

const Base64 = Type.String({ maxLength: 1_000_000 })
const Sealed = Type.Object({ format: Type.Literal(1), salt: Base64, iv: Base64, data: Base64 })
const Files = Type.Record(Type.String({ pattern: '^[a-z]+\\.key$' }), Type.String({ maxLength: 65_536 }), {
  additionalProperties: false,
})

const deriveKey = (passphrase: string, salt: Buffer) =>
  scryptSync(passphrase.normalize('NFKC'), salt, 32, { ...cost, maxmem: maxMemoryBytes })

/** Throws `BackupError` for one that is too short. */
export const checkPassphrase = (passphrase: string): void => {
  if (passphrase.length < minPassphraseLength)
    throw new BackupError(`The passphrase must have at least ${minPassphraseLength} characters`)
}

/** AES-256-GCM under a key from the passphrase (scrypt). */
export const sealKeys = (files: KeyFiles, passphrase: string): string => {
  const [salt, iv] = [randomBytes(16), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', deriveKey(passphrase, salt), iv).setAAD(context)
  const data = Buffer.concat([cipher.update(JSON.stringify(files), 'utf8'), cipher.final(), cipher.getAuthTag()])
  const [saltText, ivText, dataText] = [salt, iv, data].map((one) => one.toString('base64'))
  return `${JSON.stringify({ format: 1, salt: saltText, iv: ivText, data: dataText })}\n`
}

const parse = (sealed: string) => {
  const value: unknown = JSON.parse(sealed)
  if (!Value.Check(Sealed, value)) throw new Error('Not sealed keys')
  return value
}

/** Throws `BackupError` for another passphrase, or when the text was changed. */
export const openKeys = (sealed: string, passphrase: string): KeyFiles => {
  try {
    const { salt, iv, data } = parse(sealed)
    const bytes = Buffer.from(data, 'base64')
    const key = deriveKey(passphrase, Buffer.from(salt, 'base64'))
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: tagBytes })
      .setAAD(context)
      .setAuthTag(bytes.subarray(-tagBytes))
    const text = decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
    const files: unknown = JSON.parse(text)
    if (Value.Check(Files, files)) return files
  } catch (cause) {
    throw new BackupError('The keys of the backup do not open with this passphrase', { cause })
  }
  throw new BackupError('The keys in the backup are not understood')
}
