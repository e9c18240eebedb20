import { describe, expect, test } from 'bun:test'
import { createPasswords } from '../../src/areas/auth/passwords.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const alice = { username: 'alice', email: 'Alice@home.test', password: 'a long enough one' }

const withAlice = async (options: Parameters<typeof testApp>[0] = {}) => {
  const server = testApp(options)
  await server.call('POST', '/api/v1/auth/register', alice)
  return server
}
const login = (server: TestServer, changes: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  server.call('POST', '/api/v1/auth/login', { email: alice.email, password: alice.password, ...changes }, headers)
const storedHash = (server: TestServer): string =>
  server.database.sqlite.query<{ h: string }, []>('SELECT password_hash AS h FROM users').get()?.h ?? ''
const storeHash = (server: TestServer, hash: string) =>
  server.database.sqlite.run('UPDATE users SET password_hash = ?', [hash])
const rounded = (server: TestServer) => Math.floor(server.clock.now / 1000)

describe('POST /api/v1/auth/login', () => {
  test('200: tokens in the body, exactly these fields', async () => {
    await using server = await withAlice()
    const { status, body } = await login(server)
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      refresh_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expires_in: 1800,
      refresh_expires_in: 2_592_000,
      issued_at: rounded(server),
      user_id: body.user.id,
      user: {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        username: 'alice',
        email: 'Alice@home.test',
        full_name: null,
        profile_picture: null,
        is_active: true,
        is_verified: false,
        version: '0.6.5',
      },
    })
  })

  test('200: the same tokens as HttpOnly cookies, one header each', async () => {
    await using server = await withAlice()
    const { body, headers } = await login(server)
    expect(headers.getSetCookie()).toEqual([
      `access_token=${body.access_token}; Max-Age=1800; Path=/; HttpOnly; SameSite=Lax`,
      `refresh_token=${body.refresh_token}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax`,
    ])
  })

  test('200: cookies are Secure when a trusted proxy was asked by https, and only then', async () => {
    await using server = await withAlice({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } })
    const secure = await login(server, {}, { 'x-forwarded-proto': 'https' })
    for (const cookie of secure.headers.getSetCookie()) expect(cookie).toMatch(/; Secure/)
    expect(secure.headers.get('strict-transport-security')).toBe('max-age=31536000')
    await using direct = await withAlice()
    const plain = await login(direct, {}, { 'x-forwarded-proto': 'https' })
    for (const cookie of plain.headers.getSetCookie()) expect(cookie).not.toMatch(/Secure/)
  })

  test('200: a page of a foreign origin gets its tokens, but cannot sign the browser in (login CSRF)', async () => {
    await using server = await withAlice()
    const foreign = await login(server, {}, { origin: 'https://evil.example' })
    expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([200, []])
    for (const origin of ['http://localhost:3000', server.url]) {
      expect((await login(server, {}, { origin })).headers.getSetCookie()).toHaveLength(2)
    }
  })

  test('200: the e-mail in another case, with spaces or a display name', async () => {
    await using server = await withAlice()
    for (const email of ['alice@HOME.test', ' ALICE@home.test ', 'Alice <alice@home.test>']) {
      expect(await login(server, { email })).toMatchObject({
        status: 200,
        body: { user: { email: 'Alice@home.test' } },
      })
    }
  })

  test('200: two imported accounts that differ by case alone are told apart by the exact spelling', async () => {
    await using server = await withAlice()
    server.database.sqlite.run(
      "INSERT INTO users SELECT 'twin', 'twin', 'alice@home.test', email_key, password_hash, null, null, 'member', 1, 0, version, 0, 0 FROM users",
    )
    expect(await login(server, { email: 'alice@home.test' })).toMatchObject({ status: 200, body: { user_id: 'twin' } })
    expect(await login(server)).toMatchObject({ status: 200, body: { user: { username: 'alice' } } })
    expect((await login(server, { email: 'ALICE@home.test' })).status).toBe(401)
  })

  test('200: an imported account whose e-mail breaks our rules', async () => {
    await using server = await withAlice()
    server.database.sqlite.run("UPDATE users SET email = 'odd..one@nas', email_key = 'odd..one@nas'")
    expect((await login(server, { email: 'odd..one@nas' })).status).toBe(200)
  })

  test('401: wrong password, unknown account, inactive account: one and the same answer', async () => {
    await using server = await withAlice()
    const wrong = await login(server, { password: 'something else' })
    const unknown = await login(server, { email: 'nobody@home.test' })
    const empty = await login(server, { password: '' })
    const withNul = await login(server, { password: `${alice.password}\0` })
    server.database.sqlite.run('UPDATE users SET is_active = 0')
    const inactive = await login(server)
    for (const answer of [wrong, unknown, empty, withNul, inactive]) {
      expect(answer.status).toBe(401)
      expect(answer.body).toEqual({ detail: 'Invalid email or password', code: 'auth.wrong_credentials' })
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.has('www-authenticate')).toBe(false)
    }
  })

  test('422: no e-mail address, missing fields, wrong types', async () => {
    await using server = await withAlice()
    expect((await login(server, { email: 'alice' })).body).toEqual({
      detail: [
        {
          type: 'value_error',
          loc: ['body', 'email'],
          msg: 'value is not a valid email address: An email address must have an @-sign.',
        },
      ],
      code: 'http.validation',
    })
    expect((await login(server, { password: undefined })).body.detail).toEqual([
      { type: 'missing', loc: ['body', 'password'], msg: 'Field required' },
    ])
    expect((await login(server, { password: ['x'] })).body.detail).toEqual([
      { type: 'string_type', loc: ['body', 'password'], msg: 'Input should be a valid string' },
    ])
  })

  test('200: imported bcrypt hashes, longer passwords cut at 72 bytes as they were, and rehashed', async () => {
    await using server = await withAlice()
    for (const password of [
      'short enough',
      'ä'.repeat(36),
      'x'.repeat(72),
      `${'y'.repeat(71)}€uro and more`,
      'z'.repeat(600),
    ]) {
      // Bun hashes long passwords before bcrypt; what others stored was cut to 72 bytes.
      const hash = await Bun.password.hash(new Uint8Array(Buffer.from(password).subarray(0, 72)), {
        algorithm: 'bcrypt',
        cost: 4,
      })
      storeHash(server, hash)
      expect({ password, status: (await login(server, { password: `!${password}` })).status }).toEqual({
        password,
        status: 401,
      })
      expect(storedHash(server)).toBe(hash)
      expect({ password, status: (await login(server, { password })).status }).toEqual({ password, status: 200 })
      expect(storedHash(server)).toStartWith('$argon2id$')
      expect((await login(server, { password })).status).toBe(200)
    }
  })

  test('200: $2a$ and $2y$ hashes', async () => {
    await using server = await withAlice()
    const hash = await Bun.password.hash('imported one', { algorithm: 'bcrypt', cost: 4 })
    for (const prefix of ['$2a$', '$2y$', '$2b$']) {
      storeHash(server, prefix + hash.slice(4))
      expect({ prefix, status: (await login(server, { password: 'imported one' })).status }).toEqual({
        prefix,
        status: 200,
      })
    }
  })

  test('401: a hash that is no hash, and an inactive account is not rehashed', async () => {
    await using server = await withAlice()
    storeHash(server, 'nonsense')
    expect((await login(server)).status).toBe(401)
    const hash = await Bun.password.hash(alice.password, { algorithm: 'bcrypt', cost: 4 })
    storeHash(server, hash)
    server.database.sqlite.run('UPDATE users SET is_active = 0')
    expect((await login(server)).status).toBe(401)
    expect(storedHash(server)).toBe(hash)
  })

  test('401: a password that was changed while it was checked opens no session', async () => {
    const real = createPasswords({ algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })
    const meanwhile = { run: () => {} }
    const passwords = {
      ...real,
      verify: async (password: string, hash: string | undefined) => {
        const isRight = await real.verify(password, hash)
        meanwhile.run()
        return isRight
      },
    }
    await using server = await withAlice({ overrides: { passwords } })
    const other = await real.hash('the new password')
    meanwhile.run = () => storeHash(server, other)
    expect((await login(server)).status).toBe(401)
    expect(server.database.sqlite.query('SELECT * FROM sessions').all()).toEqual([])
    // The rehash of an old password must not bring it back either.
    storeHash(server, await Bun.password.hash(alice.password, { algorithm: 'bcrypt', cost: 4 }))
    expect((await login(server)).status).toBe(401)
    expect(storedHash(server)).toBe(other)
  })

  test('a user keeps the 100 sessions used last', async () => {
    await using server = await withAlice()
    const first = (await login(server)).body.access_token
    const me = (token: string) => server.call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${token}` })
    for (let count = 0; count < 99; count++) {
      server.clock.now += 1
      await login(server)
    }
    expect((await me(first)).status).toBe(200)
    server.clock.now += 1
    const last = (await login(server)).body.access_token
    expect([(await me(first)).status, (await me(last)).status]).toEqual([401, 200])
    expect(server.database.sqlite.query('SELECT id FROM sessions').all()).toHaveLength(100)
  })

  test('503: more logins than the queue holds are told so at once; the others succeed', async () => {
    await using server = await withAlice()
    const { verify, hash } = server.deps.passwords
    // Two are at work, 64 wait.
    const blockers = Array.from({ length: 2 }, () => hash('x'.repeat(4_000_000)))
    const answers = await Promise.all(Array.from({ length: 100 }, () => login(server)))
    await Promise.all(blockers)
    const statuses = answers.map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
    const refused = answers.find(({ status }) => status === 503)
    expect(refused?.body.detail).toBe('The server is busy checking passwords. Please try again in a moment.')
    expect(refused?.headers.get('retry-after')).toBe('5')
    expect(await verify(alice.password, storedHash(server))).toBe(true)
  })

  test('an unknown account takes as long as a wrong password, with the real parameters', async () => {
    await using server = await withAlice({ overrides: { passwords: createPasswords() } })
    const timed = async (email: string) => {
      const start = performance.now()
      expect((await login(server, { email, password: 'something else' })).status).toBe(401)
      return performance.now() - start
    }
    await timed(alice.email)
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
    const known: number[] = []
    const unknown: number[] = []
    for (let run = 0; run < 7; run++) {
      known.push(await timed(alice.email))
      unknown.push(await timed('nobody@home.test'))
    }
    const ratio = median(known) / median(unknown)
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(2.5)
    expect(median(unknown)).toBeGreaterThan(5)
  })
})
