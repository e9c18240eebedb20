import { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { failureOf } from '../support/failure-of.ts'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { oldHousehold } from '../support/old-household.ts'
import { ada, bob, dashed, encryptOld, oldInstallation, oldUser } from '../support/old-installation.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const unused = 'http://localhost:1'

/** All rows of all tables. */
const everything = ({ database: { sqlite } }: TestServer) => {
  const tables = sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
  return Object.fromEntries(tables.map(({ name }) => [name, sqlite.query(`SELECT * FROM "${name}"`).all()]))
}

/** Names, contents and times of all files in a folder. */
const stateOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, statSync(path).mtimeMs, createHash('sha256').update(readFileSync(path)).digest('hex')])

describe('importing again', () => {
  test('changes nothing more, also after somebody has gone on here', async () => {
    await using server = testApp()
    using old = await oldHousehold(unused)
    const first = await importOld(server, old, { plugins: old.plugins })
    const imported = everything(server)
    const second = await importOld(server, old, { plugins: old.plugins })
    expect(everything(server)).toEqual(imported)
    for (const { table, read, imported: count, alreadyThere, dropped } of second.tables) {
      expect([table, count]).toEqual([table, 0])
      expect([table, alreadyThere + dropped]).toEqual([table, read])
    }
    expect(first.tables.map(({ table, read, imported: count, dropped }) => [table, count + dropped === read])).toEqual(
      first.tables.map(({ table }) => [table, true]),
    )

    const { call } = await signInOld(server, 'ada@home.local')
    await call('PUT', '/api/v1/auth/profile/username', { username: 'countess' })
    const changed = everything(server)
    await importOld(server, old, { plugins: old.plugins })
    expect(everything(server)).toEqual(changed)
  })

  test('brings the files of plugins that came without', async () => {
    await using server = testApp()
    using old = await oldHousehold(unused)
    const { findings } = await importOld(server, old)
    expect(findings).toContainEqual(expect.objectContaining({ table: 'plugin', kind: 'warning', count: 1 }))
    expect(rowsOf(server, 'plugins')[0].content_hash).toBeNull()
    await importOld(server, old, { plugins: old.plugins })
    const [{ content_hash: hash, content_bytes: bytes }] = rowsOf(server, 'plugins')
    expect(bytes).toBeGreaterThan(0)
    expect(existsSync(join(server.dataPath, 'plugins', 'contents', hash, 'files', 'dist', 'remoteEntry.js'))).toBeTrue()
  })

  test('brings what has come to the old server since', async () => {
    await using server = testApp()
    using old = await oldHousehold(unused)
    await importOld(server, old)
    const conversation_id = rowsOf(server, 'conversations')[0].id
    old.insert('messages', {
      id: 'm3',
      conversation_id,
      sender: 'user',
      message: 'More',
      created_at: '2025-06-01 00:00:00',
    })
    const { tables } = await importOld(server, old)
    expect(tables.find(({ table }) => table === 'messages')).toEqual({
      table: 'messages',
      read: 3,
      imported: 1,
      alreadyThere: 2,
      dropped: 0,
    })
    expect(rowsOf(server, 'conversations')[0].updated_at).toBe(Date.UTC(2025, 5, 1))
  })
})

test('a dry run tells the same as the import, and leaves nothing behind', async () => {
  await using server = testApp()
  using old = await oldHousehold(unused)
  const before = everything(server)
  const dry = await importOld(server, old, { plugins: old.plugins, dryRun: true })
  expect(everything(server)).toEqual(before)
  const left = readdirSync(server.dataPath, { recursive: true, encoding: 'utf8' })
  expect(left.filter((name) => statSync(join(server.dataPath, name)).isFile())).toEqual([])
  const real = await importOld(server, old, { plugins: old.plugins })
  expect({ ...dry, dryRun: false }).toEqual(real)
})

