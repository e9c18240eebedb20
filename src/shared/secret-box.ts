import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'

const ivBytes = 12
const tagBytes = 16
const sealedPattern = /^v1\.(?<keyId>[0-9a-f]{8})\.(?<encoded>[\w-]+)$/

export interface SecretKey {
  /** First 8 hex characters of the key's SHA-256: names the key inside each ciphertext, so that keys can be rotated. */
  id: string
  bytes: Buffer
}

/** Same derivation as existing installations use (auth.md 14.2), so that their master key still opens their data. */
export const deriveSecretKey = (masterKey: string): SecretKey => {
  const bytes = pbkdf2Sync(masterKey, 'BrainDrive2025', 100_000, 32, 'sha256')
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
}

export interface SecretBox {
  /** AES-256-GCM. `context` (table and row id) is authenticated: a ciphertext moved to another row does not open. */
  seal(plaintext: string, context: string): string
  /** Throws when the key is unknown, the text was changed, or the context differs. */
  open(sealed: string, context: string): string
}

type Keys = [SecretKey, ...SecretKey[]]

/** Which key sealed a text; undefined when it is none that was sealed. */
export const sealedWith = (sealed: string): string | undefined => sealedPattern.exec(sealed)?.groups?.['keyId']

/**
 * Ciphertext: `v1.<key id>.<base64url of iv, ciphertext, tag>`. The first key seals; all of them open. A function is asked
 * each time, since keys may change while a server runs: seal in the transaction that stores the text, so that a rotation,
 * which writes as well, finds all that the key before sealed.
 */
export const createSecretBox = (source: Keys | (() => Keys)): SecretBox => {
  const readKeys = typeof source === 'function' ? source : () => source
  let known = readKeys()
  const findKey = (keyId: string) => known.find(({ id }) => id === keyId)
  return {
    seal(plaintext, context) {
      known = readKeys()
      const [key] = known
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${key.id}.${body.toString('base64url')}`
    },
    open(sealed, context) {
      const { keyId, encoded } = sealedPattern.exec(sealed)?.groups ?? {}
      if (!keyId || !encoded) throw new Error('Not a sealed value')
      let key = findKey(keyId)
      if (!key) {
        known = readKeys()
        key = findKey(keyId)
      }
      if (!key) throw new Error(`No key for a sealed value (key id ${keyId})`)
      const body = Buffer.from(encoded, 'base64url')
      if (body.length < ivBytes + tagBytes) throw new Error('A sealed value is cut short')
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, body.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(body.subarray(-tagBytes))
      return decipher.update(body.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
    },
  }
}
