import { describe, expect, test } from 'bun:test'
import type { ImportReport } from '../../src/operate/import/import-report.ts'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { hex } from '../support/old-household.ts'
import { ada, bob, dashed, oldHash, oldInstallation, oldUser, password } from '../support/old-installation.ts'
import { oldSchema } from '../support/old-schema.ts'
import { testApp } from '../support/test-app.ts'

const nobody = hex('f')

/** What the report says of a table: kind, reason and ids. */
const said = ({ findings }: ImportReport, table: string) =>
  findings.filter((one) => one.table === table).map(({ kind, reason, ids }) => `${kind}: ${reason} [${ids.join(' ')}]`)

const withAda = () => {
  const old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'))
  return old
}

describe('users', () => {
  test('keep what new accounts could not have, and sign in with it', async () => {
    await using server = testApp()
    using old = oldInstallation()
    const long = '🔑'.repeat(30)
    old.insert(
      'users',
      oldUser(dashed(ada).toUpperCase(), ' a b', {
        email: 'Odd One@localhost',
        hashed_password: oldHash(long),
        version: null,
      }),
      oldUser(bob, 'x', { email: 'odd one@localhost', version: '1.0', is_verified: 1, refresh_token: 'secret token' }),
      oldUser(hex('c'), 'no-hash', { hashed_password: 'plain' }),
      oldUser(hex('d'), 'off', { is_active: 0 }),
    )
    const report = await importOld(server, old)
    expect(rowsOf(server, 'users')).toMatchObject([
      { id: ada, username: ' a b', email: 'Odd One@localhost', version: '0.6.5', role: 'member' },
      { id: bob, username: 'x', version: '1.0', is_verified: 1 },
      { id: hex('c') },
      { id: hex('d'), is_active: 0 },
    ])
    expect(said(report, 'users')).toEqual([
      `warning: its password cannot be checked: set a new one [${hex('c')}]`,
      'warning: nobody is an administrator: use "braindrive user promote" []',
    ])
    expect(JSON.stringify(rowsOf(server, 'sessions'))).not.toContain('secret token')
    // bcrypt counts 72 bytes, whatever follows.
    expect((await signInOld(server, 'Odd One@localhost', `${long}more`)).status).toBe(200)
    expect((await signInOld(server, 'odd one@localhost')).body.user_id).toBe(bob)
    expect((await signInOld(server, 'no-hash@home.local', 'plain')).status).toBe(401)
    expect((await signInOld(server, 'off@home.local')).status).toBe(401)
  })

  test('are administrators by a role of any tenant, however the ids are spelled', async () => {
    await using server = testApp()
    using old = withAda()
    old.insert('users', oldUser(bob, 'bob'))
    old.insert('user_roles', { id: hex('1'), role_name: 'admin' }, { id: hex('2'), role_name: 'member' })
    old.insert(
      'tenant_users',
      { id: 'a', tenant_id: 't1', user_id: dashed(ada), role_id: dashed(hex('1')) },
      { id: 'b', tenant_id: 't2', user_id: ada, role_id: hex('1') },
      { id: 'c', tenant_id: 't1', user_id: bob, role_id: hex('2') },
    )
    await importOld(server, old)
    expect(rowsOf(server, 'users').map(({ role }) => role)).toEqual(['admin', 'member'])
  })

  test('are no administrators by a role that has no id', async () => {
    await using server = testApp()
    using old = withAda()
    old.sqlite.run('DROP TABLE user_roles; CREATE TABLE user_roles (id, role_name)')
    old.insert('user_roles', { id: null, role_name: 'admin' }, { id: '', role_name: 'admin' })
    old.insert('tenant_users', { id: 'a', tenant_id: 't1', user_id: ada, role_id: null })
    const { findings } = await importOld(server, old)
    expect(rowsOf(server, 'users').map(({ role }) => role)).toEqual(['member'])
    expect(JSON.stringify(findings)).toContain('nobody is an administrator')
  })
})

