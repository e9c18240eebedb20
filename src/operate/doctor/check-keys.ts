import { existsSync } from 'node:fs'
import { countSealedByKey, countUnreadable } from '../../db/sealed-columns.ts'
import type { Db } from '../../db/client.ts'
import { type EncryptionKeys, parseableKeys } from '../../shared/encryption-keys.ts'
import { createSecretBox, deriveSecretKey } from '../../shared/secret-box.ts'
import { sealedColumns } from '../secrets/rotate-encryption-key.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const restoreKey = (file: string) =>
  `Put the key of this installation into ${file} (from a backup, as one more line) or into ENCRYPTION_MASTER_KEY_OLD, then run "braindrive secret rotate".`

const checkFile = ({ given, file }: EncryptionKeys, sealed: number): Finding[] => {
  if (given !== undefined) return []
  if (!existsSync(file))
    return sealed === 0
      ? [ok('key file', 'There is none yet: the server makes one')]
      : [problem('key file', `The key file ${file} is missing, and ${sealed} stored values need it`, restoreKey(file))]
  const found = parseableKeys(file)
  if (found === undefined) return [problem('key file', `The key file ${file} is damaged`, restoreKey(file))]
  return found.length > 1
    ? [
        warning(
          'key file',
          'A change of the key is not finished',
          'Run "braindrive secret rotate", which completes it.',
        ),
      ]
    : [ok('key file', file)]
}

const checkSealed = (db: Db, keys: EncryptionKeys, counts: Map<string, number>): Finding[] => {
  const texts = [keys.given, ...(parseableKeys(keys.file) ?? []), keys.old].filter((one) => one !== undefined)
  const [first, ...others] = texts.map(deriveSecretKey)
  const known = new Set([first, ...others].map((key) => key?.id))
  const foreign = [...counts].filter(([keyId]) => !known.has(keyId))
  const findings = foreign.map(([keyId, count]) =>
    problem(
      'sealed values',
      `${count} stored values need a key that is not here (${keyId || 'not sealed'})`,
      restoreKey(keys.file),
    ),
  )
  const damaged = first ? countUnreadable(db, createSecretBox([first, ...others]), sealedColumns, known) : 0
  if (damaged > 0)
    findings.push(
      problem(
        'sealed values',
        `${damaged} stored values are damaged`,
        'Restore a backup, or enter these settings again.',
      ),
    )
  return findings.length > 0 ? findings : [ok('sealed values', 'Every stored secret opens')]
}

export const checkKeys = (db: Db, keys: EncryptionKeys): Finding[] => {
  const counts = countSealedByKey(db, sealedColumns)
  const sealed = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return [...checkFile(keys, sealed), ...checkSealed(db, keys, counts)]
}
