import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { testApp, type TestServer } from '../support/test-app.ts'

const minute = 60_000
const day = 86_400_000

const signIn = async (server: TestServer, name = 'ada') => {
  const account = { username: name, email: `${name}@home.test`, password: `password of ${name}` }
  await server.call('POST', '/api/v1/auth/register', account)
  return (await server.call('POST', '/api/v1/auth/login', account)).body
}
const refresh = (server: TestServer, token: unknown, headers: Record<string, string> = {}) =>
  server.call('POST', '/api/v1/auth/refresh', { refresh_token: token }, headers)
const refreshByCookie = (server: TestServer, token: string, headers: Record<string, string> = {}) =>
  server.call('POST', '/api/v1/auth/refresh', {}, { cookie: `refresh_token=${token}`, ...headers })
const me = async (server: TestServer, token: string) =>
  (await server.call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${token}` })).status
const isAlive = async (server: TestServer, token: string) => (await me(server, token)) === 200
const sessionCount = (server: TestServer) => server.database.sqlite.query('SELECT id FROM sessions').all().length

const deletions = [
  'access_token=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
  'refresh_token=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
]
const texts = {
  none: 'No refresh token found in cookie or request body',
  bad: 'Invalid token: could not extract user ID',
  notRefresh: 'Invalid token type: not a refresh token',
  gone: 'Invalid refresh token: user not found',
  expired: 'Refresh token has expired',
}

describe('POST /api/v1/auth/refresh', () => {
  test('200: new tokens, exactly these fields, and as cookies', async () => {
    await using server = testApp()
    const old = await signIn(server)
    server.clock.now += minute
    const { status, body, headers } = await refresh(server, old.refresh_token)
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      refresh_token: expect.any(String),
      expires_in: 1800,
      refresh_expires_in: 2_592_000,
      issued_at: Math.floor(server.clock.now / 1000),
      user_id: old.user_id,
    })
    expect(body.refresh_token).not.toBe(old.refresh_token)
    expect(body.access_token).not.toBe(old.access_token)
    expect(headers.getSetCookie()).toEqual([
      `access_token=${body.access_token}; Max-Age=1800; Path=/; HttpOnly; SameSite=Lax`,
      `refresh_token=${body.refresh_token}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax`,
    ])
    expect(await isAlive(server, body.access_token)).toBe(true)
  })

  test('200: by cookie, with an empty object, no body at all, null, or a body of no use', async () => {
    await using server = testApp()
    let token = (await signIn(server)).refresh_token
    for (const body of [
      {},
      undefined,
      'null',
      '',
      '[]',
      '"x"',
      '7',
      { refresh_token: null },
      { refresh_token: 7 },
      { refresh_token: '' },
    ]) {
      const answer = await server.call('POST', '/api/v1/auth/refresh', body, { cookie: `a=1; refresh_token=${token}` })
      expect({ body, status: answer.status }).toEqual({ body, status: 200 })
      token = answer.body.refresh_token
    }
  })

  test('200: the token just rotated stays good for 60 s', async () => {
    await using server = testApp()
    const { refresh_token: old } = await signIn(server)
    const newest = (await refresh(server, old)).body
    server.clock.now += minute
    const again = await refresh(server, old)
    expect(again.status).toBe(200)
    expect([await isAlive(server, newest.access_token), await isAlive(server, again.body.access_token)]).toEqual([
      true,
      true,
    ])
    expect((await refresh(server, again.body.refresh_token)).status).toBe(200)
  })

  test('200: twenty tabs at once, and each goes on with what it got', async () => {
    await using server = testApp()
    const { refresh_token: shared } = await signIn(server)
    let held: string[] = Array.from({ length: 20 }, () => shared)
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        held.map((token, tab) => (tab % 2 ? refresh(server, token) : refreshByCookie(server, token))),
      )
      expect(answers.map(({ status }) => status)).toEqual(held.map(() => 200))
      for (const { body } of answers) expect(await isAlive(server, body.access_token)).toBe(true)
      held = answers.map(({ body }) => body.refresh_token)
      server.clock.now += 10_000
    }
    expect(sessionCount(server)).toBe(1)
  })

  test('403: an old token after the grace period ends its session at once, and no other', async () => {
    await using server = testApp()
    const other = await signIn(server)
    const { refresh_token: old } = await signIn(server)
    const newest = (await refresh(server, old)).body
    server.clock.now += minute + 1
    const replay = await refresh(server, old)
    expect(replay).toMatchObject({ status: 403, body: { detail: texts.expired } })
    expect(replay.headers.getSetCookie()).toEqual(deletions)
    expect(await isAlive(server, newest.access_token)).toBe(false)
    expect(await refresh(server, newest.refresh_token)).toMatchObject({ status: 403, body: { detail: texts.expired } })
    expect(await isAlive(server, other.access_token)).toBe(true)
    const event = server.database.sqlite
      .query("SELECT actor_id FROM audit_logs WHERE event_type = 'auth.token_reused'")
      .all()
    expect(event).toEqual([{ actor_id: other.user_id }])
  })

  test('403: a token older than the one before ends the session even within the grace period', async () => {
    await using server = testApp()
    const { refresh_token: first } = await signIn(server)
    const second = (await refresh(server, first)).body
    const third = (await refresh(server, second.refresh_token)).body
    expect((await refresh(server, first)).status).toBe(403)
    expect(await isAlive(server, third.access_token)).toBe(false)
  })

  const cases: [string, string, (server: TestServer) => Promise<unknown>][] = [
    ['nothing at all', texts.none, async () => undefined],
    ['an empty text', texts.none, async () => ''],
    ['no text', texts.none, async () => 7],
    ['garbage', texts.bad, async () => 'garbage'],
    ['three garbage parts', texts.bad, async () => 'a.b.c'],
    ['10 KB', texts.bad, async () => 'x'.repeat(10_240)],
    ['an access token', texts.notRefresh, async (server) => (await signIn(server)).access_token],
    [
      'a forged token',
      texts.bad,
      async (server) => `${(await signIn(server)).refresh_token.split('.').slice(0, 2).join('.')}.${'A'.repeat(43)}`,
    ],
    [
      'a signed token without a session',
      texts.bad,
      async () => {
        const unsigned = [{ alg: 'HS256' }, { sub: 'x', refresh: true, exp: 9_999_999_999 }]
          .map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'))
          .join('.')
        return `${unsigned}.${createHmac('sha256', 'test signing key of 32 characters').update(unsigned).digest('base64url')}`
      },
    ],
    [
      'an expired token',
      texts.expired,
      async (server) => {
        const { refresh_token } = await signIn(server)
        server.clock.now += 30 * day
        return refresh_token
      },
    ],
    [
      'a token of a deleted user',
      texts.gone,
      async (server) => {
        const { refresh_token } = await signIn(server)
        server.database.sqlite.run('DELETE FROM users')
        return refresh_token
      },
    ],
    [
      'a token of an inactive user',
      texts.gone,
      async (server) => {
        const { refresh_token } = await signIn(server)
        server.database.sqlite.run('UPDATE users SET is_active = 0')
        return refresh_token
      },
    ],
    [
      'a token of a session that was ended',
      texts.expired,
      async (server) => {
        const { refresh_token, access_token } = await signIn(server)
        await server.call('POST', '/api/v1/auth/logout', {}, { authorization: `Bearer ${access_token}` })
        return refresh_token
      },
    ],
  ]
  for (const [name, detail, makeToken] of cases) {
    test(`403: ${name}, in body or cookie: a text, and both cookies are deleted`, async () => {
      await using server = testApp()
      const token = await makeToken(server)
      const answers = [
        await refresh(server, token),
        ...(typeof token === 'string' ? [await refreshByCookie(server, token)] : []),
      ]
      for (const { status, body, headers } of answers) {
        expect({ status, detail: body.detail }).toEqual({ status: 403, detail })
        expect(body.code).toStartWith('auth.')
        expect(headers.getSetCookie()).toEqual(deletions)
      }
    })
  }

  test('403: deletions are Secure where the cookies were', async () => {
    await using server = testApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
    const { headers } = await refresh(server, 'garbage', { 'x-forwarded-proto': 'https' })
    for (const cookie of headers.getSetCookie()) expect(cookie).toEndWith('; HttpOnly; Secure; SameSite=Lax')
  })

  test('200: a bad cookie does not block a good token in the body', async () => {
    await using server = testApp()
    let token = (await signIn(server)).refresh_token
    const { access_token } = await signIn(server)
    for (const cookie of ['garbage', '', '""', access_token, 'a.b.c']) {
      const answer = await refresh(server, token, { cookie: `refresh_token=${cookie}` })
      expect({ cookie, status: answer.status }).toEqual({ cookie, status: 200 })
      token = answer.body.refresh_token
    }
  })

  test('200: a stale cookie of the same session beside the good token is no theft', async () => {
    await using server = testApp()
    const { refresh_token: first } = await signIn(server)
    const second = (await refresh(server, first)).body
    server.clock.now += 2 * minute
    expect((await refresh(server, second.refresh_token, { cookie: `refresh_token=${first}` })).status).toBe(200)
    expect(await isAlive(server, second.access_token)).toBe(true)
  })

  test('200: a fresh cookie helps a page that lost the answer to its last refresh', async () => {
    await using server = testApp()
    const { refresh_token: first } = await signIn(server)
    const second = (await refresh(server, first)).body
    server.clock.now += 2 * minute
    expect((await refresh(server, first, { cookie: `refresh_token=${second.refresh_token}` })).status).toBe(200)
  })

  test("200: somebody else's cookie on the same host does not swap the account", async () => {
    await using server = testApp()
    const ada = await signIn(server, 'ada')
    const bob = await signIn(server, 'bob')
    const answer = await refresh(server, ada.refresh_token, { cookie: `refresh_token=${bob.refresh_token}` })
    expect(answer).toMatchObject({ status: 200, body: { user_id: ada.user_id } })
    await server.call('POST', '/api/v1/auth/logout', {}, { authorization: `Bearer ${answer.body.access_token}` })
    const after = await refresh(server, answer.body.refresh_token, { cookie: `refresh_token=${bob.refresh_token}` })
    expect(after).toMatchObject({ status: 403, body: { detail: texts.expired } })
  })

  test('403: a foreign page cannot rotate the tokens of a visitor', async () => {
    await using server = testApp()
    const { refresh_token } = await signIn(server)
    const origin = 'https://evil.example'
    const answer = await refreshByCookie(server, refresh_token, { origin })
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.origin_not_allowed' } })
    expect(answer.headers.getSetCookie()).toEqual([])
    const byBody = await refresh(server, refresh_token, { origin, cookie: 'refresh_token=x' })
    expect([byBody.status, byBody.headers.getSetCookie()]).toEqual([200, []])
    const failing = await refresh(server, 'garbage', { origin })
    expect([failing.status, failing.headers.getSetCookie()]).toEqual([403, []])
    for (const allowed of ['http://localhost:3000', server.url]) {
      expect((await refreshByCookie(server, byBody.body.refresh_token, { origin: allowed })).status).toBe(200)
    }
  })

  test('500: a failure of ours does not sign anybody out', async () => {
    await using server = testApp()
    const { refresh_token } = await signIn(server)
    server.database.sqlite.run(
      "CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    const answer = await refresh(server, refresh_token)
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([500, []])
    server.database.sqlite.run('DROP TRIGGER full')
    expect((await refresh(server, refresh_token)).status).toBe(200)
  })

  test('a session lives for 30 days after its last use', async () => {
    await using server = testApp()
    let tokens = await signIn(server)
    for (let month = 0; month < 3; month++) {
      server.clock.now += 29 * day
      const answer = await refresh(server, tokens.refresh_token)
      expect(answer.status).toBe(200)
      tokens = answer.body
    }
    server.clock.now += 30 * day
    expect(await refresh(server, tokens.refresh_token)).toMatchObject({ status: 403, body: { detail: texts.expired } })
  })

  test('lifetimes follow the configuration', async () => {
    await using server = testApp({ env: { ACCESS_TOKEN_EXPIRE_MINUTES: '15', REFRESH_TOKEN_EXPIRE_DAYS: '7' } })
    const tokens = await signIn(server)
    expect(tokens).toMatchObject({ expires_in: 900, refresh_expires_in: 604_800 })
    server.clock.now += 15 * minute
    expect(await isAlive(server, tokens.access_token)).toBe(false)
    expect((await refresh(server, tokens.refresh_token)).status).toBe(200)
  })
})

describe('POST /api/v1/auth/logout', () => {
  test('200: ends this session at once, and no other', async () => {
    await using server = testApp()
    const other = await signIn(server)
    const { access_token, refresh_token } = await signIn(server)
    const renewed = (await refresh(server, refresh_token)).body
    const answer = await server.call('POST', '/api/v1/auth/logout', {}, { authorization: `Bearer ${access_token}` })
    expect(answer).toMatchObject({ status: 200, body: { message: 'Successfully logged out' } })
    expect(Object.keys(answer.body)).toEqual(['message'])
    expect(answer.headers.getSetCookie()).toEqual(deletions)
    expect([await me(server, access_token), await me(server, renewed.access_token)]).toEqual([401, 401])
    expect(await refresh(server, renewed.refresh_token)).toMatchObject({ status: 403, body: { detail: texts.expired } })
    expect(await isAlive(server, other.access_token)).toBe(true)
    expect((await refresh(server, other.refresh_token)).status).toBe(200)
  })

  test('200: without a body, and by cookie', async () => {
    await using server = testApp()
    const { access_token } = await signIn(server)
    expect(
      (await server.call('POST', '/api/v1/auth/logout', undefined, { cookie: `access_token=${access_token}` })).status,
    ).toBe(200)
    expect(
      (await server.call('POST', '/api/v1/auth/logout', {}, { authorization: `Bearer ${access_token}` })).status,
    ).toBe(401)
  })

  test('401: nobody', async () => {
    await using server = testApp()
    expect(await server.call('POST', '/api/v1/auth/logout', {})).toMatchObject({
      status: 401,
      body: { detail: 'Not authenticated' },
    })
  })
})