describe('times', () => {
  test('are read in both forms, as UTC; one that cannot be read is told', async () => {
    await using server = testApp()
    using old = withAda()
    const persona = (id: string, created_at: string | number | null, updated_at: string | null = null) =>
      old.insert('personas', { id, name: id, system_prompt: 'x', user_id: ada, created_at, updated_at })
    persona('a', '2025-02-03 04:05:06')
    persona('b', '2025-02-03 04:05:06.789123', '2025-02-04T00:00:00Z')
    persona('c', 'yesterday')
    persona('d', null)
    persona('e', 1_738_555_506)
    const report = await importOld(server, old)
    const at = Date.UTC(2025, 1, 3, 4, 5, 6)
    const { now } = server.clock
    expect(rowsOf(server, 'personas').map(({ created_at, updated_at }) => [created_at, updated_at])).toEqual([
      [at, at],
      [at + 789, Date.UTC(2025, 1, 4)],
      [now, now],
      [now, now],
      [at, at],
    ])
    expect(said(report, 'personas')).toEqual(['changed: created_at is no time: left empty [c]'])
  })
})

describe('rows', () => {
  test('of missing users, without ids, twice, or of wrong types are dropped or mended, and told', async () => {
    await using server = testApp()
    using old = withAda()
    const row = { system_prompt: 'x', user_id: ada }
    old.sqlite.run('DROP TABLE personas')
    old.sqlite.run(
      'CREATE TABLE personas (tags, name, user_id, system_prompt, id, is_active, model_settings, avatar, description)',
    )
    old.insert(
      'personas',
      { ...row, id: hex('1'), name: 7, tags: '[1, "a", null]', is_active: 'yes', model_settings: 'null' },
      { ...row, id: dashed(hex('1')), name: 'Twin' },
      { ...row, id: null, name: 'Nameless', is_active: 'maybe', model_settings: '"{\\"temperature\\": 1}"' },
      {
        ...row,
        id: hex('2'),
        name: Buffer.from('Bytes é'),
        tags: 'no json',
        model_settings: '[1]',
        user_id: dashed(ada),
      },
      { ...row, id: hex('3'), name: Buffer.from([255]), tags: '{"a":NaN}', model_settings: '{"temperature": NaN}' },
      { ...row, id: hex('4'), name: 'Orphan', user_id: nobody },
      { ...row, id: hex('5'), name: 'Free', user_id: null },
      {
        ...row,
        id: hex('6'),
        name: 'n'.repeat(3000),
        description: `\u0000 ${'d'.repeat(5000)}`,
        avatar: 'a'.repeat(200_000),
      },
    )
    const report = await importOld(server, old)
    const personas = rowsOf(server, 'personas')
    expect(personas).toMatchObject([
      { id: hex('1'), name: '7', tags: '["a"]', is_active: 1, model_settings: null },
      { name: 'Nameless', is_active: 1, model_settings: '{"temperature":1}' },
      { id: hex('2'), name: 'Bytes é', tags: null, model_settings: null },
      { id: hex('3'), name: '', tags: '[]', model_settings: '{"temperature":null}' },
      { id: hex('6'), name: 'n'.repeat(2000), description: `\u0000 ${'d'.repeat(5000)}` },
    ])
    expect(personas[1].id).toMatch(/^[0-9a-f]{32}$/)
    expect(personas[4].avatar).toHaveLength(200_000)
    expect(said(report, 'personas').toSorted()).toEqual([
      'changed: is_active is neither true nor false: true [row 3]',
      `changed: model_settings is no object: left empty [${hex('2')}]`,
      `changed: name is cut to 2000 characters [${hex('6')}]`,
      `changed: name is no text: left empty [${hex('3')}]`,
      `changed: tags holds more than texts [${hex('1')} ${hex('3')}]`,
      `changed: tags is no JSON: left empty [${hex('2')}]`,
      `dropped: it belongs to nobody [${hex('5')}]`,
      `dropped: its user does not exist [${hex('4')}]`,
      `dropped: there are two of the same id [${dashed(hex('1'))}]`,
    ])
    expect(report.tables.find(({ table }) => table === 'personas')).toMatchObject({ read: 8, imported: 5, dropped: 3 })
    // What is there can be listed.
    const { call } = await signInOld(server, 'ada@home.local', password)
    expect((await call('GET', '/api/v1/personas')).body.personas).toHaveLength(5)
    expect((await call('GET', '/api/v1/personas?search=BYTES É')).body.personas).toHaveLength(1)
  })

  test('of older databases, which lack tables and columns, and of tables that nobody knows', async () => {
    await using server = testApp()
    using old = oldInstallation(`
      CREATE TABLE users (hashed_password TEXT, email TEXT, username TEXT, id TEXT);
      CREATE TABLE conversations (user_id TEXT, id TEXT);
      CREATE TABLE messages (message TEXT, conversation_id TEXT, id TEXT, sender TEXT);
      CREATE TABLE something_else (id TEXT);
      CREATE VIEW personas AS SELECT * FROM users;`)
    const { id, username, email, hashed_password } = oldUser(ada, 'ada') as Record<string, string>
    old.insert('users', { id, username, email, hashed_password } as Record<string, string>)
    old.insert('conversations', { id: hex('5'), user_id: ada })
    old.insert(
      'messages',
      { id: 'm', conversation_id: dashed(hex('5')), sender: 'AI', message: 'Hi' },
      { id: 'n', conversation_id: hex('5'), sender: 'ghost', message: 'Boo' },
    )
    old.insert('something_else', { id: 'x' })
    const report = await importOld(server, old)
    expect(report.sourceSchema).toBeNull()
    const { call } = await signInOld(server, 'ada@home.local')
    const conversation = (await call('GET', `/api/v1/conversations/${dashed(hex('5'))}/with-messages`)).body
    expect(conversation).toMatchObject({ conversation_type: 'chat', persona_id: null })
    expect(conversation.messages).toMatchObject([
      { sender: 'llm', message: 'Hi' },
      { sender: 'user', message: 'Boo' },
    ])
    expect(said(report, 'messages')).toEqual(['changed: its sender is unknown: user [n]'])
    expect(said(report, 'something_else')).toEqual(['dropped: it is no table of the backend []'])
  })
})

