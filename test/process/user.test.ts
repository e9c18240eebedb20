import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli, runCliJson, sourceCommand } from '../support/run-cli.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

setDefaultTimeout(60_000)

const create = (dir: string, { email, username }: { email: string; username: string }, ...more: string[]) =>
  runCliJson(['user', 'create', email, '--username', username, '--dir', dir, ...more], {
    input: `${account.password}\n`,
  })

const auditRows = (dir: string) => {
  const database = new Database(join(dir, 'braindrive.db'))
  const rows = database
    .query<Record<string, unknown>, []>(
      "SELECT event_type, actor_type, actor_id, resource_type, resource_id, status FROM audit_logs WHERE event_type LIKE 'user.%' ORDER BY rowid",
    )
    .all()
  database.close()
  return rows
}

test('before the first start: the first account is the administrator, in a folder made like a server makes it', async () => {
  using folder = temporaryFolder()
  const dir = join(folder.path, 'data')
  const { json, exitCode } = await create(dir, account)
  expect(exitCode).toBe(0)
  expect(json).toMatchObject({ username: 'ada', email: account.email, role: 'admin', active: true })
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, 'keys/encryption.key')).mode & 0o777).toBe(0o600)
  await using server = await startFromSource(folder.path, { DATA_DIR: dir })
  await server.signIn()
  // All that belongs to an account is there.
  expect(
    (await server.call('GET', '/api/v1/settings/instances?scope=user&user_id=current')).body.length,
  ).toBeGreaterThan(3)
  expect((await server.call('GET', '/api/v1/pages')).body.pages.length).toBeGreaterThan(0)
})

test('default plugins are queued, as for a registration', async () => {
  using folder = temporaryFolder()
  const env = { DEFAULT_PLUGINS: 'BrainDriveSettings,BrainDriveChat' }
  const args = ['user', 'create', account.email, '--username', 'ada', '--dir', folder.path]
  expect((await runCli(args, { input: account.password, env })).exitCode).toBe(0)
  const database = new Database(join(folder.path, 'braindrive.db'))
  expect(database.query("SELECT count(*) AS count FROM jobs WHERE status = 'queued'").get()).toEqual({ count: 2 })
  database.close()
})

describe('beside a running server', () => {
  test('an account is there at once, although registration is closed; its end ends its sessions at once', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir, REGISTRATION: 'closed' })
    await create(dir, { email: 'root@home.local', username: 'root' })
    const { json: ada } = await create(dir, account)
    expect(ada.role).toBe('member')
    await server.signIn()
    const me = () => server.call('GET', '/api/v1/auth/me')
    expect((await me()).body.id).toBe(ada.id)

    expect((await runCli(['user', 'disable', account.email, '--dir', dir])).exitCode).toBe(0)
    expect((await me()).status).toBe(401)
    const login = await server.call('POST', '/api/v1/auth/login', account)
    expect([login.status, login.body.detail]).toEqual([401, 'Invalid email or password'])

    // What ended stays ended.
    expect((await runCli(['user', 'enable', 'ada', '--dir', dir])).exitCode).toBe(0)
    expect((await me()).status).toBe(401)
    await server.signIn()
    expect((await me()).status).toBe(200)

    const input = 'another horse'
    expect((await runCli(['user', 'set-password', ada.id, '--dir', dir], { input })).exitCode).toBe(0)
    expect((await me()).status).toBe(401)
    expect((await server.call('POST', '/api/v1/auth/login', account)).status).toBe(401)
    expect((await server.call('POST', '/api/v1/auth/login', { ...account, password: input })).status).toBe(200)

    const { json } = await runCliJson(['user', 'list', '--dir', dir])
    expect(json.users).toMatchObject([
      { username: 'root', role: 'admin', sessions: 0 },
      { id: ada.id, username: 'ada', email: account.email, role: 'member', active: true, sessions: 1 },
    ])
    expect(json.users[1].createdAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect(JSON.stringify(json)).not.toMatch(/hash|argon2/i)
    const row = (event_type: string) => ({
      event_type,
      actor_type: 'system',
      actor_id: null,
      resource_type: 'user',
      resource_id: ada.id,
      status: 'success',
    })
    expect(auditRows(dir).slice(1)).toEqual(
      ['user.created', 'user.disabled', 'user.enabled', 'user.password_set'].map(row),
    )
  })

  test('a refresh token of a disabled user does not help', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    await create(dir, { email: 'root@home.local', username: 'root' })
    await create(dir, account)
    const { body } = await server.call('POST', '/api/v1/auth/login', account)
    await runCli(['user', 'disable', 'ada', '--dir', dir])
    const refresh = await server.call('POST', '/api/v1/auth/refresh', { refresh_token: body.refresh_token })
    expect(refresh.status).toBe(403)
  })

  test('twenty at once make twenty accounts and one administrator', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) => create(dir, { email: `u${index}@home.local`, username: `user${index}` })),
    )
    expect(made.map(({ exitCode }) => exitCode)).toEqual(made.map(() => 0))
    expect(made.filter(({ json }) => json.role === 'admin')).toHaveLength(1)
    expect((await server.call('GET', '/health')).status).toBe(200)
  })
})

