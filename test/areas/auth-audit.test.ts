import { describe, expect, test } from 'bun:test'
import { redact } from '../../src/shared/redact.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

interface AuditRow {
  event_type: string
  actor_type: string
  actor_id: string | null
  request_id: string
  ip: string
  user_agent: string
  method: string
  path: string
  resource_type: string | null
  resource_id: string | null
  status: string
  reason: string | null
  extra_data: string | null
  created_at: number
}
const rows = (server: TestServer) =>
  server.database.sqlite.query<AuditRow, []>('SELECT * FROM audit_logs ORDER BY rowid').all()

const alice = { username: 'alice-the-user', email: 'secret.alice@home.test', password: 'a secret old password' }
const newPassword = 'a secret new password'

/** Every event of this area once, by requests alone. Returns what must never be written down. */
const everything = async (server: TestServer) => {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    server.call('POST', `/api/v1/auth/${path}`, body, { 'user-agent': 'test agent', ...headers })
  await post('register', alice)
  await post('register', alice)
  await post('login', { ...alice, password: 'a secret wrong password' })
  await post('login', { ...alice, email: 'nobody.secret@home.test' })
  const first = (await post('login', alice)).body
  const second = (await post('refresh', { refresh_token: first.refresh_token })).body
  server.clock.now += 61_000
  await post('refresh', {}, { cookie: `refresh_token=${first.refresh_token}` })
  const third = (await post('login', alice)).body
  const authorization = `Bearer ${third.access_token}`
  await post('logout', {}, { authorization: 'Bearer a-secret-bad-token' })
  await post('logout', {})
  const put = (path: string, body: unknown) =>
    server.call('PUT', `/api/v1/auth/profile/${path}`, body, { authorization })
  await put('username', { username: 'renamed' })
  await put('password', { current_password: 'a secret wrong password', new_password: newPassword })
  await put('password', { current_password: alice.password, new_password: newPassword })
  const last = (await post('login', { ...alice, password: newPassword })).body
  await post('logout', {}, { authorization: `Bearer ${last.access_token}` })
  // Bodies that fail before the handler, too.
  await post('login', '{"password":"a secret in broken json')
  await post('register', { ...alice, username: 'x', password: 'secret!', email: 'a.secret.mail' })
  const tokens = [first, second, third, last].flatMap((one) => [one.access_token, one.refresh_token])
  const secrets = [...tokens, 'secret', 'argon2', 'a-secret-bad-token', 'home.test']
  return { userId: first.user_id, secrets }
}

