import { describe, expect, spyOn, test } from 'bun:test'
import {
  deleteUserSetting,
  findUserSettingValue,
  saveUserSettingValue,
} from '../../src/areas/settings/settings.service.ts'
import { createSecretBox, deriveSecretKey } from '../../src/shared/secret-box.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/settings/instances'
const secret = 'correct horse battery staple'
const otherBox = createSecretBox([deriveSecretKey('another key of another server')])

/** Ada is the administrator, Bob is not. */
const start = async (options: Parameters<typeof testApp>[0] = {}) => {
  const server = testApp(options)
  await server.tokenOf('ada')
  await server.tokenOf('bob')
  return server
}

const note = (change: Record<string, unknown> = {}) => ({
  definition_id: 'note',
  name: 'Note',
  value: { secret },
  scope: 'user',
  ...change,
})
const breakRow = (server: TestServer, id: string, value = otherBox.seal('"x"', `settings_instances:${id}`)) =>
  server.database.sqlite.run('UPDATE settings_instances SET value = ? WHERE id = ?', [value, id])
const onPage = (page: number, value: unknown = 'v') => note({ scope: 'page', page_id: `${page}`, value })
const countRows = (server: TestServer) =>
  server.database.sqlite.query('SELECT count(*) AS n FROM settings_instances').get()
const dump = (server: TestServer) =>
  JSON.stringify(
    ['settings_instances', 'settings_definitions', 'audit_logs'].map((table) =>
      server.database.sqlite.query(`SELECT * FROM ${table}`).all(),
    ),
  )

describe('at rest', () => {
  test('every way to write seals the value; nothing of it is logged', async () => {
    await using server = await start({ logLevel: 'debug' })
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    const checkSealed = () => {
      const row = server.database.sqlite
        .query<{ value: string }, []>("SELECT value FROM settings_instances WHERE definition_id = 'note'")
        .get()
      expect(row?.value).toStartWith('v1.')
      expect(dump(server)).not.toContain('horse')
      expect(dump(server)).not.toContain(btoa(secret).slice(0, 12))
    }
    checkSealed()
    await bob('POST', path, note({ value: secret }))
    checkSealed()
    await bob('POST', path, note({ id: body.id, value: [secret] }))
    checkSealed()
    await bob('PATCH', `${path}/${body.id}`, { value: secret })
    checkSealed()
    await bob('PUT', `${path}/${body.id}`, note())
    checkSealed()
    await bob('POST', path, note({ value: { secret, big: 'x'.repeat(300_000) } }))
    expect(dump(server)).not.toContain('"theme":"dark\\"')
    expect(server.logged()).not.toContain('horse')
  })

  test('null is stored as no value', async () => {
    await using server = await start()
    await server.as('bob')('POST', path, note({ value: null }))
    expect(
      server.database.sqlite.query("SELECT value FROM settings_instances WHERE definition_id = 'note'").get(),
    ).toEqual({ value: null })
  })
})

describe('a row that another key sealed', () => {
  test('200: its value is null, the others are there, and the log says it once', async () => {
    await using server = await start({ logLevel: 'warn' })
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    const { body: second } = await bob('POST', path, note({ definition_id: 'second' }))
    breakRow(server, body.id)
    breakRow(server, second.id, 'no ciphertext at all')
    const list = await bob('GET', `${path}?user_id=current`)
    expect(list.status).toBe(200)
    expect(list.body.map(({ value }: { value: unknown }) => value === null)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ])
    expect(server.logged().match(/do not open/g)).toHaveLength(1)
    expect(await bob('GET', `${path}/${body.id}`)).toMatchObject({ status: 200, body: { value: null } })
  })

  test('200: renaming leaves its ciphertext alone; a new value replaces it; it can be deleted', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    breakRow(server, body.id)
    const ciphertext = () =>
      server.database.sqlite.query('SELECT value FROM settings_instances WHERE id = ?').get(body.id)
    const before = ciphertext()
    expect(await bob('PATCH', `${path}/${body.id}`, { name: 'New' })).toMatchObject({
      status: 200,
      body: { name: 'New', value: null },
    })
    expect(ciphertext()).toEqual(before)
    expect(await bob('POST', path, note({ value: 2 }))).toMatchObject({ status: 200, body: { id: body.id, value: 2 } })
    breakRow(server, body.id)
    expect(await bob('DELETE', `${path}/${body.id}`)).toMatchObject({ status: 200 })
  })

  test('a ciphertext moved to another row does not open', async () => {
    await using server = await start()
    const { body } = await server.as('ada')('POST', path, note())
    const { body: own } = await server.as('bob')('POST', path, note({ value: 1 }))
    server.database.sqlite.run(
      'UPDATE settings_instances SET value = (SELECT value FROM settings_instances WHERE id = ?) WHERE id = ?',
      [body.id, own.id],
    )
    expect((await server.as('bob')('GET', `${path}/${own.id}`)).body.value).toBeNull()
  })
})

