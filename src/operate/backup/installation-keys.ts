import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EncryptionKeys, parseKeys } from '../../shared/encryption-keys.ts'

/** What the keys of an installation are: those of the configuration go before the files. */
export interface InstallationKeys {
  signing: string | undefined
  encryption: EncryptionKeys
}

/** Key files by name. */
export type KeyFiles = Record<string, string>

export const keyNames = { signing: 'signing.key', encryption: 'encryption.key' } as const

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

const toText = (keys: (string | undefined)[]): string =>
  [...new Set(keys.filter((key) => key !== undefined))].map((key) => `${key}\n`).join('')

const dropEmpty = (files: KeyFiles): KeyFiles =>
  Object.fromEntries(Object.entries(files).filter(([, text]) => text !== ''))

/** Files that hold all keys in force, wherever these come from. */
export const readKeys = (dataPath: string, { signing, encryption }: InstallationKeys): KeyFiles => {
  const { given, old, file } = encryption
  return dropEmpty({
    [keyNames.signing]: toText([signing ?? parseKeys(readIfThere(join(dataPath, 'keys', keyNames.signing)))[0]]),
    [keyNames.encryption]: toText([given, ...parseKeys(readIfThere(file)), old]),
  })
}
