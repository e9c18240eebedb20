import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { lockKeys } from '../../src/data-dir.ts'
import { openDatabase } from '../../src/db/client.ts'
import { verifyBackup } from '../../src/operate/backup/verify-backup.ts'
import { describeInstallation, hashDatabase, makeInstallation, readTree, runCommand } from '../support/backups.ts'
import { startFromSource, temporaryFolder } from '../support/server-process.ts'

// Processes, and keys that take their time by intent, on machines with other work.
setDefaultTimeout(60_000)

const passphrase = 'correct horse battery'

const create = async (dataPath: string, args: string[] = [], env: Record<string, string> = {}) => {
  const { out, err, exitCode } = await runCommand(['backup', 'create', '--dir', dataPath, '--json', ...args], env)
  if (exitCode !== 0) throw new Error(err)
  return JSON.parse(out) as { name: string; path: string; bytes: number; keys: boolean }
}
const restore = (dataPath: string, name: string, args: string[] = [], env: Record<string, string> = {}) =>
  runCommand(['backup', 'restore', name, '--dir', dataPath, ...args], env)
const verify = (path: string) => runCommand(['backup', 'verify', path, '--json'])

describe('backup create and restore', () => {
  test('bring back every row, every file of a plugin and the keys, into an empty folder', async () => {
    using folder = temporaryFolder()
    const [from, to] = [join(folder.path, 'from'), join(folder.path, 'to')]
    makeInstallation(from, 'ada')
    const { path, keys } = await create(from, ['--with-keys'], { BACKUP_PASSPHRASE: passphrase })
    expect(keys).toBe(true)
    expect(Object.values(readTree(path)).join()).not.toContain('ada000')
    const { exitCode, err } = await restore(to, path, [], { BACKUP_PASSPHRASE: passphrase })
    expect([exitCode, err]).toEqual([0, ''])
    expect(describeInstallation(to)).toEqual(describeInstallation(from))
    for (const name of ['', 'keys', 'plugins']) expect(statSync(join(to, name)).mode & 0o777).toBe(0o700)
    for (const name of ['braindrive.db', 'keys/encryption.key'])
      expect(statSync(join(to, name)).mode & 0o777).toBe(0o600)
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600)
    expect(readdirSync(to).filter((name) => /^(restor|replaced)/.test(name))).toEqual([])
  })

  test('what is replaced is kept, and can be brought back; keys stay without a passphrase', async () => {
    using folder = temporaryFolder()
    const [ada, bob] = [join(folder.path, 'ada'), join(folder.path, 'bob')]
    makeInstallation(ada, 'ada')
    makeInstallation(bob, 'bob')
    const before = describeInstallation(bob)
    writeFileSync(join(folder.path, 'passphrase'), `${passphrase}\n`)
    const { path } = await create(ada, ['--with-keys', '--passphrase-file', join(folder.path, 'passphrase')])
    const { out, err, exitCode } = await restore(bob, path, ['--json'])
    expect(exitCode).toBe(0)
    expect(err).toContain('no passphrase was given')
    expect(err).toContain('The encryption key does not fit: 1 of 1')
    const { replaced, restoredKeys, unreadable } = JSON.parse(out)
    expect([restoredKeys, unreadable]).toEqual([false, 1])
    const now = describeInstallation(bob)
    expect(now.tables).toEqual(describeInstallation(ada).tables)
    expect(now.keys).toEqual(before.keys)
    const kept = join(bob, replaced)
    expect(hashDatabase(kept)).toEqual(before.tables)
    expect(readTree(join(kept, 'plugins/contents'))).toEqual(before.contents)
    const again = await restore(bob, path, ['--json'], { BACKUP_PASSPHRASE: passphrase })
    expect(JSON.parse(again.out)).toMatchObject({ restoredKeys: true, unreadable: 0 })
    expect(describeInstallation(bob)).toEqual(describeInstallation(ada))
    expect(readTree(join(bob, JSON.parse(again.out).replaced, 'keys'))).toEqual(before.keys)
  })

  test('a restore over a running server is refused, and an unknown name', async () => {
    using folder = temporaryFolder()
    const dataPath = join(folder.path, 'data')
    await using server = await startFromSource(folder.path)
    const { name } = await create(dataPath)
    const { exitCode, err } = await restore(dataPath, name)
    expect(exitCode).toBe(1)
    expect(err).toContain('BrainDrive Server is running')
    expect((await server.call('GET', '/health/ready')).status).toBe(200)
    expect(await restore(dataPath, 'backup-of-nothing')).toMatchObject({ exitCode: 1 })
    expect((await runCommand(['backup', 'create', '--dir', join(folder.path, 'empty')])).err).toContain('no database')
  })

  test('a restore waits until the keys are not being changed', async () => {
    using folder = temporaryFolder()
    makeInstallation(folder.path, 'ada')
    const { name } = await create(folder.path)
    const unlock = lockKeys(folder.path)
    const restoring = restore(folder.path, name)
    expect(await Promise.race([restoring, Bun.sleep(2_000)])).toBeUndefined()
    expect(hashDatabase(folder.path)).toBeDefined()
    unlock()
    expect((await restoring).exitCode).toBe(0)
  })

  test('under write load: what was stored before is in it, and nothing half', async () => {
    using folder = temporaryFolder()
    const dataPath = join(folder.path, 'data')
    await using server = await startFromSource(folder.path)
    await server.call('POST', '/api/v1/auth/register', {
      username: 'ada',
      email: 'ada@home.local',
      password: 'correct horse',
    })
    await server.signIn()
    const stored: string[] = []
    const end = new AbortController()
    const write = async () => {
      while (!end.signal.aborted) {
        const { body } = await server.call('POST', '/api/v1/personas', { name: 'P', system_prompt: 'x'.repeat(5000) })
        stored.push(body.id)
      }
    }
    const writing = [write(), write(), write()]
    await Bun.sleep(300)
    const before = [...stored]
    const { path, name } = await create(dataPath)
    end.abort()
    await Promise.all(writing)
    expect(stored.length).toBeGreaterThan(before.length)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect((await verify(path)).exitCode).toBe(0)
    expect((await restore(dataPath, name)).exitCode).toBe(0)
    const { sqlite, close } = openDatabase(join(dataPath, 'braindrive.db'))
    const restored = new Set(
      sqlite
        .query<{ id: string }, []>('SELECT id FROM personas')
        .all()
        .map(({ id }) => id),
    )
    close()
    expect(before.filter((id) => !restored.has(id.replaceAll('-', '')) && !restored.has(id))).toEqual([])
    await using again = await startFromSource(folder.path)
    await again.signIn()
    expect((await again.call('GET', '/api/v1/auth/me')).status).toBe(200)
  })
})

