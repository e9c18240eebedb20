import { expect, test } from 'bun:test'
import { createPasswords } from '../../src/areas/auth/passwords.ts'
import { testApp } from '../support/test-app.ts'

test('1,000 authenticated requests at once while 50 people sign in: every one is answered', async () => {
  await using server = testApp({ overrides: { passwords: createPasswords() } })
  const ada = server.as('ada')
  await ada('GET', '/api/v1/auth/me')
  const account = { email: 'ada@home.test', password: 'password of ada' }
  const logins = Array.from({ length: 50 }, () => server.call('POST', '/api/v1/auth/login', account))
  const reads = Array.from({ length: 1000 }, () => ada('GET', '/api/v1/auth/me'))
  for (const { status } of await Promise.all([...logins, ...reads])) expect(status).toBe(200)
}, 30_000)
