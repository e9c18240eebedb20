import { join } from 'node:path'
import { settingDefinitions, settingInstances } from '../../src/areas/settings/settings.table.ts'
import { settingContext } from '../../src/areas/settings/sealed-value.ts'
import { jobs } from '../../src/areas/jobs/jobs.table.ts'
import { payloadContext } from '../../src/areas/jobs/job-payload.ts'
import { users } from '../../src/areas/auth/auth.table.ts'
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createKeyRing, type EncryptionKeys, ensureKeyFile } from '../../src/shared/encryption-keys.ts'
import { createSecretBox } from '../../src/shared/secret-box.ts'
import { mkdirSync } from 'node:fs'

export const fileKeys = (dataPath: string): EncryptionKeys => ({
  given: undefined,
  old: undefined,
  file: join(dataPath, 'keys/encryption.key'),
})

const times = { createdAt: 1, updatedAt: 2 }
const userId = 'a'.repeat(32)

const user = {
  id: userId,
  username: 'ada',
  email: 'ada@home.local',
  emailKey: 'ada@home.local',
  passwordHash: '',
  role: 'member',
  isActive: true,
  isVerified: false,
  version: '',
  ...times,
} as const

/** A data folder with so many sealed settings and as many jobs with sealed secrets. */
export const makeSealedInstallation = (dataPath: string, count: number, keys = fileKeys(dataPath)): void => {
  mkdirSync(join(dataPath, 'keys'), { recursive: true, mode: 0o700 })
  if (keys.given === undefined) ensureKeyFile(keys.file)
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  migrate(database.sqlite)
  const box = createSecretBox(createKeyRing(keys))
  const { db } = database
  db.transaction(() => {
    db.insert(users).values(user).run()
    for (let index = 0; index < count; index++) {
      const [definitionId, id, jobId] = [`d${index}`, `i${index}`, `j${index}`]
      const definition = { id: definitionId, name: 'd', category: 'c', type: 'object', isMultiple: false, tags: [] }
      db.insert(settingDefinitions)
        .values({ ...definition, allowedScopes: ['user'], ...times })
        .run()
      const value = box.seal(`"setting ${index}"`, settingContext(id))
      db.insert(settingInstances)
        .values({ id, definitionId, name: 'n', value, scope: 'user', userId, ...times })
        .run()
      const secrets = box.seal(`{"token":"secret ${index}"}`, payloadContext(jobId))
      db.insert(jobs)
        .values({
          id: jobId,
          userId,
          jobType: 'x',
          status: 'waiting',
          payload: '{}',
          secrets,
          scheduledFor: 1,
          ...times,
        })
        .run()
    }
  })
  database.close()
}

/** All sealed texts of a data folder, opened by its keys as they are now. Throws for one that does not open. */
export const openAll = (dataPath: string, keys = fileKeys(dataPath)): string[] => {
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  const box = createSecretBox(createKeyRing(keys))
  const { db } = database
  const opened = [
    ...db
      .select()
      .from(settingInstances)
      .all()
      .map(({ id, value }) => box.open(value ?? '', settingContext(id))),
    ...db
      .select()
      .from(jobs)
      .all()
      .map(({ id, secrets }) => box.open(secrets ?? '', payloadContext(id))),
  ]
  database.close()
  return opened
}

/** Ids of the keys that stored texts name. */
export const listKeyIds = (dataPath: string): string[] => {
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  const rows = database.sqlite
    .query<{ id: string }, []>(
      'SELECT DISTINCT substr(value, 4, 8) AS id FROM settings_instances UNION SELECT substr(secrets, 4, 8) FROM jobs WHERE secrets IS NOT NULL',
    )
    .all()
  database.close()
  return rows.map(({ id }) => id)
}