describe('a damaged backup', () => {
  const flip = (path: string) => {
    const bytes = readFileSync(path)
    const middle = Math.floor(bytes.length / 2)
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
  const cut = (path: string) => truncateSync(path, statSync(path).size - 1)
  const damages: [name: string, damage: (path: string) => void, reason: string][] = [
    ['a database with another bit', (path) => flip(join(path, 'database.db')), 'database.db was changed'],
    ['a database that is cut', (path) => cut(join(path, 'database.db')), 'database.db has'],
    ['plugins with another bit', (path) => flip(join(path, 'plugins.tar')), 'plugins.tar was changed'],
    ['plugins with more at the end', (path) => appendFileSync(join(path, 'plugins.tar'), 'x'), 'plugins.tar has'],
    ['no plugins', (path) => rmSync(join(path, 'plugins.tar')), 'plugins.tar is missing'],
    ['keys with another bit', (path) => flip(join(path, 'keys.sealed')), 'keys.sealed was changed'],
    ['no manifest', (path) => rmSync(join(path, 'manifest.json')), 'manifest.json is missing'],
    ['a manifest with another bit', (path) => flip(join(path, 'manifest.json')), 'manifest.json is missing or damaged'],
  ]

  test('is told by verify (exit code 4) and refused by restore, the old data untouched', async () => {
    using folder = temporaryFolder()
    const [ada, bob] = [join(folder.path, 'ada'), join(folder.path, 'bob')]
    makeInstallation(ada, 'ada')
    makeInstallation(bob, 'bob')
    const before = describeInstallation(bob)
    const { path } = await create(ada, ['--with-keys'], { BACKUP_PASSPHRASE: passphrase })
    for (const [name, damage, reason] of damages) {
      const damaged = join(folder.path, name)
      await cp(path, damaged, { recursive: true })
      damage(damaged)
      expect([name, await verifyBackup(damaged)]).toMatchObject([name, { problems: [expect.stringContaining(reason)] }])
      const { exitCode, err } = await restore(bob, damaged, [], { BACKUP_PASSPHRASE: passphrase })
      expect([name, exitCode]).toEqual([name, 1])
      expect(err).toContain(reason)
    }
    const verified = await verify(join(folder.path, 'no plugins'))
    expect(verified.exitCode).toBe(4)
    expect(JSON.parse(verified.out)).toMatchObject({ ok: false, problems: [expect.stringContaining('is missing')] })
    const wrong = await restore(bob, path, [], { BACKUP_PASSPHRASE: 'another passphrase' })
    expect(wrong).toMatchObject({ exitCode: 1, err: expect.stringContaining('do not open with this passphrase') })
    expect(describeInstallation(bob)).toEqual(before)
    expect(readdirSync(bob).filter((name) => /^(restor|replaced)/.test(name))).toEqual([])
  })

  test('keys need a passphrase of some length, or a terminal to ask on', async () => {
    using folder = temporaryFolder()
    makeInstallation(folder.path, 'ada')
    const args = ['backup', 'create', '--dir', folder.path, '--with-keys']
    expect(await runCommand(args, { BACKUP_PASSPHRASE: 'short' })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('at least 8 characters'),
    })
    expect(await runCommand(args)).toMatchObject({ exitCode: 2, err: expect.stringContaining('no terminal') })
    expect(await runCommand([...args, '--passphrase-file', '/nowhere'])).toMatchObject({ exitCode: 1 })
    expect(readdirSync(join(folder.path)).includes('backups')).toBe(false)
  })
})

