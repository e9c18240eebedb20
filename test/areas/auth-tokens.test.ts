import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { testApp, type TestServer } from '../support/test-app.ts'

const key = 'test signing key of 32 characters'
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

interface Forgery {
  header?: Record<string, unknown>
  hash?: string
  secret?: string
}
const forge = (
  payload: unknown,
  { header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256', secret = key }: Forgery = {},
) => {
  const unsigned = `${encode(header)}.${encode(payload)}`
  return `${unsigned}.${createHmac(hash, secret).update(unsigned).digest('base64url')}`
}

const signIn = async (server: TestServer, name = 'ada') => {
  const account = { username: name, email: `${name}@home.test`, password: `password of ${name}` }
  await server.call('POST', '/api/v1/auth/register', account)
  return (await server.call('POST', '/api/v1/auth/login', account)).body
}
const me = (server: TestServer, headers: Record<string, string>) =>
  server.call('GET', '/api/v1/auth/me', undefined, headers)
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('GET /api/v1/auth/me', () => {
  test('200: the bare user', async () => {
    await using server = testApp()
    const { access_token, user } = await signIn(server)
    expect(await me(server, bearer(access_token))).toMatchObject({ status: 200, body: user })
    for (const authorization of [`bearer ${access_token}`, `BEARER   ${access_token}  `]) {
      expect((await me(server, { authorization })).status).toBe(200)
    }
  })

  test('401: nobody, or another scheme', async () => {
    await using server = testApp()
    for (const headers of [
      {},
      { authorization: 'Basic YTpi' },
      { authorization: 'Bearer' },
      { authorization: '' },
      { cookie: 'access_token=' },
    ]) {
      const answer = await me(server, headers)
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 401,
        body: { detail: 'Not authenticated', code: 'auth.not_authenticated' },
      })
      expect(answer.headers.has('www-authenticate')).toBe(false)
    }
  })

  test('401: every forged or unfit token', async () => {
    await using server = testApp()
    const { access_token, refresh_token } = await signIn(server)
    const claims = decode(access_token)
    const [header, payload, signature] = access_token.split('.')
    const tokens: Record<string, string> = {
      control: forge(claims),
      none: `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      'none with our signature': `${encode({ alg: 'none' })}.${payload}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'two parts': `${header}.${payload}`,
      'another key': forge(claims, { secret: 'another key of at least 32 characters' }),
      'empty key': `${encode({ alg: 'HS256' })}.${payload}.${createHmac('sha256', '')
        .update(`${encode({ alg: 'HS256' })}.${payload}`)
        .digest('base64url')}`,
      'HS512 with our key': forge(claims, { header: { alg: 'HS512', typ: 'JWT' }, hash: 'sha512' }),
      'HS384 with our key': forge(claims, { header: { alg: 'HS384', typ: 'JWT' }, hash: 'sha384' }),
      'changed payload': `${header}.${encode({ ...claims, sub: 'somebody' })}.${signature}`,
      'another user': forge({ ...claims, sub: '0'.repeat(32) }),
      'another session': forge({ ...claims, sid: crypto.randomUUID() }),
      'no exp': forge({ ...claims, exp: undefined }),
      'exp as text': forge({ ...claims, exp: '9999999999' }),
      'exp null': forge({ ...claims, exp: null }),
      'no sub': forge({ ...claims, sub: undefined }),
      'sub as number': forge({ ...claims, sub: 7 }),
      'sub as object': forge({ ...claims, sub: {} }),
      'no sid': forge({ ...claims, sid: undefined }),
      'sid as number': forge({ ...claims, sid: 1 }),
      'not yet': forge({ ...claims, nbf: claims.exp }),
      expired: forge({ ...claims, exp: Math.floor(server.clock.now / 1000) - 1 }),
      'a refresh token': refresh_token,
      'refresh claim false': forge({ ...claims, refresh: false }),
      'payload is a list': forge([claims]),
      'payload is a text': forge('x'),
      'critical header': forge(claims, { header: { alg: 'HS256', crit: ['exp2'], exp2: 1 } }),
      garbage: 'x.y.z',
      dots: '..',
      '10 KB': 'x'.repeat(10_240),
      '10 KB and well signed': forge({ ...claims, padding: 'x'.repeat(7_500) }),
    }
    for (const [name, token] of Object.entries(tokens)) {
      const { status, body } = await me(server, bearer(token))
      const expected = name === 'control' ? 200 : 401
      expect({ name, status }).toEqual({ name, status: expected })
      if (expected === 401) expect(body).toEqual({ detail: 'Invalid token', code: 'auth.invalid_token' })
    }
  })

  test('401: expired by the clock, whether it was seen before or not', async () => {
    await using server = testApp()
    const seen = await signIn(server)
    const unseen = (await signIn(server)).access_token
    expect((await me(server, bearer(seen.access_token))).status).toBe(200)
    server.clock.now = decode(seen.access_token).exp * 1000 - 1
    expect((await me(server, bearer(seen.access_token))).status).toBe(200)
    server.clock.now += 1
    for (const token of [seen.access_token, unseen])
      expect(await me(server, bearer(token))).toMatchObject({ status: 401, body: { detail: 'Invalid token' } })
  })

  test('401: of an inactive user, of a deleted user, of a revoked session', async () => {
    await using server = testApp()
    const ada = await signIn(server, 'ada')
    const bob = await signIn(server, 'bob')
    expect([
      (await me(server, bearer(ada.access_token))).status,
      (await me(server, bearer(bob.access_token))).status,
    ]).toEqual([200, 200])
    server.database.sqlite.run("UPDATE users SET is_active = 0 WHERE username = 'ada'")
    expect((await me(server, bearer(ada.access_token))).status).toBe(401)
    server.database.sqlite.run("UPDATE users SET is_active = 1 WHERE username = 'ada'")
    expect((await me(server, bearer(ada.access_token))).status).toBe(200)
    server.database.sqlite.run('DELETE FROM sessions WHERE user_id = ?', [ada.user_id])
    expect((await me(server, bearer(ada.access_token))).status).toBe(401)
    server.database.sqlite.run("DELETE FROM users WHERE username = 'bob'")
    expect((await me(server, bearer(bob.access_token))).status).toBe(401)
  })
})