test('conversations: foreign personas and tags, orphaned messages, metadata of any kind', async () => {
  await using server = testApp()
  using old = withAda()
  old.insert('users', oldUser(bob, 'bob'))
  old.insert('personas', { id: hex('1'), name: 'Of bob', system_prompt: 'x', user_id: bob })
  old.insert(
    'tags',
    { id: hex('2'), name: 'bob', user_id: bob, color: 'red' },
    { id: hex('3'), name: 'ada', user_id: ada, color: '#ABCDEF' },
  )
  old.insert('conversations', {
    id: hex('5'),
    user_id: dashed(ada),
    persona_id: hex('1'),
    page_id: 'home',
    conversation_type: 'life-career',
  })
  const message = (id: string, metadata: string | null, conversation_id = dashed(hex('5'))) =>
    old.insert('messages', {
      id,
      conversation_id,
      sender: 'user',
      message: id,
      message_metadata: metadata,
      created_at: '2025-01-01 00:00:00',
    })
  message('a', 'null')
  message('b', '{"x":1}')
  message('c', '[1]')
  message('d', '"{\\"y\\":2}"')
  message('e', null, hex('9'))
  const link = (tag_id: string, conversation_id: string) => old.insert('conversation_tags', { tag_id, conversation_id })
  link(dashed(hex('3')), dashed(hex('5')))
  link(hex('2'), hex('5'))
  link(hex('9'), hex('5'))
  const report = await importOld(server, old)
  expect(rowsOf(server, 'conversations')).toMatchObject([
    { id: hex('5'), persona_id: null, page_id: 'home', conversation_type: 'life-career' },
  ])
  expect(rowsOf(server, 'messages').map(({ id, message_metadata }) => [id, message_metadata])).toEqual([
    ['a', null],
    ['b', '{"x":1}'],
    ['c', null],
    ['d', '{"y":2}'],
  ])
  expect(rowsOf(server, 'conversation_tags')).toMatchObject([{ conversation_id: hex('5'), tag_id: hex('3') }])
  expect(rowsOf(server, 'tags').map(({ color }) => color)).toEqual([null, '#ABCDEF'])
  expect(['conversations', 'messages', 'conversation_tags', 'tags'].flatMap((table) => said(report, table))).toEqual([
    `changed: its persona was not imported for its user: taken away [${hex('5')}]`,
    'changed: message_metadata is no object: left empty [c]',
    'dropped: its conversation was not imported [e]',
    'dropped: its conversation was not imported for its user [row 2]',
    'dropped: its tag was not imported [row 3]',
    `changed: color is no colour such as #ff0000: left empty [${hex('2')}]`,
  ])
})