describe('administrators', () => {
  test('the last one who can sign in stays', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    await create(dir, { email: 'root@home.local', username: 'root' })
    await create(dir, account)
    const run = async (...args: string[]) => {
      const { exitCode, err } = await runCli(['user', ...args, '--dir', dir])
      return exitCode === 0 ? 'done' : err.trim()
    }
    const last = 'This is the only administrator who can sign in: promote somebody else first'
    expect(await run('disable', 'root')).toBe(last)
    expect(await run('demote', 'root')).toBe(last)
    expect(await run('promote', 'ada')).toBe('done')
    expect(await run('disable', 'ada')).toBe('done')
    // A disabled administrator does not count.
    expect(await run('demote', 'root')).toBe(last)
    expect(await run('demote', 'ada')).toBe('done')
    expect(await run('enable', 'ada')).toBe('done')
    expect(await run('demote', 'ada')).toBe('done')
    expect(await run('disable', 'ada')).toBe('done')
    expect(await run('promote', 'nobody')).toBe('There is no user nobody')
    expect(auditRows(dir)).toHaveLength(8)
  })

  test('--admin makes one', async () => {
    using folder = temporaryFolder()
    await create(folder.path, { email: 'root@home.local', username: 'root' })
    expect((await create(folder.path, account, '--admin')).json.role).toBe('admin')
  })
})

describe('who is meant', () => {
  test('what looks like an id or an e-mail is never a user name', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    const { json: root } = await create(dir, { email: 'root@home.local', username: 'root' })
    const id = 'f'.repeat(32)
    await create(dir, { email: 'm1@home.local', username: 'ada@home.local' })
    await create(dir, { email: 'm2@home.local', username: id })
    for (const name of ['ada@home.local', id])
      expect((await runCli(['user', 'promote', name, '--dir', dir])).err).toContain(`There is no user ${name}`)
    const dashed = root.id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase()
    for (const name of ['root', 'ROOT@home.local', root.id, dashed]) {
      const { json } = await runCliJson(['user', 'promote', name, '--dir', dir])
      expect(json.id).toBe(root.id)
    }
  })
})