describe('limits', () => {
  test('413: a value of more than 256 KB of JSON in UTF-8; nothing is written', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const most = 'x'.repeat(262_142)
    const { status, body } = await bob('POST', path, note({ value: most }))
    expect(status).toBe(200)
    const before = dump(server)
    const refusal = {
      status: 413,
      body: { detail: 'The value is too large: at most 256 KB of JSON', code: 'settings.value_too_large' },
    }
    expect(await bob('POST', path, note({ value: `${most}x` }))).toMatchObject(refusal)
    expect(await bob('POST', path, note({ value: `${most}x`, definition_id: 'new' }))).toMatchObject(refusal)
    expect(await bob('PATCH', `${path}/${body.id}`, { value: `${most}x` })).toMatchObject(refusal)
    expect(await bob('PUT', `${path}/${body.id}`, { value: { x: 'é'.repeat(131_072) } })).toMatchObject(refusal)
    expect(dump(server)).toBe(before)
  })

  test('400: at most 1000 rows for a user', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const first = await bob('POST', path, onPage(0))
    server.database.sqlite.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 992)
       INSERT INTO settings_instances SELECT 'row ' || i, definition_id, name, NULL, scope, user_id, i, created_at, updated_at
       FROM n, settings_instances WHERE id = ?`,
      [first.body.id],
    )
    const before = countRows(server)
    expect(await bob('POST', path, onPage(993))).toMatchObject({
      status: 400,
      body: { detail: 'Your settings are full (1000 entries or 16 MB): delete some first', code: 'settings.no_room' },
    })
    expect(countRows(server)).toEqual(before)
    expect(await bob('POST', path, onPage(7))).toMatchObject({ status: 200 })
    expect(await server.as('ada')('POST', path, onPage(993))).toMatchObject({ status: 200 })
    expect(await bob('DELETE', `${path}/${first.body.id}`)).toMatchObject({ status: 200 })
    expect(await bob('POST', path, onPage(993))).toMatchObject({ status: 200 })
  })

  test('400: at most 16 MB for a user; smaller values still fit in', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const big = 'x'.repeat(260_000)
    const save = (page: number, value: unknown) => bob('POST', path, onPage(page, value))
    for (let page = 0; page < 48; page++) expect((await save(page, big)).status).toBe(200)
    const before = countRows(server)
    expect(await save(48, big)).toMatchObject({ status: 400, body: { code: 'settings.no_room' } })
    expect(countRows(server)).toEqual(before)
    expect(await save(48, 'small')).toMatchObject({ status: 200 })
    expect(await save(48, big)).toMatchObject({ status: 400 })
    expect(await save(3, 'small')).toMatchObject({ status: 200 })
    expect(await save(48, big)).toMatchObject({ status: 200 })
    expect((await bob('GET', `${path}?page_id=47`)).body[0].value).toHaveLength(260_000)
  })

  test('422: a body that nests too deeply', async () => {
    await using server = await start()
    const deep = JSON.stringify(note({ value: 0 })).replace(
      '"value":0',
      `"value":${'['.repeat(5000)}${']'.repeat(5000)}`,
    )
    expect(await server.as('bob')('POST', path, deep)).toMatchObject({ status: 422 })
  })
})

/** 100 users with 100 settings each. */
const addStrangers = (server: TestServer) => {
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)'
  server.database.sqlite.run(
    `${numbers} INSERT INTO users SELECT 'user ' || i, 'u' || i, 'e' || i, 'e' || i, 'h', NULL, NULL, 'member', 1, 0, '1', 0, 0 FROM n`,
  )
  server.database.sqlite.run(
    `${numbers} INSERT INTO settings_definitions SELECT 'd' || i, 'd', NULL, 'c', 'object', NULL, '[]', NULL, 0, '[]', 0, 0, NULL FROM n`,
  )
  server.database.sqlite.run(
    `${numbers} INSERT INTO settings_instances
     SELECT u.i || ' ' || d.i, CASE d.i WHEN 1 THEN 'theme_settings' ELSE 'd' || d.i END, 'x', NULL, 'user', 'user ' || u.i, NULL, 0, 0
     FROM n AS u, n AS d`,
  )
}

describe('among 10,000 rows of others', () => {
  test('only own rows show', async () => {
    await using server = await start()
    addStrangers(server)
    const bob = server.as('bob')
    expect((await bob('GET', `${path}?definition_id=theme_settings&scope=user`)).body).toHaveLength(1)
    expect((await bob('GET', `${path}?user_id=current`)).body).toHaveLength(7)
    expect((await bob('GET', path)).body).toEqual([])
  })

  test('every query of reading and saving goes by an index', async () => {
    await using server = await start()
    addStrangers(server)
    const bob = server.as('bob')
    const prepare = spyOn(server.database.sqlite, 'prepare')
    const { body } = await bob('POST', path, note())
    await bob('POST', path, note({ scope: 'page', page_id: 'p' }))
    await server.as('ada')('POST', path, note({ scope: 'system' }))
    const queries = [
      'definition_id=note&scope=user',
      'definition_id=note&scope=system',
      'scope=system',
      'user_id=current',
      'scope=page&page_id=p',
    ]
    for (const query of queries) await bob('GET', `${path}?${query}`)
    await bob('GET', `${path}/${body.id}`)
    await bob('PATCH', `${path}/${body.id}`, { value: 1 })
    const statements = new Set(
      prepare.mock.calls
        .map(([statement]) => statement)
        .filter((statement) => statement.includes('settings_instances')),
    )
    prepare.mockRestore()
    expect(statements.size).toBeGreaterThanOrEqual(7)
    for (const statement of statements) {
      const plan = server.database.sqlite.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${statement}`).all()
      // The shared rows are few and have an index of their own, which is read from end to end.
      const scans = plan
        .map(({ detail }) => detail)
        .filter(
          (detail) => detail.startsWith('SCAN') && !/USING INDEX settings_instances_system|CONSTANT ROW/.test(detail),
        )
      expect({ statement, scans }).toEqual({ statement, scans: [] })
    }
  })
})