test('pages: contents stay as they are written, in any wrapping; links lead somewhere or nowhere', async () => {
  await using server = testApp()
  using old = withAda()
  const page = (digit: string, route: string, content: string, more = {}) =>
    old.insert('pages', { id: hex(digit), name: route, route, content, creator_id: ada, ...more })
  const odd = '{"b": 12345678901234567890, "a": {"2": 1, "1": "\\ud83d\\ude00"}}'
  page('1', 'one', odd, { content_backup: 'null', is_parent_page: 1 })
  page('2', 'two', JSON.stringify('{"layouts":{}}'), {
    content_backup: '{"old":1}',
    parent_route: 'one',
    parent_type: 'PAGE',
  })
  page('3', 'three', '[1]', { parent_route: 'gone', parent_type: 'cellar', navigation_route_id: dashed(nobody) })
  page('4', 'two', '{}', { creator_id: dashed(ada), id: dashed(hex('4')) })
  page('5', 'loop', '{}', { parent_route: '/loop' })
  page('6', 'nav-child', '{}', {
    parent_route: 'chats',
    parent_type: 'navigation',
    navigation_route_id: dashed(hex('a')),
  })
  page('7', 'gone', '{}', { creator_id: nobody })
  old.insert('navigation_routes', { id: hex('a'), name: 'Chats', route: 'chats', creator_id: ada })
  const report = await importOld(server, old)
  expect(rowsOf(server, 'page_contents')).toMatchObject([
    { page_id: hex('1'), content: odd, content_backup: null, size: odd.length },
    { content: '{"layouts":{}}', content_backup: '{"old":1}', size: 23 },
    { content: '{"layouts":{"desktop":[],"tablet":[],"mobile":[]},"modules":{}}' },
    {},
    {},
    {},
  ])
  expect(rowsOf(server, 'pages')).toMatchObject([
    { route: 'one', is_parent_page: 1, parent_type: null, is_published: 0, publish_date: null },
    { route: 'two', parent_route: 'one', parent_type: 'page' },
    { route: 'three', parent_route: null, parent_type: null, navigation_route_id: null },
    { id: hex('4'), route: 'two-2' },
    { route: 'loop', parent_route: null },
    { route: 'nav-child', parent_route: 'chats', navigation_route_id: hex('a') },
  ])
  expect(said(report, 'pages').toSorted()).toEqual([
    `changed: content is no object: left empty [${hex('3')}]`,
    `changed: it has no content: an empty page [${hex('3')}]`,
    `changed: it is below itself: no parent [${hex('5')}]`,
    `changed: its navigation route was not imported: none [${hex('3')}]`,
    `changed: its parent is not there: none [${hex('3')}]`,
    `changed: its parent_type is unknown: none [${hex('3')}]`,
    `changed: its user has another page of that route: it gets a number [${dashed(hex('4'))}]`,
    `dropped: its user does not exist [${hex('7')}]`,
  ])
  const { call } = await signInOld(server, 'ada@home.local')
  expect(
    (
      await server.send('GET', `/api/v1/pages/${hex('1')}`, undefined, {
        authorization: `Bearer ${(await signInOld(server, 'ada@home.local')).body.access_token}`,
      })
    ).status,
  ).toBe(200)
  expect((await call('GET', '/api/v1/pages')).body.total).toBe(6)
})

