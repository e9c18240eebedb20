import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../../src/db/client.ts'
import { migrate, migrations } from '../../src/db/migrate.ts'
import { hashDatabase, runCommand } from '../support/backups.ts'
import { startFromSource, temporaryFolder } from '../support/server-process.ts'

// Processes, and keys that take their time by intent, on machines with other work.
setDefaultTimeout(60_000)

/** The database of the first version, with a user in it. */
const makeOldDatabase = (dataPath: string) => {
  mkdirSync(dataPath, { recursive: true })
  const { sqlite, close } = openDatabase(join(dataPath, 'braindrive.db'))
  migrate(sqlite, migrations.slice(0, 1))
  sqlite.run(
    `INSERT INTO users (id, username, email, email_key, password_hash, role, is_active, is_verified, version, created_at, updated_at)
     VALUES ('u', 'ada', 'a', 'a', '', 'member', 1, 0, '', 0, 0)`,
  )
  close()
}

const countSteps = (dataPath: string) => {
  const { sqlite, close } = openDatabase(join(dataPath, 'braindrive.db'))
  const steps = sqlite.query('SELECT tag FROM schema_migrations').all().length
  close()
  return steps
}

describe('a start that changes the schema', () => {
  test('makes a backup before, which leads back; a second start makes none', async () => {
    using folder = temporaryFolder()
    const dataPath = join(folder.path, 'data')
    makeOldDatabase(dataPath)
    const before = hashDatabase(dataPath)
    const server = await startFromSource(folder.path)
    expect(server.output()).toContain('"backupBeforeUpgrade":"before-0001_workspace-')
    await server.kill('SIGTERM')
    expect(countSteps(dataPath)).toBe(migrations.length)
    const [name = '', ...others] = readdirSync(join(dataPath, 'backups'))
    expect(others).toEqual([])
    await (await startFromSource(folder.path)).kill('SIGTERM')
    expect(readdirSync(join(dataPath, 'backups'))).toEqual([name])
    expect(await runCommand(['backup', 'restore', name, '--dir', dataPath])).toMatchObject({ exitCode: 0 })
    expect(hashDatabase(dataPath)).toEqual(before)
    expect(countSteps(dataPath)).toBe(1)
  })

  test('does not begin when there is no place for that backup: the database is as it was', async () => {
    using folder = temporaryFolder()
    const dataPath = join(folder.path, 'data')
    makeOldDatabase(dataPath)
    writeFileSync(join(folder.path, 'file'), '')
    const { exitCode, err } = await runCommand(['serve', '--dir', dataPath, '--port', '0'], {
      BACKUP_DIR: join(folder.path, 'file/backups'),
    })
    expect(exitCode).toBe(1)
    expect(err).toContain('The upgrade was not begun, since there is no backup before it')
    expect(err).toContain('BACKUP_DIR')
    expect(countSteps(dataPath)).toBe(1)
  })

  test('a new installation has nothing to copy', async () => {
    using folder = temporaryFolder()
    await (await startFromSource(folder.path)).kill('SIGTERM')
    expect(readdirSync(join(folder.path, 'data'))).not.toContain('backups')
  })
})

describe('BACKUP_EVERY', () => {
  test('makes a backup at the start when one is due, and none when not; keys only with a passphrase', async () => {
    using folder = temporaryFolder()
    const env = { BACKUP_EVERY: '24', BACKUP_PASSPHRASE: 'correct horse battery' }
    const server = await startFromSource(folder.path, env)
    await server.untilOutput(/scheduled backup made.*"keys":true/)
    await server.kill('SIGTERM')
    const again = await startFromSource(folder.path, env)
    await Bun.sleep(300)
    await again.kill('SIGTERM')
    const { out } = await runCommand(['backup', 'list', '--json', '--dir', join(folder.path, 'data')])
    expect(JSON.parse(out).backups).toMatchObject([{ kind: 'scheduled', keys: true, complete: true }])
  })

  test('a failure is an error in the log, which administrators see in the diagnostics', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'file'), '')
    await using server = await startFromSource(folder.path, {
      BACKUP_EVERY: '24',
      BACKUP_DIR: join(folder.path, 'file/backups'),
    })
    await server.untilOutput(/"level":"error","message":"scheduled backup failed"/)
    await server.call('POST', '/api/v1/auth/register', {
      username: 'ada',
      email: 'ada@home.local',
      password: 'correct horse',
    })
    await server.signIn()
    const { body } = await server.call('GET', '/api/v1/diagnostics')
    expect(body.logs.lines.join('\n')).toContain('scheduled backup failed')
  })
})