describe('the rules of registration hold', () => {
  test('each refusal says why, with exit code 1, and makes nothing', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    await create(dir, account)
    const refused = async (email: string, username: string, input: string) => {
      const { err, exitCode } = await runCli(['user', 'create', email, '--username', username, '--dir', dir], { input })
      expect(exitCode).toBe(1)
      return err.trim()
    }
    const good = 'long enough'
    expect(await refused('ADA@home.local', 'other', good)).toBe('Email already registered')
    expect(await refused('other@home.local', 'ada', good)).toBe('Username already taken')
    expect(await refused('nonsense', 'other', good)).toContain('email: value is not a valid email address')
    expect(await refused('other@home.local', 'ab', good)).toBe('username: String should have at least 3 characters')
    expect(await refused('other@home.local', 'x\u001B[2J', good)).toContain('control characters')
    expect(await refused('other@home.local', 'x'.repeat(51), good)).toContain('at most 50 characters')
    expect(await refused('other@home.local', 'other', 'short')).toContain('password: String should have at least 8')
    expect(await refused('other@home.local', 'other', 'x'.repeat(513))).toContain('at most 512 characters')
    const set = await runCli(['user', 'set-password', 'ada', '--dir', dir], { input: 'short' })
    expect([set.exitCode, set.err]).toEqual([1, 'New password must be at least 8 characters long\n'])
    expect((await runCliJson(['user', 'list', '--dir', dir])).json.users).toHaveLength(1)
  })
})

describe('the password', () => {
  test('comes from a file, with spaces and umlauts as they are, without its last line break', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'password')
    writeFileSync(file, ' pässword mit Abstand \n')
    chmodSync(file, 0o600)
    const dir = join(folder.path, 'data')
    await runCli(['user', 'create', account.email, '--username', 'ada', '--dir', dir, '--password-file', file])
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    const login = await server.call('POST', '/api/v1/auth/login', { ...account, password: ' pässword mit Abstand ' })
    expect(login.status).toBe(200)
  })

  test('is never taken from the arguments, and nothing stands in for it', async () => {
    using folder = temporaryFolder()
    const args = ['user', 'create', account.email, '--username', 'ada', '--dir', folder.path]
    expect((await runCli([...args, '--password', 'secret password'])).exitCode).toBe(2)
    expect((await runCli(args)).exitCode).toBe(2)
    expect((await runCli([...args, '--password-file', '/nowhere'])).err).toContain('cannot be read')
  })

  // util-linux: gives the program a terminal.
  test.skipIf(!Bun.which('script'))('is asked for twice on a terminal, and not shown', async () => {
    using folder = temporaryFolder()
    const args = [...sourceCommand, 'user', 'create', account.email, '--username', 'ada', '--dir', folder.path]
    const ask = async (answers: string[]) => {
      const child = Bun.spawn(['script', '-qec', args.map((one) => `'${one}'`).join(' '), '/dev/null'], {
        env: { PATH: '/usr/bin:/bin', DEFAULT_PLUGINS: '' },
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
      })
      let shown = ''
      const decoder = new TextDecoder()
      for await (const bytes of child.stdout) {
        shown += decoder.decode(bytes)
        if (/(?:password|again): $/.test(shown) && answers.length > 0) {
          await child.stdin.write(`${answers.shift()}\r`)
          await child.stdin.flush()
        }
      }
      return { shown, exitCode: await child.exited }
    }
    const different = await ask([account.password, 'something else'])
    expect(different).toMatchObject({ exitCode: 1, shown: expect.stringContaining('The two are not the same') })
    const { shown, exitCode } = await ask([account.password, account.password])
    expect([exitCode, shown]).toEqual([0, expect.stringContaining('is there, as an administrator')])
    expect(shown).not.toContain(account.password)
  })
})

test('a folder without a database is not made by looking, nor by a typing error', async () => {
  using folder = temporaryFolder()
  const dir = join(folder.path, 'data')
  for (const args of [['list'], ['promote', 'ada'], ['disable', 'ada']]) {
    const { exitCode, err } = await runCli(['user', ...args, '--dir', dir])
    expect([exitCode, err]).toEqual([1, expect.stringContaining('There is no database')])
  }
  expect([...new Bun.Glob('**').scanSync({ cwd: folder.path, onlyFiles: false })]).toEqual([])
})
