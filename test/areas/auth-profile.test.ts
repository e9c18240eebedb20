import { describe, expect, test } from 'bun:test'
import { createPasswords } from '../../src/areas/auth/passwords.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const usernamePath = '/api/v1/auth/profile/username'
const passwordPath = '/api/v1/auth/profile/password'
const current = 'password of ada'
const next = 'a brand new password'

const login = (server: TestServer, password: string) =>
  server.call('POST', '/api/v1/auth/login', { email: 'ada@home.test', password })

describe('PUT /api/v1/auth/profile/username', () => {
  test('200: the user with the trimmed new name; the own one is fine, too', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    const { status, body } = await ada('PUT', usernamePath, { username: '  Ada Lovelace ', email: 'ignored@home.test' })
    expect(status).toBe(200)
    expect(body).toEqual((await ada('GET', '/api/v1/auth/me')).body)
    expect(body).toMatchObject({ username: 'Ada Lovelace', email: 'ada@home.test' })
    expect((await ada('PUT', usernamePath, { username: 'Ada Lovelace' })).status).toBe(200)
  })

  test('400: always one text, since the profile page shows it as it is', async () => {
    await using server = testApp()
    await server.tokenOf('bob')
    const required = 'Username is required'
    const length = 'Username must have 3 to 50 characters'
    const faults: [unknown, string][] = [
      [{}, required],
      [undefined, required],
      ['null', required],
      ['[]', required],
      ['"ada"', required],
      [{ username: '' }, required],
      [{ username: '   ' }, required],
      [{ username: null }, required],
      [{ username: 123 }, required],
      [{ username: { toString: 'x' } }, required],
      [{ username: ['abc'] }, required],
      [{ username: 'ab' }, length],
      [{ username: ' ab ' }, length],
      [{ username: 'x'.repeat(51) }, length],
      [{ username: 'x'.repeat(5000) }, length],
      [{ username: 'a\0da' }, 'Username must not contain control characters'],
      [{ username: 'a\nda' }, 'Username must not contain control characters'],
      [{ username: 'bob' }, 'Username already taken'],
      [{ username: ' bob ' }, 'Username already taken'],
    ]
    for (const [body, detail] of faults) {
      const answer = await server.as('ada')('PUT', usernamePath, body)
      expect({ body, status: answer.status, detail: answer.body.detail }).toEqual({ body, status: 400, detail })
    }
    expect((await server.as('ada')('GET', '/api/v1/auth/me')).body.username).toBe('ada')
  })

  test('401: a stranger, whatever the body', async () => {
    await using server = testApp()
    for (const body of [{}, { username: 'eve' }, '[]'])
      expect((await server.call('PUT', usernamePath, body)).status).toBe(401)
  })

  test('two who want the same name at once: one gets it', async () => {
    await using server = testApp()
    await Promise.all(['ada', 'bob'].map(server.tokenOf))
    const answers = await Promise.all(
      ['ada', 'bob'].map((name) => server.as(name)('PUT', usernamePath, { username: 'grace' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
  })
})

describe('PUT /api/v1/auth/profile/password', () => {
  test('200: the new password works, the old one does not, and every session has ended', async () => {
    await using server = testApp()
    const token = await server.tokenOf('ada')
    const other = (await login(server, current)).body
    const bob = server.as('bob')
    await bob('GET', '/api/v1/auth/me')
    const answer = await server.as('ada')('PUT', passwordPath, {
      current_password: current,
      new_password: next,
      confirm_password: next,
    })
    expect(answer).toMatchObject({ status: 200, body: { message: 'Password updated successfully' } })
    expect(Object.keys(answer.body)).toEqual(['message'])
    expect(answer.headers.getSetCookie().map((cookie) => cookie.split(';').slice(0, 2).join())).toEqual([
      'access_token=, Max-Age=0',
      'refresh_token=, Max-Age=0',
    ])
    for (const old of [token, other.access_token]) {
      expect((await server.call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${old}` })).status).toBe(
        401,
      )
    }
    expect((await server.call('POST', '/api/v1/auth/refresh', { refresh_token: other.refresh_token })).status).toBe(403)
    expect([(await login(server, current)).status, (await login(server, next)).status]).toEqual([401, 200])
    expect((await bob('GET', '/api/v1/auth/me')).status).toBe(200)
  })

  test('200: without or with a null confirmation', async () => {
    await using server = testApp()
    expect(
      (await server.as('ada')('PUT', passwordPath, { current_password: current, new_password: next })).status,
    ).toBe(200)
    const { access_token } = (await login(server, next)).body
    const body = { current_password: next, new_password: current, confirm_password: null }
    expect((await server.call('PUT', passwordPath, body, { authorization: `Bearer ${access_token}` })).status).toBe(200)
  })

  test('400: always one text, in the order of the contract; nothing changes', async () => {
    await using server = testApp()
    const good = { current_password: current, new_password: next, confirm_password: next }
    const faults: [unknown, string][] = [
      [{}, 'Current password is required'],
      [undefined, 'Current password is required'],
      ['[]', 'Current password is required'],
      ['"x"', 'Current password is required'],
      [{ ...good, current_password: '' }, 'Current password is required'],
      [{ ...good, current_password: 7 }, 'Current password is required'],
      [{ ...good, new_password: undefined }, 'New password is required'],
      [{ ...good, new_password: '' }, 'New password is required'],
      [{ ...good, new_password: ['x'] }, 'New password is required'],
      [{ current_password: 'wrong', new_password: '' }, 'New password is required'],
      [{ ...good, confirm_password: '' }, 'Password confirmation is required'],
      [{ ...good, current_password: 'wrong' }, 'Current password is incorrect'],
      [{ current_password: 'wrong', new_password: 'x', confirm_password: 'y' }, 'Current password is incorrect'],
      [{ ...good, current_password: 'x'.repeat(100_000) }, 'Current password is incorrect'],
      [{ ...good, new_password: 'x', confirm_password: 'y' }, 'New password and confirmation do not match'],
      [
        { ...good, new_password: 'short', confirm_password: 'short' },
        'New password must be at least 8 characters long',
      ],
      [
        { current_password: current, new_password: 'x'.repeat(513) },
        'New password must be at most 512 characters long',
      ],
      [{ current_password: current, new_password: 'long enough\0' }, 'New password must not contain a NUL character'],
    ]
    for (const [body, detail] of faults) {
      const answer = await server.as('ada')('PUT', passwordPath, body)
      expect({ body, status: answer.status, detail: answer.body.detail }).toEqual({ body, status: 400, detail })
    }
    expect((await server.as('ada')('GET', '/api/v1/auth/me')).status).toBe(200)
    expect((await login(server, current)).status).toBe(200)
  })

  test('401: a stranger, and never a 429 instead', async () => {
    await using server = testApp({ env: { RATE_LIMIT: 'on', RATE_LIMIT_PASSWORD: '2/60' } })
    for (let attempt = 0; attempt < 5; attempt++) expect((await server.call('PUT', passwordPath, {})).status).toBe(401)
  })

  test('400: the loser of two changes at once does not undo the winner', async () => {
    const real = createPasswords({ algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })
    const meanwhile = { run: () => {} }
    const passwords = {
      ...real,
      hash: async (password: string) => {
        const hash = await real.hash(password)
        meanwhile.run()
        return hash
      },
    }
    await using server = testApp({ overrides: { passwords } })
    await server.tokenOf('ada')
    const winner = await real.hash('the winner chose this')
    meanwhile.run = () => server.database.sqlite.run('UPDATE users SET password_hash = ?', [winner])
    expect(
      (await server.as('ada')('PUT', passwordPath, { current_password: current, new_password: next })).status,
    ).toBe(400)
    meanwhile.run = () => {}
    expect([(await login(server, 'the winner chose this')).status, (await login(server, next)).status]).toEqual([
      200, 401,
    ])
  })
})
