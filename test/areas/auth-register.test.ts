import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/auth/register'
const alice = { username: 'alice', email: 'alice@home.test', password: 'a long enough one' }
const register = (server: TestServer, changes: Record<string, unknown> = {}) =>
  server.call('POST', path, { ...alice, ...changes })
const count = (server: TestServer, table: string): number =>
  server.database.sqlite.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? -1

describe('POST /api/v1/auth/register', () => {
  test('200: the user, and nothing but the user', async () => {
    await using server = testApp()
    const { status, body, headers } = await register(server, {
      email: 'Alice@Home.TEST',
      full_name: 'Alice A.',
      profile_picture: 'https://x.test/a.png',
    })
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual([
      'id',
      'username',
      'email',
      'full_name',
      'profile_picture',
      'is_active',
      'is_verified',
      'version',
    ])
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      username: 'alice',
      email: 'Alice@home.test',
      full_name: 'Alice A.',
      profile_picture: 'https://x.test/a.png',
      is_active: true,
      is_verified: false,
      version: '0.6.5',
    })
    expect(headers.getSetCookie()).toEqual([])
  })

  test('200: what the web client sends (empty full name), unknown fields and a version are fine', async () => {
    await using server = testApp()
    const answer = await register(server, {
      full_name: '',
      version: '9',
      is_admin: true,
      role: 'admin',
      id: 'x',
      profile_picture: null,
    })
    expect(answer).toMatchObject({ status: 200, body: { full_name: null, profile_picture: null, version: '0.6.5' } })
    expect(answer.body.id).not.toBe('x')
  })

  test('200: spaces around the username are dropped', async () => {
    await using server = testApp()
    expect(await register(server, { username: '  Ada L  ' })).toMatchObject({
      status: 200,
      body: { username: 'Ada L' },
    })
    expect((await register(server, { username: '   a   ' })).body.detail[0]).toEqual({
      type: 'string_too_short',
      loc: ['body', 'username'],
      msg: 'String should have at least 3 characters',
    })
  })

  test('200: the account starts with the 7 definitions and 7 sealed instances of its own', async () => {
    await using server = testApp()
    const { body: user } = await register(server)
    expect(count(server, 'settings_definitions')).toBe(7)
    const rows = server.database.sqlite
      .query<{ user_id: string; scope: string; value: string }, []>(
        'SELECT user_id, scope, value FROM settings_instances',
      )
      .all()
    expect(rows).toHaveLength(7)
    for (const row of rows) {
      expect(row).toMatchObject({ user_id: user.id, scope: 'user' })
      expect(row.value).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/)
    }
    await register(server, { username: 'bob', email: 'bob@home.test' })
    expect([count(server, 'settings_definitions'), count(server, 'settings_instances')]).toEqual([7, 14])
  })

  test('500: a failure while seeding leaves no user behind, and tells nobody why', async () => {
    const secretBox = {
      seal: () => {
        throw new Error('the seal broke')
      },
      open: () => '',
    }
    await using server = testApp({ overrides: { secretBox } })
    const answer = await register(server)
    expect(answer).toMatchObject({ status: 500, body: { detail: 'Internal server error', code: 'internal' } })
    expect([count(server, 'users'), count(server, 'settings_instances')]).toEqual([0, 0])
    expect(server.logged()).toContain('the seal broke')
    expect(server.logged()).not.toContain('alice@home.test')
  })

  test('500: a failing insert does not put the e-mail or the hash into the log', async () => {
    await using server = testApp({ logLevel: 'debug' })
    server.database.sqlite.run(
      "CREATE TRIGGER no_users BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no more users'); END",
    )
    expect((await register(server)).status).toBe(500)
    expect(server.logged()).toContain('no more users')
    for (const secret of ['alice', 'argon2', alice.password]) expect(server.logged()).not.toContain(secret)
  })

  test('400: e-mail taken, in whatever case', async () => {
    await using server = testApp()
    await register(server)
    for (const email of ['alice@home.test', 'ALICE@home.test', 'Alice@HOME.test', 'A <aliCe@home.test>']) {
      expect(await register(server, { username: 'other', email })).toMatchObject({
        status: 400,
        body: { detail: 'Email already registered', code: 'auth.email_taken' },
      })
    }
    expect(count(server, 'users')).toBe(1)
  })

  test('400: username taken, also with spaces around it', async () => {
    await using server = testApp()
    await register(server)
    for (const username of ['alice', ' alice ']) {
      expect(await register(server, { username, email: 'b@home.test' })).toMatchObject({
        status: 400,
        body: { detail: 'Username already taken', code: 'auth.username_taken' },
      })
    }
  })

  test('400: a confirmation that differs; a missing, empty or null one is fine', async () => {
    await using server = testApp()
    expect(await register(server, { confirm_password: 'something else' })).toMatchObject({
      status: 400,
      body: { detail: 'Password and confirmation do not match' },
    })
    for (const [index, confirm_password] of [alice.password, '', null, undefined].entries()) {
      expect(
        await register(server, { username: `user${index}`, email: `u${index}@home.test`, confirm_password }),
      ).toMatchObject({ status: 200 })
    }
  })

  test('422: every fault with its place, never with what was sent', async () => {
    await using server = testApp()
    const answer = await register(server, { username: 'ab', email: 'not-an-email', password: 'geheim!', full_name: 17 })
    expect(answer.status).toBe(422)
    expect(answer.body).toEqual({
      detail: [
        { type: 'string_too_short', loc: ['body', 'username'], msg: 'String should have at least 3 characters' },
        { type: 'string_too_short', loc: ['body', 'password'], msg: 'String should have at least 8 characters' },
        { type: 'string_type', loc: ['body', 'full_name'], msg: 'Input should be a valid string' },
      ],
      code: 'http.validation',
    })
    expect(JSON.stringify(answer.body)).not.toMatch(/geheim|not-an-email|17/)
  })

  test('422: missing fields and wrong types', async () => {
    await using server = testApp()
    expect((await server.call('POST', path, {})).body.detail).toEqual(
      ['username', 'email', 'password'].map((field) => ({
        type: 'missing',
        loc: ['body', field],
        msg: 'Field required',
      })),
    )
    expect((await register(server, { username: 123 })).body.detail).toEqual([
      { type: 'string_type', loc: ['body', 'username'], msg: 'Input should be a valid string' },
    ])
    expect((await register(server, { username: 'x'.repeat(51) })).body.detail).toEqual([
      { type: 'string_too_long', loc: ['body', 'username'], msg: 'String should have at most 50 characters' },
    ])
    expect(
      (
        await server.call(
          'POST',
          path,
          '{"__proto__":{"username":"alice","email":"a@b.test","password":"long enough"}}',
        )
      ).status,
    ).toBe(422)
  })

  test('422: a bad e-mail has the shape of the other faults', async () => {
    await using server = testApp()
    for (const email of ['not-an-email', 'a@b', 'a@[127.0.0.1]', '"a b"@home.test', 'a..b@home.test']) {
      expect((await register(server, { email })).body).toEqual({
        detail: [
          {
            type: 'value_error',
            loc: ['body', 'email'],
            msg: 'value is not a valid email address: An email address looks like name@example.com.',
          },
        ],
        code: 'http.validation',
      })
    }
  })

  test('422: NUL and other control characters', async () => {
    await using server = testApp()
    const attempts = [
      { username: 'al\0ice' },
      { username: 'ali\u001b[31mce' },
      { email: 'a\0@home.test' },
      { password: 'long enough\0' },
      { full_name: 'A\0B' },
      { profile_picture: '\0' },
    ]
    for (const attempt of attempts)
      expect({ attempt, status: (await register(server, attempt)).status }).toEqual({ attempt, status: 422 })
    expect(count(server, 'users')).toBe(0)
  })

  test('two at once with the same e-mail: exactly one account', async () => {
    await using server = testApp()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        register(server, { username: `alice${index}`, email: index % 2 ? 'Same@home.test' : 'same@home.test' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers)
      if (status !== 200)
        expect({ status, detail: body.detail }).toEqual({ status: 400, detail: 'Email already registered' })
    expect([count(server, 'users'), count(server, 'settings_instances')]).toEqual([1, 7])
  })

  test('two at once with the same username: exactly one account', async () => {
    await using server = testApp()
    const answers = await Promise.all([
      register(server, { email: 'a@home.test' }),
      register(server, { email: 'b@home.test' }),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
  })

  test('several first ones at once: exactly one administrator', async () => {
    await using server = testApp()
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        register(server, { username: `user${index}`, email: `u${index}@home.test` }),
      ),
    )
    const admins = server.database.sqlite.query("SELECT id FROM users WHERE role = 'admin'").all()
    expect([count(server, 'users'), admins.length]).toEqual([6, 1])
  })

  test('403: closed registration, except for the first account', async () => {
    await using server = testApp({ env: { REGISTRATION: 'closed' } })
    const answers = await Promise.all([register(server), register(server, { username: 'bob', email: 'bob@home.test' })])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403])
    expect(await register(server, { username: 'eve', email: 'eve@home.test' })).toMatchObject({
      status: 403,
      body: { detail: 'Registration is closed on this server', code: 'auth.registration_closed' },
    })
    expect(count(server, 'users')).toBe(1)
  })
})
