import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { encryptionKeysOf, lockDataDir } from '../../src/data-dir.ts'
import { createBackup } from '../../src/operate/backup/create-backup.ts'
import { restoreBackup } from '../../src/operate/backup/restore-backup.ts'

export const passphrase = 'correct horse battery'

/** `create` with the folder of backups, `restore` with the backup, both with keys, or `finish`. */
export const runBackupStep = async (action: string, dataPath: string, place: string): Promise<void> => {
  const encryption = encryptionKeysOf(readConfig({}), join(dataPath, 'keys'))
  const now = Date.now()
  if (action === 'create') {
    const keys = { passphrase, signing: undefined, encryption }
    await createBackup({ dataPath, folder: place, kind: 'manual', keys, isPaced: true, now })
    return
  }
  const { unlock } = lockDataDir({ dataDir: dataPath })
  // Locking the folder has completed the restore that crashed.
  if (action === 'finish') return unlock()
  await restoreBackup({ backup: place, dataPath, passphrase, encryption, now })
  unlock()
}