describe('credentials', () => {
  test('a cookie alone signs in', async () => {
    await using server = testApp()
    const { access_token } = await signIn(server)
    const cookies = [
      `access_token=${access_token}`,
      `a=b; access_token=${access_token}; c="d`,
      `x_access_token=no; access_token="${access_token}"`,
    ]
    for (const cookie of cookies) expect((await me(server, { cookie })).status).toBe(200)
    for (const cookie of [
      `refresh_token=${access_token}`,
      `Access_Token=${access_token}`,
      'access_token=nonsense',
      'access_token',
    ]) {
      expect((await me(server, { cookie })).status).toBe(401)
    }
  })

  test('the header wins over the cookie, also when it is bad', async () => {
    await using server = testApp()
    const ada = await signIn(server, 'ada')
    const bob = await signIn(server, 'bob')
    const cookie = `access_token=${bob.access_token}`
    expect(await me(server, { ...bearer(ada.access_token), cookie })).toMatchObject({ body: { username: 'ada' } })
    expect((await me(server, { ...bearer('bad'), cookie })).status).toBe(401)
    expect(await me(server, { authorization: 'Basic YTpi', cookie })).toMatchObject({ body: { username: 'bob' } })
  })

  const unsafe = (server: TestServer, headers: Record<string, string>) =>
    server.call('PUT', '/api/v1/auth/profile/username', { username: 'ada' }, headers)

  test('403: an unsafe request that lives on a cookie and comes from a foreign origin', async () => {
    await using server = testApp()
    const cookie = `access_token=${(await signIn(server)).access_token}`
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example:3000',
      'file://',
      '',
    ]) {
      const { status, body } = await unsafe(server, { cookie, origin })
      expect({ origin, status, code: body.code }).toEqual({ origin, status: 403, code: 'auth.origin_not_allowed' })
    }
    expect(
      (await server.call('POST', '/api/v1/auth/logout', {}, { cookie, origin: 'https://evil.example' })).status,
    ).toBe(403)
    expect((await me(server, { cookie, origin: 'https://evil.example' })).status).toBe(200)
  })

  test('200: an allowed origin, the same host, or no origin', async () => {
    await using server = testApp({ env: { CORS_ORIGINS: 'https://brain.example' } })
    const cookie = `access_token=${(await signIn(server)).access_token}`
    for (const origin of [
      'http://localhost:3000',
      'https://brain.example',
      server.url,
      'http://localhost:1',
      undefined,
    ]) {
      expect((await unsafe(server, { cookie, ...(origin === undefined ? {} : { origin }) })).status).toBe(200)
    }
    await using production = testApp({ env: { APP_ENV: 'prod', CORS_ORIGINS: 'https://brain.example' } })
    const prodCookie = `access_token=${(await signIn(production)).access_token}`
    expect((await unsafe(production, { cookie: prodCookie, origin: 'https://brain.example' })).status).toBe(200)
    expect((await unsafe(production, { cookie: prodCookie, origin: production.url })).status).toBe(200)
    expect((await unsafe(production, { cookie: prodCookie, origin: 'http://127.0.0.1:3000' })).status).toBe(403)
  })

  test('200: a bearer token may come from anywhere', async () => {
    await using server = testApp()
    const { access_token } = await signIn(server)
    expect((await unsafe(server, { ...bearer(access_token), origin: 'https://evil.example' })).status).toBe(200)
  })
})