test('a failure in the middle takes everything back, files of plugins too', async () => {
  await using server = testApp()
  using old = await oldHousehold(unused)
  const before = everything(server)
  const { packageStore } = server.deps
  const place: typeof packageStore.place = (sealed) => {
    packageStore.place(sealed)
    throw new Error('no space left')
  }
  const failing = { deps: { ...server.deps, packageStore: { ...packageStore, place } } }
  expect((await failureOf(importOld(failing, old, { plugins: old.plugins }))).message).toMatch('no space left')
  expect(everything(server)).toEqual(before)
  expect(readdirSync(join(server.dataPath, 'plugins', 'contents'))).toEqual([])
  expect(readdirSync(join(server.dataPath, 'plugins', 'staging'))).toEqual([])
  await importOld(server, old, { plugins: old.plugins })
  expect(rowsOf(server, 'plugins')[0].content_hash).not.toBeNull()
})

describe('the source', () => {
  test('is not touched: neither the database nor anything beside it', async () => {
    await using server = testApp()
    using old = await oldHousehold(unused)
    const before = stateOf(old.folder)
    await importOld(server, old, { plugins: old.plugins })
    expect(stateOf(old.folder)).toEqual(before)
    expect(readdirSync(join(server.dataPath, 'plugins', 'staging'))).toEqual([])
  })

  test('may have a log beside it, with changes that are in no file yet', async () => {
    await using server = testApp()
    using folder = temporaryFolder()
    using old = oldInstallation()
    old.sqlite.run('PRAGMA journal_mode = WAL')
    old.insert('users', oldUser(ada, 'ada'))
    const path = join(folder.path, 'braindrive.db')
    for (const suffix of ['', '-wal']) copyFileSync(old.path + suffix, path + suffix)
    expect(new Database(old.path, { readonly: true }).query('SELECT * FROM users').all()).toHaveLength(1)
    chmodSync(path, 0o400)
    const before = stateOf(folder.path)
    await importOld(server, { path })
    expect(stateOf(folder.path)).toEqual(before)
    expect(rowsOf(server, 'users')).toHaveLength(1)
  })

  test('may hold what a crash left to roll back', async () => {
    await using server = testApp()
    using folder = temporaryFolder()
    using old = oldInstallation()
    old.insert('users', oldUser(ada, 'ada'))
    const path = join(folder.path, 'braindrive.db')
    // A transaction that is larger than its cache has begun to write into the file.
    old.sqlite.run('PRAGMA cache_size = 1')
    old.sqlite.run('BEGIN')
    old.insert('users', oldUser(bob, 'bob', { full_name: 'x'.repeat(90) }))
    for (let number = 0; number < 500; number++)
      old.insert('audit_logs', { id: `${number}`, event_type: 'x'.repeat(500), actor_type: 'user', status: 'success' })
    for (const suffix of ['', '-journal']) copyFileSync(old.path + suffix, path + suffix)
    old.sqlite.run('ROLLBACK')
    const before = stateOf(folder.path)
    await importOld(server, { path })
    expect(stateOf(folder.path)).toEqual(before)
    expect(rowsOf(server, 'users')).toHaveLength(1)
    expect(rowsOf(server, 'audit_logs')).toHaveLength(0)
  })

  test('is refused with a reason when it is no such database, and nothing is imported', async () => {
    await using server = testApp()
    using folder = temporaryFolder()
    const path = join(folder.path, 'other.db')
    expect((await failureOf(importOld(server, { path }))).message).toMatch('There is no database file')
    writeFileSync(path, 'no database at all, but long enough to look like one '.repeat(100))
    expect((await failureOf(importOld(server, { path }))).message).toMatch('This is no SQLite database')
    const other = new Database(join(folder.path, 'third.db'), { create: true })
    other.run('CREATE TABLE users (id TEXT)')
    other.close()
    expect((await failureOf(importOld(server, { path: join(folder.path, 'third.db') }))).message).toMatch(
      'no database of a BrainDrive backend',
    )
    using old = await oldHousehold(unused)
    old.sqlite.run('PRAGMA wal_checkpoint(TRUNCATE)')
    const damaged = join(folder.path, 'damaged.db')
    copyFileSync(old.path, damaged)
    truncateSync(damaged, Math.floor(statSync(damaged).size / 2 / 4096) * 4096)
    expect((await failureOf(importOld(server, { path: damaged }))).message).toMatch(/damaged|no SQLite database/)
    expect((await failureOf(importOld(server, old, { plugins: join(folder.path, 'nowhere') }))).message).toMatch(
      'There is no folder',
    )
    expect(rowsOf(server, 'users')).toEqual([])
    expect(readdirSync(join(server.dataPath, 'plugins', 'staging'))).toEqual([])
  })
})

