import { resolve } from 'node:path'
import { Command } from 'commander'
import { isDataDirLocked, lockDataDir, lockKeys } from '../data-dir.ts'
import { type Rotation, rotateEncryptionKey } from '../operate/secrets/rotate-encryption-key.ts'
import { rotateSigningKey } from '../operate/secrets/rotate-signing-key.ts'
import { openInstallation } from '../operate/open-installation.ts'
import type { Config } from '../config.ts'
import { CommandError, exitCodes, note, print, printJson } from './output.ts'
import { configOf, withDirOption } from './settings.ts'
import { withDeps } from './with-deps.ts'

interface Flags {
  dir?: string
  json?: boolean
  signing?: boolean
}

/** Between two transactions, so that a server gets its turn. */
const pauseMs = 5

const howToReplaceGiven = `The encryption key comes from ENCRYPTION_MASTER_KEY, and this program cannot change it. To replace it:
  1. stop the server
  2. move its value to ENCRYPTION_MASTER_KEY_OLD, and set ENCRYPTION_MASTER_KEY to a new one
     (or leave it out: then a key is kept in the data folder)
  3. run "braindrive secret rotate" with both
  4. remove ENCRYPTION_MASTER_KEY_OLD, and start the server`

/** A server that runs has read its configuration long ago, and may not know the new key of it. */
const lockForGiven = (config: Config): (() => void) => {
  if (config.encryptionMasterKey === undefined && config.oldEncryptionMasterKey === undefined) return () => {}
  if (isDataDirLocked(resolve(config.dataDir)))
    throw new CommandError('Stop the server first: it does not learn of a key in the configuration while it runs')
  return lockDataDir(config).unlock
}

const rotate = async (config: Config): Promise<Rotation> => {
  const installation = openInstallation(config)
  const { path, keys, database, close } = installation
  try {
    const unlock = lockKeys(path)
    try {
      return await rotateEncryptionKey({ db: database.db, keys, pause: () => Bun.sleep(pauseMs) })
    } finally {
      unlock()
    }
  } finally {
    close()
  }
}

const tell = ({ keyId, isNewKey, resealed, retired, isOldKeyUnused }: Rotation) => {
  print(`${isNewKey ? 'New encryption key' : 'Encryption key'} ${keyId}: ${resealed} values were sealed again`)
  for (const file of retired)
    note(`The key before is kept in ${file}, for backups that were made with it. Delete it with the last of them.`)
  if (isOldKeyUnused) note('Nothing needs ENCRYPTION_MASTER_KEY_OLD any more')
}

const rotateEncryption = async (flags: Flags) => {
  const config = configOf(flags)
  const unlock = lockForGiven(config)
  const rotation = await rotate(config).finally(unlock)
  const isPointless = config.encryptionMasterKey !== undefined && rotation.resealed === 0 && !rotation.isOldKeyUnused
  if (isPointless) throw new CommandError(howToReplaceGiven)
  if (flags.json) printJson(rotation)
  else tell(rotation)
  if (rotation.unreadable > 0)
    throw new CommandError(
      `${rotation.unreadable} values stay as they are: no key opens them. "braindrive doctor" tells more`,
      exitCodes.problems,
    )
}

const rotateSigning = async (flags: Flags) => {
  const config = configOf(flags)
  if (config.secretKey !== undefined)
    throw new CommandError('The key for tokens comes from SECRET_KEY: change that, and start the server again')
  const { unlock } = lockDataDir(config)
  try {
    await withDeps(flags, (deps) => {
      const result = rotateSigningKey(deps, resolve(config.dataDir))
      if (flags.json) printJson(result)
      else print(`New key for tokens: ${result.sessions} sessions ended, everybody has to sign in again`)
    })
  } finally {
    unlock()
  }
}

export const secretCommand = () => {
  const secret = new Command('secret').description('look after the keys of an installation')
  withDirOption(secret.command('rotate'))
    .description('replace the encryption key and seal everything again, also beside a running server; safe to repeat')
    .option('--signing', 'replace the key for tokens instead: signs everybody out; the server must be stopped')
    .option('--json', 'for scripts')
    .addHelpText('after', `\n${howToReplaceGiven}`)
    .action((flags: Flags) => (flags.signing ? rotateSigning(flags) : rotateEncryption(flags)))
  return secret
}
