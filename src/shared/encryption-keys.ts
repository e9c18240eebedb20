import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { flushPath } from './flush-path.ts'
import { giveToOwnerOf } from './give-to-owner.ts'
import { deriveSecretKey, type SecretKey } from './secret-box.ts'

/** `message` is for the person at the terminal. */
export class KeyFileError extends Error {
  override name = 'KeyFileError'
}

/** Where the encryption keys are. Plain data, since each thread reads them for itself. */
export interface EncryptionKeys {
  /** Of the configuration: seals, if there is one, instead of the first one of the file. */
  given: string | undefined
  /** Of the configuration: only opens. */
  old: string | undefined
  /** Path of the key file; it may be absent where a key is given. */
  file: string
}

export interface ServerKeys {
  signing: string
  encryption: EncryptionKeys
}

const minKeyLength = 32

export const newKey = (): string => randomBytes(32).toString('hex')

/** The keys in the text of a key file, one in each line. The first one seals; the others only open, until a rotation is done. */
export const parseKeys = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** At least one. Throws `KeyFileError`. */
export const readKeyFile = (path: string): string[] => {
  if (!statSync(path, { throwIfNoEntry: false })) throw new KeyFileError(`There is no key file ${path}`)
  const keys = parseKeys(readFileSync(path, 'utf8'))
  if (keys.length === 0 || keys.some((key) => key.length < minKeyLength))
    throw new KeyFileError(`The key file ${path} is damaged: restore it from a backup`)
  return keys
}

/** Undefined when the file is absent or damaged. */
export const parseableKeys = (path: string): string[] | undefined => {
  try {
    return readKeyFile(path)
  } catch (error) {
    if (error instanceof KeyFileError) return undefined
    throw error
  }
}

/** Writes beside `path`, flushed, and returns where. */
const writeAside = (path: string, keys: string[]): string => {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  const file = openSync(temporary, 'wx', 0o600)
  writeSync(file, `${keys.join('\n')}\n`)
  fsyncSync(file)
  closeSync(file)
  giveToOwnerOf(dirname(path), temporary)
  return temporary
}

/** What a crash left of writing it. Call it when nobody writes it. */
export const removeKeyLeftovers = (path: string): void => {
  const [folder, prefix] = [dirname(path), `${basename(path)}.`]
  const leftovers = readdirSync(folder).filter((name) => name.startsWith(prefix) && /\.[0-9a-f]{8}$/.test(name))
  for (const name of leftovers) unlinkSync(join(folder, name))
}

/** Replaces the file in one step: after a crash there are the old keys or the new ones. */
export const writeKeyFile = (path: string, keys: string[]): void => {
  renameSync(writeAside(path, keys), path)
  flushPath(dirname(path))
}

/** Makes a key unless the file is there: after a crash there is a whole key or none, and of two programs one makes it. */
export const ensureKeyFile = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })) return
  const temporary = writeAside(path, [newKey()])
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(temporary)
  }
  flushPath(dirname(path))
}

/** Changes whenever the file is replaced. */
const signatureOf = (path: string): string | undefined => {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.ino}:${found.mtimeNs}:${found.size}`
}

const texts = ({ given, old }: EncryptionKeys, ofFile: string[]): string[] => [
  ...new Set([given, ...ofFile, old].filter((one) => one !== undefined)),
]

// Takes some hundredths of a second for each: once in a process.
const derived = new Map<string, SecretKey>()
const derive = (text: string): SecretKey => {
  const key = derived.get(text) ?? deriveSecretKey(text)
  derived.set(text, key)
  return key
}

/** The keys of a box at this moment; the first one seals. */
export type KeyRing = () => [SecretKey, ...SecretKey[]]

/**
 * Keys that follow their file: one `stat` tells whether it was replaced. What makes it unreadable while a server runs does
 * not take its keys away, and keys that left the file go on opening. Throws `KeyFileError` when there is no key at all.
 */
export const createKeyRing = (keys: EncryptionKeys): KeyRing => {
  const load = (): SecretKey[] => {
    try {
      return texts(keys, readKeyFile(keys.file)).map(derive)
    } catch (error) {
      if (keys.given === undefined) throw error
      return texts(keys, []).map(derive)
    }
  }
  // What was read a moment ago may still be sealed with a key that is in the file no more.
  const loadAfter = (known: SecretKey[]) => [...new Set([...load(), ...known])] as [SecretKey, ...SecretKey[]]
  let signature = signatureOf(keys.file)
  let ring = loadAfter([])
  return () => {
    const found = signatureOf(keys.file)
    if (found === signature || found === undefined) return ring
    try {
      ring = loadAfter(ring)
      signature = found
    } catch {
      // It stays as it was, and is read again the next time.
    }
    return ring
  }
}