describe('audit log', () => {
  test('one row for each event, with who, what and from where', async () => {
    await using server = testApp()
    const { userId } = await everything(server)
    const found = rows(server)
    expect(found.map((row) => [row.event_type, row.status, row.actor_type])).toEqual([
      ['auth.register_success', 'success', 'user'],
      ['auth.register_failed', 'failure', 'anonymous'],
      ['auth.login_failed', 'failure', 'anonymous'],
      ['auth.login_failed', 'failure', 'anonymous'],
      ['auth.login_success', 'success', 'user'],
      ['auth.token_refresh', 'success', 'user'],
      ['auth.token_reused', 'failure', 'user'],
      ['auth.login_success', 'success', 'user'],
      ['auth.token_invalid', 'failure', 'anonymous'],
      ['auth.unauthorized', 'failure', 'anonymous'],
      ['auth.username_changed', 'success', 'user'],
      ['auth.password_change_failed', 'failure', 'user'],
      ['auth.password_changed', 'success', 'user'],
      ['auth.login_success', 'success', 'user'],
      ['auth.logout', 'success', 'user'],
    ])
    for (const row of found) if (row.actor_type === 'user') expect(row.actor_id).toBe(userId)
    expect(found[0]).toMatchObject({
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ip: '127.0.0.1',
      user_agent: 'test agent',
      method: 'POST',
      path: '/api/v1/auth/register',
      reason: null,
      extra_data: 'null',
    })
    expect(found[1]).toMatchObject({ reason: 'auth.email_taken', actor_id: null })
    expect(found[2]).toMatchObject({ resource_type: 'user', resource_id: userId })
    expect(found[3]).toMatchObject({ resource_type: null, resource_id: null })
  })

  test('no e-mail, password, hash or token in any column, log line or error answer', async () => {
    await using server = testApp({ logLevel: 'debug' })
    const { secrets } = await everything(server)
    await Bun.sleep(20)
    const written = JSON.stringify(rows(server)) + server.logged()
    expect(server.logged().split('\n').length).toBeGreaterThan(15)
    for (const secret of secrets) expect({ secret, found: written.includes(secret) }).toEqual({ secret, found: false })
  })

  test('the request id of the answer is the one in the row; a long user agent and path are cut', async () => {
    await using server = testApp()
    await server.call('GET', '/api/v1/auth/me', undefined, { 'x-request-id': 'my-id_1', 'user-agent': 'a'.repeat(900) })
    expect(rows(server)).toMatchObject([{ request_id: 'my-id_1', user_agent: 'a'.repeat(500) }])
  })

  test('strangers get 60 rows a minute, users are not counted among them', async () => {
    await using server = testApp()
    const token = await server.tokenOf('ada')
    const before = rows(server).length
    for (let count = 0; count < 100; count++) await server.call('GET', '/api/v1/auth/me')
    for (let count = 0; count < 5; count++)
      await server.call('POST', '/api/v1/auth/login', { email: 'ada@home.test', password: 'wrong' })
    expect(rows(server).length - before).toBe(60)
    await server.call(
      'PUT',
      '/api/v1/auth/profile/username',
      { username: 'grace' },
      { authorization: `Bearer ${token}` },
    )
    expect(rows(server).length - before).toBe(61)
    server.clock.now += 60_000
    await server.call('GET', '/api/v1/auth/me')
    expect(rows(server).length - before).toBe(62)
  })

  test('a row that cannot be written is logged and costs nobody the answer', async () => {
    await using server = testApp()
    server.database.sqlite.run('DROP TABLE audit_logs')
    expect((await server.call('POST', '/api/v1/auth/register', alice)).status).toBe(200)
    expect((await server.call('POST', '/api/v1/auth/login', alice)).status).toBe(200)
    expect(server.logged()).toContain('audit row was not written')
    expect(server.logged()).not.toContain('home.test')
  })

  test('details are stored without secrets', async () => {
    await using server = testApp()
    server.deps.audit({
      type: 'admin.settings_created',
      status: 'success',
      userId: 'x',
      extra: { name: 'theme', apiKey: 'sk-1' },
    })
    expect(rows(server)).toMatchObject([{ extra_data: '{"name":"theme","apiKey":"[REDACTED]"}' }])
  })
})

describe('redact', () => {
  test('by name, by form, and not deeper than five levels', () => {
    expect(
      redact({
        user_password: 'x',
        Authorization: 'x',
        refresh_token: { a: 1 },
        session: 'x',
        pin: 1,
        pinned: 'stays',
        sessions: 2,
        text: 'Bearer abc.def and basic Zm9v then eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc-_1 and sk-abcdefghijklmnopqrstuvwx',
        list: [{ secret: 1 }, 'gsk_abcdefghijklmnopqrstuvwx'],
        a: { b: { c: { d: { e: { f: 1 } } } } },
        nothing: null,
      }),
    ).toEqual({
      user_password: '[REDACTED]',
      Authorization: '[REDACTED]',
      refresh_token: '[REDACTED]',
      session: '[REDACTED]',
      pin: '[REDACTED]',
      pinned: 'stays',
      sessions: 2,
      text: 'Bearer [REDACTED] and basic [REDACTED] then [REDACTED_JWT] and [REDACTED_API_KEY]',
      list: [{ secret: '[REDACTED]' }, '[REDACTED_API_KEY]'],
      a: { b: { c: { d: { e: '[CUT]' } } } },
      nothing: null,
    })
  })
})
