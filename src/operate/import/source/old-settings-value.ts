import { createDecipheriv } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { deriveSecretKey } from '../../../shared/secret-box.ts'
import { parseLooseJson } from './loose-json.ts'

const [ivBytes, tagBytes] = [12, 16]
const maxPlainBytes = 64 * 1024 * 1024
const strictBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const toBytes = (cell: string): Buffer | undefined => {
  const text = cell.trim()
  const bytes = strictBase64.test(text) ? Buffer.from(text, 'base64') : undefined
  return bytes && bytes.length >= ivBytes + tagBytes ? bytes : undefined
}

/** auth.md 14.2: whatever is Base64 of at least 28 bytes. */
export const looksEncrypted = (cell: string): boolean => toBytes(cell) !== undefined

const decrypt = (bytes: Buffer, key: Buffer): string | undefined => {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const gzipped = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()])
    return gunzipSync(gzipped, { maxOutputLength: maxPlainBytes }).toString('utf8')
  } catch {
    return undefined
  }
}

/** What the backend wrote for scalars when it could not encrypt. */
const pythonWords: Record<string, unknown> = { True: true, False: false, None: null }

/** A value that was stored in clear; a bare text is one itself. */
const parsePlain = (cell: string): unknown => {
  const text = cell.trim()
  if (Object.hasOwn(pythonWords, text)) return pythonWords[text]
  const value = parseLooseJson(text)
  return value === undefined ? cell : value
}

/** The value of a cell, or undefined when it is encrypted and no key opens it. */
export type ReadOldValue = (cell: string) => { value: unknown } | undefined

/** Reads `settings_instances.value` (auth.md 14.2, workspace.md 12.3) with the first of the keys that opens it. */
export const createOldValueReader = (masterKeys: string[]): ReadOldValue => {
  const keys = [...new Set(masterKeys)].map((one) => deriveSecretKey(one).bytes)
  return (cell) => {
    const bytes = toBytes(cell)
    if (!bytes) return { value: parsePlain(cell) }
    for (const key of keys) {
      const text = decrypt(bytes, key)
      if (text !== undefined) return { value: parsePlain(text) }
    }
    return undefined
  }
}