describe('the master key', () => {
  test('that opens nothing refuses the import, unless such settings may be left out', async () => {
    await using server = testApp()
    using old = await oldHousehold(unused)
    const wrong = { masterKeys: ['another key of thirty-two letters'] }
    expect((await failureOf(importOld(server, old, wrong))).message).toMatch('opens none of the 1 encrypted settings')
    expect(rowsOf(server, 'users')).toEqual([])
    const { findings } = await importOld(server, old, { ...wrong, skipUnreadable: true })
    expect(findings).toContainEqual({
      table: 'settings_instances',
      kind: 'dropped',
      reason: 'it is encrypted, and the master key does not open it',
      count: 1,
      ids: ['openai_settings_of_ada'],
    })
    expect(rowsOf(server, 'users')).toHaveLength(1)
  })

  test('may be one of several, or the one of the template, which nobody changed', async () => {
    await using server = testApp()
    using old = oldInstallation()
    old.insert('users', oldUser(ada, 'ada'))
    for (const [id, key] of Object.entries({ a: 'first key', b: 'your-encryption-master-key-here' }))
      old.insert('settings_instances', {
        id,
        definition_id: id,
        name: id,
        scope: 'user',
        user_id: ada,
        value: encryptOld({ id }, key),
      })
    await importOld(server, old, { masterKeys: ['no key', 'first key'] })
    const { call } = await signInOld(server, 'ada@home.local')
    for (const id of ['a', 'b'])
      expect((await call('GET', `/api/v1/settings/instances/${id}`)).body.value).toEqual({ id })
  })
})

describe('an installation in use', () => {
  test('keeps its users: who has the name or e-mail of one of them is left out, with all that is theirs', async () => {
    await using server = testApp()
    const home = { id: await server.idOf('ada') }
    using old = oldInstallation()
    old.insert(
      'users',
      oldUser(ada, 'ada2', { email: 'ADA@home.test' }),
      oldUser(bob, 'bob'),
      oldUser('c'.repeat(32), 'ada'),
    )
    old.insert(
      'personas',
      { id: 'p', name: 'P', system_prompt: 'x', user_id: ada },
      { id: 'q', name: 'Q', system_prompt: 'x', user_id: bob },
    )
    const { findings } = await importOld(server, old)
    expect(rowsOf(server, 'users').map(({ id }) => id)).toEqual([home.id, bob])
    expect(findings).toEqual([
      {
        table: 'users',
        kind: 'dropped',
        reason: 'somebody else here has its username or e-mail',
        count: 2,
        ids: [ada, 'c'.repeat(32)],
      },
      { table: 'personas', kind: 'dropped', reason: 'its user was not imported', count: 1, ids: ['p'] },
    ])
    expect((await server.as('ada')('GET', '/api/v1/auth/me')).status).toBe(200)
  })

  test('gets what lacks for a user of the same id', async () => {
    await using server = testApp()
    const id = await server.idOf('ada')
    using old = oldInstallation()
    old.insert('users', oldUser(dashed(id), 'somebody', { email: 'else@home.local' }))
    old.insert('personas', { id: 'p', name: 'P', system_prompt: 'x', user_id: id })
    old.insert(
      'navigation_routes',
      { id: 'r1', name: 'Old root', route: 'dashboard', creator_id: id },
      { id: 'r2', name: 'Child', route: 'child', creator_id: id, parent_id: 'r1' },
    )
    await importOld(server, old)
    const call = server.as('ada')
    expect((await call('GET', '/api/v1/auth/me')).body.username).toBe('ada')
    expect((await call('GET', '/api/v1/personas/p')).status).toBe(200)
    const routes = (await call('GET', '/api/v1/navigation-routes')).body
    const own = routes.find(({ route }: { route: string }) => route === 'dashboard')
    expect(own.name).toBe('Your BrainDrive')
    expect(routes.find(({ id: one }: { id: string }) => one === 'r2').parent_id).toBe(own.id)
  })
})
