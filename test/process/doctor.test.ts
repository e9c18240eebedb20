import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { pluginRow } from '../support/plugins-rows.ts'
import { plugins } from '../../src/areas/plugins/plugins.table.ts'
import { openDatabase } from '../../src/db/client.ts'
import { checkClock, checkRoom } from '../../src/operate/doctor/check-folder.ts'
import { contentHash, writeContent } from '../support/backups.ts'
import { ollamaServers } from '../support/chat.ts'
import { runDoctor } from '../support/doctor.ts'
import { runCli } from '../support/run-cli.ts'
import { fileKeys, makeSealedInstallation } from '../support/sealed-installation.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

setDefaultTimeout(60_000)

/** A sound installation in a folder of its own; `spoil` works on its database. */
const installation = () => {
  const folder = temporaryFolder()
  const dir = join(folder.path, 'data')
  makeSealedInstallation(dir, 3)
  chmodSync(dir, 0o700)
  const spoil = (...statements: string[]) => {
    const database = new Database(join(dir, 'braindrive.db'))
    database.run('PRAGMA foreign_keys = OFF')
    for (const statement of statements) database.run(statement)
    database.close()
  }
  return { dir, spoil, [Symbol.dispose]: folder[Symbol.dispose] }
}

const snapshot = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const { size, mode, mtimeMs } = statSync(join(dir, name))
      return [name, size, mode, mtimeMs]
    })

describe('a sound installation', () => {
  test('has no problems: exit code 0, every check named, nothing changed', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    const args = ['user', 'create', account.email, '--username', 'ada', '--dir', dir]
    expect((await runCli(args, { input: account.password })).exitCode).toBe(0)
    const before = snapshot(dir)
    const { exitCode, findings } = await runDoctor(dir)
    expect(findings.filter(({ severity }) => severity === 'problem')).toEqual([])
    expect(exitCode).toBe(0)
    expect(findings.map(({ check }) => check)).toEqual([
      'permissions',
      'writable',
      'disk',
      'integrity',
      'foreign keys',
      'schema',
      'write-ahead log',
      'clock',
      'key file',
      'sealed values',
      'plugins',
      'jobs',
      'port',
    ])
    expect(snapshot(dir)).toEqual(before)
  })

  test('beside its server, while that writes', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    await server.call('POST', '/api/v1/auth/register', account)
    const { exitCode, of } = await runDoctor(dir, ['--port', new URL(server.url).port])
    expect(exitCode).toBe(0)
    expect(of('server')).toMatchObject([{ severity: 'ok' }])
    expect((await runDoctor(dir, ['--port', '1'])).of('server')).toMatchObject([{ severity: 'warning' }])
    expect((await server.call('GET', '/health/ready')).status).toBe(200)
  })

  test('of which a crashed server left a log', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    const server = await startFromSource(folder.path, { DATA_DIR: dir })
    await server.call('POST', '/api/v1/auth/register', account)
    await server.kill('SIGKILL')
    const bytes = statSync(join(dir, 'braindrive.db-wal')).size
    expect(bytes).toBeGreaterThan(0)
    expect((await runDoctor(dir)).problems).toEqual([])
    expect(statSync(join(dir, 'braindrive.db-wal')).size).toBe(bytes)
  })

  test('tells people without --json, and no secret to anybody', async () => {
    using one = installation()
    const { out } = await runCli(['doctor', '--dir', one.dir, '--port', '0'])
    expect(out).toContain('ok       integrity: The database is sound')
    expect(out).not.toContain('\u001B')
  })
})

describe('before there is an installation', () => {
  test('a folder that is not there, and one that is empty, are no problems, and stay so', async () => {
    using folder = temporaryFolder()
    const missing = await runDoctor(join(folder.path, 'nowhere'))
    expect([missing.exitCode, missing.of('data folder')[0]?.severity]).toEqual([0, 'warning'])
    chmodSync(folder.path, 0o700)
    const empty = await runDoctor(folder.path)
    expect([empty.exitCode, empty.of('database')[0]?.severity]).toEqual([0, 'warning'])
    expect(readdirSync(folder.path)).toEqual([])
  })
})