test("navigation: the old server's own routes go, what hung on them hangs on the user's root; circles are opened", async () => {
  await using server = testApp()
  using old = withAda()
  const route = (id: string, name: string, parent_id: string | null, more = {}) =>
    old.insert('navigation_routes', { id, name, route: name, creator_id: ada, parent_id, ...more })
  const systemRoot = 'yourbraindriveparent123456789012'
  route(systemRoot, 'your-braindrive', null, { creator_id: 'system' })
  route('yourpagesparent1234567890123456', 'your-pages', null, { creator_id: 'system' })
  // Children before their parents.
  route(hex('1'), 'child', systemRoot)
  route(hex('2'), 'below', dashed(hex('1')))
  route(hex('3'), 'dashboard', null)
  route(hex('4'), 'empty', '')
  route(hex('5'), 'lost', hex('9'), { default_page_id: dashed(nobody) })
  route(hex('6'), 'circle-a', hex('7'))
  route(hex('7'), 'circle-b', hex('6'))
  route(hex('8'), 'self', hex('8'))
  const report = await importOld(server, old)
  expect(rowsOf(server, 'navigation_routes').map(({ route: path, parent_id }) => [path, parent_id])).toEqual([
    ['child', hex('3')],
    ['below', hex('1')],
    ['dashboard', null],
    ['empty', null],
    ['lost', null],
    ['circle-a', hex('7')],
    ['circle-b', null],
    ['self', null],
  ])
  expect(said(report, 'navigation_routes')).toEqual([
    `dropped: it belongs to the old server itself [${systemRoot} yourpagesparent1234567890123456]`,
    `changed: its parent was not imported: at the root [${hex('5')}]`,
    `changed: its page was not imported: none [${hex('5')}]`,
    `changed: it is below itself: at the root [${hex('7')} ${hex('8')}]`,
  ])
})

test('the audit log comes without the secrets that were written into it', async () => {
  await using server = testApp()
  using old = withAda()
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln'
  old.insert(
    'audit_logs',
    {
      id: 'a',
      event_type: 'auth.register_failed',
      actor_type: 'anonymous',
      status: 'failure',
      reason: `Failed ${oldHash()}: [SQL: INSERT INTO users ada@home.local]`,
      extra_data: '{"password": "x", "n": 1}',
      timestamp: '2025-01-01 00:00:00',
    },
    {
      id: 'b',
      event_type: 'service.auth_success',
      actor_type: 'service',
      status: 'SUCCESS',
      reason: `with ${jwt}`,
      extra_data: 'null',
    },
    { id: 'c', event_type: 'x', actor_type: 'alien', status: 'odd' },
  )
  const report = await importOld(server, old)
  expect(rowsOf(server, 'audit_logs')).toMatchObject([
    {
      id: 'a',
      reason: 'Failed [REDACTED]: [REDACTED]',
      extra_data: '{"password":"[REDACTED]","n":1}',
      created_at: Date.UTC(2025, 0, 1),
    },
    { id: 'b', actor_type: 'system', status: 'success', reason: 'with [REDACTED_JWT]', extra_data: null },
    { id: 'c', actor_type: 'anonymous', status: 'failure' },
  ])
  expect(said(report, 'audit_logs')).toHaveLength(3)
})

test('an empty installation is imported as such', async () => {
  await using server = testApp()
  using old = oldInstallation(oldSchema)
  const { tables, findings, sourceSchema } = await importOld(server, old)
  expect([findings, sourceSchema]).toEqual([[], '2cb3f0bb9d9d'])
  expect(tables.every(({ read }) => read === 0)).toBeTrue()
})