describe('backup list and prune', () => {
  test('list tells what each is; prune keeps the newest complete ones', async () => {
    using folder = temporaryFolder()
    const backups = join(folder.path, 'elsewhere')
    const dataPath = join(folder.path, 'data')
    makeInstallation(dataPath, 'ada')
    const names: string[] = []
    for (let count = 0; count < 4; count++) names.push((await create(dataPath, ['--to', backups])).name)
    mkdirSync(join(backups, 'not-a-backup'))
    rmSync(join(backups, names[3] ?? '', 'plugins.tar'))
    const { out } = await runCommand(['backup', 'list', '--json'], { BACKUP_DIR: backups, DATA_DIR: dataPath })
    const listed = JSON.parse(out).backups
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(names.toReversed())
    expect(listed.map(({ complete }: { complete: boolean }) => complete)).toEqual([false, true, true, true])
    expect(listed[1]).toMatchObject({ kind: 'manual', keys: false, schema: expect.stringMatching(/^\d{4}_/) })
    const table = await runCommand(['backup', 'list', '--in', backups])
    expect(table.out).toMatch(/^name +size/)
    expect(table.out).toContain('damaged')
    const pruned = await runCommand(['backup', 'prune', '--keep', '2', '--in', backups, '--json'])
    expect(JSON.parse(pruned.out)).toEqual({ removed: [names[0]] })
    expect(readdirSync(backups).toSorted()).toEqual([...names.slice(1), 'not-a-backup'].toSorted())
    for (const keep of ['0', 'x', '-1'])
      expect((await runCommand(['backup', 'prune', `--keep=${keep}`, '--in', backups])).exitCode).toBe(2)
    expect((await runCommand(['backup', 'prune'])).exitCode).toBe(2)
    expect(existsSync(join(backups, names[2] ?? '', 'database.db'))).toBe(true)
  })
})