/** One thing is wrong: the check that finds it, and words of what it says and advises. */
const expectProblem = async (
  dir: string,
  check: string,
  { message, advice }: { message: string; advice: string },
  env: Record<string, string> = {},
) => {
  const result = await runDoctor(dir, [], env)
  expect([result.problems, result.exitCode]).toEqual([[check], 4])
  const [found] = result.of(check).filter(({ severity }) => severity === 'problem')
  expect(found).toMatchObject({ message: expect.stringContaining(message), advice: expect.stringContaining(advice) })
  expect(result.err).toContain('were found')
}

describe('it finds', () => {
  test('permissions of the folder and of keys', async () => {
    using one = installation()
    chmodSync(one.dir, 0o755)
    await expectProblem(one.dir, 'permissions', { message: 'mode 0755', advice: `chmod 700 '${one.dir}'` })
    chmodSync(one.dir, 0o700)
    chmodSync(join(one.dir, 'keys/encryption.key'), 0o640)
    await expectProblem(one.dir, 'permissions', { message: 'mode 0640', advice: 'chmod 600' })
  })

  test('a key file that is gone, damaged, or another one', async () => {
    using one = installation()
    const { file } = fileKeys(one.dir)
    renameSync(file, `${one.dir}/kept`)
    const gone = await runDoctor(one.dir)
    expect([gone.problems, gone.exitCode]).toEqual([['key file', 'sealed values'], 4])
    expect(gone.of('key file')[0]?.message).toContain('6 stored values need it')
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, 'cut short', { mode: 0o600 })
    expect((await runDoctor(one.dir)).of('key file')[0]?.message).toContain('is damaged')
    writeFileSync(file, 'x'.repeat(64), { mode: 0o600 })
    await expectProblem(one.dir, 'sealed values', {
      message: '6 stored values need a key that is not here',
      advice: 'ENCRYPTION_MASTER_KEY_OLD',
    })
    // The advice helps: the right key as one more line.
    writeFileSync(file, `${'x'.repeat(64)}\n${await Bun.file(`${one.dir}/kept`).text()}`, { mode: 0o600 })
    const both = await runDoctor(one.dir)
    expect([both.exitCode, both.of('key file')[0]?.severity]).toEqual([0, 'warning'])
    expect((await runCli(['secret', 'rotate', '--dir', one.dir])).exitCode).toBe(0)
    expect((await runDoctor(one.dir)).of('key file')[0]?.severity).toBe('ok')
  })

  test('sealed values that are damaged', async () => {
    using one = installation()
    one.spoil("UPDATE jobs SET secrets = substr(secrets, 1, 40) WHERE id = 'j1'")
    await expectProblem(one.dir, 'sealed values', { message: '1 stored values are damaged', advice: 'backup' })
  })

  test('a damaged database, and a file that is none', async () => {
    using one = installation()
    const path = join(one.dir, 'braindrive.db')
    const whole = join(one.dir, 'whole')
    cpSync(path, whole)
    // In the middle of a page of rows.
    const file = openSync(path, 'r+')
    const { size } = statSync(path)
    for (let offset = 4096 * 20; offset < size; offset += 4096 * 3) writeSync(file, Buffer.alloc(64, 7), 0, 64, offset)
    closeSync(file)
    await expectProblem(one.dir, 'integrity', { message: 'damaged', advice: 'restore' })
    const short = openSync(path, 'r+')
    ftruncateSync(short, 20_000)
    closeSync(short)
    expect((await runDoctor(one.dir)).problems).toEqual(['integrity'])
    writeFileSync(path, 'this is no database, but long enough to look like one of them')
    expect((await runDoctor(one.dir)).problems).toEqual(['integrity'])
    cpSync(whole, path)
    expect((await runDoctor(one.dir)).problems).toEqual([])
  })

  test('rows that refer to nothing', async () => {
    using one = installation()
    one.spoil("DELETE FROM settings_definitions WHERE id IN ('d0', 'd1')")
    await expectProblem(one.dir, 'foreign keys', {
      message: '2 of settings_instances to settings_definitions',
      advice: 'Restore a backup',
    })
  })

  test('the schema of a newer or another program; an older one is only told', async () => {
    using one = installation()
    one.spoil(
      "INSERT INTO schema_migrations SELECT idx + 100, 'future', 'x', 1 FROM schema_migrations ORDER BY idx DESC LIMIT 1",
    )
    await expectProblem(one.dir, 'schema', { message: 'newer version', advice: 'newer one' })
    using other = installation()
    other.spoil('DELETE FROM schema_migrations WHERE idx = (SELECT max(idx) FROM schema_migrations)')
    const older = await runDoctor(other.dir)
    expect([older.exitCode, older.of('schema')[0]?.severity]).toEqual([0, 'warning'])
  })

  test('files of plugins that are gone', async () => {
    using one = installation()
    const database = openDatabase(join(one.dir, 'braindrive.db'))
    const row = pluginRow('a'.repeat(32), 'Lamp', { contentHash: contentHash('b') })
    database.db.insert(plugins).values(row).run()
    database.close()
    await expectProblem(one.dir, 'plugins', {
      message: 'The files of 1 installed plugins are gone: Lamp',
      advice: 'backup',
    })
    writeContent(one.dir, contentHash('b'), { 'files/dist/remoteEntry.js': 'x' })
    expect((await runDoctor(one.dir)).problems).toEqual([])
  })

  test('jobs that failed, as a warning', async () => {
    using one = installation()
    one.spoil(
      `UPDATE jobs SET status = 'failed', secrets = NULL, error_code = 'lost', completed_at = ${Date.now() - 1000}`,
    )
    const { exitCode, of } = await runDoctor(one.dir)
    expect(exitCode).toBe(0)
    expect(of('jobs')).toMatchObject([{ severity: 'warning', message: expect.stringContaining('3 of x (lost)') }])
  })

  test('a port that is taken, and an address that is not ours', async () => {
    using one = installation()
    const other = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const PORT = String(other.port)
    await expectProblem(one.dir, 'port', { message: 'EADDRINUSE', advice: 'another port' }, { PORT })
    other.stop(true)
    expect((await runDoctor(one.dir, [], { PORT })).problems).toEqual([])
    await expectProblem(one.dir, 'port', { message: '192.0.2.1', advice: 'HOST' }, { PORT, HOST: '192.0.2.1' })
  })

  test('providers of the configuration that do not answer, without a word of keys', async () => {
    using one = installation()
    using alive = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('no', { status: 401 }) })
    const env = {
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      OPENAI_API_KEY: 'sk-secret',
      SEARXNG_URL: String(alive.url),
    }
    await expectProblem(
      one.dir,
      'providers',
      { message: 'OPENAI_BASE_URL does not answer', advice: 'OPENAI_BASE_URL' },
      env,
    )
    const { findings, of } = await runDoctor(one.dir, [], env)
    expect(of('providers')).toContainEqual(expect.objectContaining({ severity: 'ok', message: 'SEARXNG_URL answers' }))
    expect(JSON.stringify(findings)).not.toContain('sk-secret')
  })

  test('model servers of users that do not answer: their number, not their addresses', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    await server.call('POST', '/api/v1/auth/register', account)
    await server.signIn()
    const port = new URL(server.url).port
    // The one that every account begins with does not count.
    expect((await runDoctor(dir, ['--port', port])).problems).toEqual([])
    await server.call('POST', '/api/v1/settings/instances', {
      definition_id: 'ollama_servers_settings',
      name: 'Ollama Servers Settings',
      value: ollamaServers('http://127.0.0.1:9'),
      scope: 'user',
      user_id: 'current',
    })
    const { problems, findings, exitCode } = await runDoctor(dir, ['--port', port])
    expect([problems, exitCode]).toEqual([['users’ providers'], 4])
    expect(JSON.stringify(findings)).toContain('1 of 1 model servers')
    expect(JSON.stringify(findings)).not.toContain('127.0.0.1:9')
  })

  test('a configuration that is not usable', async () => {
    using one = installation()
    const { problems, exitCode } = await runDoctor(one.dir, [], { CORS_ORIGINS: 'nonsense', MAX_JOBS: 'many' })
    expect([problems, exitCode]).toEqual([['configuration', 'configuration'], 4])
  })

  test('a restore that was interrupted', async () => {
    using one = installation()
    writeFileSync(join(one.dir, 'restore.json'), '{}')
    await expectProblem(one.dir, 'restore', { message: 'interrupted', advice: 'Start the server' })
  })

  test('a log that has grown', async () => {
    using one = installation()
    const writer = new Database(join(one.dir, 'braindrive.db'))
    writer.run('PRAGMA journal_mode = WAL')
    writer.run("UPDATE users SET full_name = 'x'")
    // Sparse: it only looks large.
    const file = openSync(join(one.dir, 'braindrive.db-wal'), 'r+')
    ftruncateSync(file, 300_000_000)
    closeSync(file)
    const { of, exitCode } = await runDoctor(one.dir)
    expect([exitCode, of('write-ahead log')[0]?.severity]).toEqual([0, 'warning'])
    writer.close()
  })
})

