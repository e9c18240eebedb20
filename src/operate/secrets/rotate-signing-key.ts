import { join } from 'node:path'
import { endAllSessions } from '../../areas/auth/accounts.service.ts'
import type { Deps } from '../../deps.ts'
import { newKey, removeKeyLeftovers, writeKeyFile } from '../../shared/encryption-keys.ts'

/**
 * Makes a new key for tokens. Sessions go first: after a crash in between people are signed out, and the old key is still
 * there. For who holds the lock of the data folder: a server keeps the key that it started with.
 */
export const rotateSigningKey = (deps: Pick<Deps, 'db' | 'audit'>, dataPath: string): { sessions: number } => {
  const file = join(dataPath, 'keys', 'signing.key')
  removeKeyLeftovers(file)
  const sessions = endAllSessions(deps)
  writeKeyFile(file, [newKey()])
  return { sessions }
}