describe('for other areas', () => {
  const definition = { id: 'openai_api_keys_settings', name: 'OpenAI' }
  const key = 'sk-abcdefghijklmnopqrstuvwxyz'

  test('findUserSettingValue: the whole value of the own row, keys included', async () => {
    await using server = await start()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const find = (user: string) => findUserSettingValue(server.deps, user, definition.id)
    const save = (value: unknown, change = {}) =>
      server.as('bob')('POST', path, note({ definition_id: definition.id, value, ...change }))
    expect(find(bob)).toBeUndefined()
    await server.as('ada')(
      'POST',
      path,
      note({ definition_id: definition.id, value: { apiKey: key }, scope: 'system' }),
    )
    await save({ apiKey: key }, { scope: 'page', page_id: 'p' })
    expect(find(bob)).toBeUndefined()
    await save({ apiKey: key })
    expect(find(bob)).toEqual({ apiKey: key })
    expect(find(ada)).toBeUndefined()
    await save(null)
    expect(find(bob)).toBeNull()
  })

  test.each([
    [JSON.stringify({ apiKey: key }), { apiKey: key }],
    [` ${JSON.stringify(JSON.stringify({ apiKey: key }))} `, { apiKey: key }],
    [`"${key}"`, key],
    [key, key],
    ['{ not JSON', '{ not JSON'],
    ['12', '12'],
    [12, 12],
  ])('findUserSettingValue: %j is %j', async (value, expected) => {
    await using server = await start()
    await server.as('bob')('POST', path, note({ value }))
    expect(findUserSettingValue(server.deps, await server.idOf('bob'), 'note')).toEqual(expected)
  })

  test('findUserSettingValue: null and a line in the log for what does not open', async () => {
    await using server = await start({ logLevel: 'warn' })
    const bob = await server.idOf('bob')
    expect(findUserSettingValue({ ...server.deps, secretBox: otherBox }, bob, 'theme_settings')).toBeNull()
    expect(server.logged()).toContain('do not open')
  })

  test('saveUserSettingValue: creates definition and row, overwrites, keeps a masked key', async () => {
    await using server = await start()
    const bob = await server.idOf('bob')
    const first = saveUserSettingValue(server.deps, bob, definition, { api_key: key })
    const again = saveUserSettingValue(server.deps, bob, definition, {
      api_key: 'sk-abcd...wxyz',
      model: 'm',
      _has_key: true,
    })
    expect(again).toMatchObject({ id: first.id, scope: 'user', userId: bob, value: { api_key: key, model: 'm' } })
    expect((await server.as('bob')('GET', `${path}?definition_id=${definition.id}&scope=user`)).body).toMatchObject([
      { id: first.id, name: 'OpenAI', value: { api_key: 'sk-abcd...wxyz' } },
    ])
    expect(() => saveUserSettingValue(server.deps, bob, definition, { api_key: 'sk-zzzz...zzzz' })).toThrow(
      'send the whole key',
    )
    expect(findUserSettingValue(server.deps, bob, definition.id)).toEqual({ api_key: key, model: 'm' })
  })

  test('deleteUserSetting: says whether there was one, and touches nobody else', async () => {
    await using server = await start()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    saveUserSettingValue(server.deps, ada, definition, { api_key: key })
    expect(deleteUserSetting(server.deps, bob, definition.id)).toBe(false)
    saveUserSettingValue(server.deps, bob, definition, { api_key: key })
    expect(deleteUserSetting(server.deps, bob, definition.id)).toBe(true)
    expect(deleteUserSetting(server.deps, bob, definition.id)).toBe(false)
    expect(findUserSettingValue(server.deps, ada, definition.id)).toEqual({ api_key: key })
  })
})