/** Runs a shell script as root of a space of its own, where it may mount; undefined where this is not allowed. */
const inOwnSpace = (script: string) => {
  const { success, stdout } = Bun.spawnSync(['unshare', '-rm', 'sh', '-euc', script], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PORT: '0' },
  })
  return { success, out: stdout.toString() }
}
const maySpace = Bun.which('unshare') !== null && inOwnSpace('mount -t tmpfs -o size=1m none /mnt').success
const doctorIn = (dir: string) =>
  `'${process.execPath}' '${join(import.meta.dir, '../../src/main.ts')}' doctor --json --dir '${dir}' || true`

describe('disks', () => {
  test.skipIf(!maySpace)('a full one is found', () => {
    using one = installation()
    const disk = join(one.dir, '..', 'disk')
    mkdirSync(disk)
    const { out } = inOwnSpace(
      `mount -t tmpfs -o size=8m,mode=700 none '${disk}'; cp -a '${one.dir}/.' '${disk}'; ${doctorIn(disk)}`,
    )
    const findings = JSON.parse(out).findings as { check: string; severity: string; message: string }[]
    expect(findings.filter(({ severity }) => severity === 'problem')).toMatchObject([
      { check: 'disk', message: expect.stringContaining('The disk is full') },
    ])
  })

  test.skipIf(!maySpace)('one without room for more files is found', () => {
    using one = installation()
    const disk = join(one.dir, '..', 'disk')
    mkdirSync(disk)
    const { out } = inOwnSpace(
      `mount -t tmpfs -o size=200m,nr_inodes=50,mode=700 none '${disk}'; cp -a '${one.dir}/.' '${disk}'; ${doctorIn(disk)}`,
    )
    expect(out).toContain('more files')
  })

  test.skipIf(!maySpace)('one that is mounted read-only is found, and read all the same', () => {
    using one = installation()
    const { out } = inOwnSpace(
      `mount --bind '${one.dir}' '${one.dir}'; mount -o remount,bind,ro '${one.dir}'; ${doctorIn(one.dir)}`,
    )
    const { findings } = JSON.parse(out) as { findings: { check: string; severity: string }[] }
    expect(findings.filter(({ severity }) => severity === 'problem').map(({ check }) => check)).toEqual(['writable'])
    expect(findings).toContainEqual(expect.objectContaining({ check: 'integrity', severity: 'ok' }))
  })

  test('the limits', () => {
    const room = (freeBytes: number, freeFiles?: number) => checkRoom('', () => ({ freeBytes, freeFiles }))[0]?.severity
    expect([room(99_000_000), room(101_000_000), room(2_000_000_000)]).toEqual(['problem', 'warning', 'ok'])
    expect([room(2_000_000_000, 10), room(2_000_000_000, 100_000)]).toEqual(['problem', 'ok'])
  })
})

test('a clock that is wrong', () => {
  const now = Date.UTC(2026, 11, 1)
  const severity = (at: number, newest?: number) => checkClock(at, newest)[0]?.severity
  expect(severity(0)).toBe('problem')
  expect(severity(now, now + 3_600_000)).toBe('warning')
  expect([severity(now), severity(now, now - 1000), severity(now, now + 1000)]).toEqual(['ok', 'ok', 'ok'])
})

test.skipIf(process.getuid?.() !== 0 || !Bun.which('setpriv'))('somebody who may not look is told so', () => {
  using one = installation()
  chmodSync(join(one.dir, '..'), 0o755)
  const args = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
  const { stdout, exitCode } = Bun.spawnSync(
    [...args, join(import.meta.dir, '../../src/main.ts'), 'doctor', '--dir', one.dir],
    {
      env: { PATH: '/usr/bin:/bin', PORT: '0', HOME: '/tmp' },
      cwd: '/',
    },
  )
  // Where the source itself cannot be read by others, there is nothing to see.
  if (stdout.length === 0) return
  expect(exitCode).toBe(4)
  expect(stdout.toString()).toContain('Run this as the account of the server')
})
