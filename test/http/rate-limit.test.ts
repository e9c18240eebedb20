import { describe, expect, test } from 'bun:test'
import { createRateLimiter } from '../../src/http/rate-limit.ts'
import { addressGroup, clientAddress, createProxyTrust } from '../../src/http/request-info.ts'
import { AppError } from '../../src/shared/app-error.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const on = { RATE_LIMIT: 'on' }
const account = (name: string) => ({ username: name, email: `${name}@home.test`, password: `password of ${name}` })
const login = (server: TestServer, name: string, headers: Record<string, string> = {}) =>
  server.call('POST', '/api/v1/auth/login', { email: `${name}@home.test`, password: 'wrong' }, headers)
const statuses = async (count: number, request: () => Promise<{ status: number }>) => {
  const seen: number[] = []
  for (let index = 0; index < count; index++) seen.push((await request()).status)
  return seen
}

describe('limits of the routes', () => {
  test('register: 3 an hour for an address, in the words of the contract', async () => {
    await using server = testApp({ env: on })
    let index = 0
    expect(await statuses(4, () => server.call('POST', '/api/v1/auth/register', account(`user${index++}`)))).toEqual([
      200, 200, 200, 429,
    ])
    server.clock.now += 3_599_000
    const refused = await server.call('POST', '/api/v1/auth/register', account('more'))
    expect(refused).toMatchObject({
      status: 429,
      body: { detail: 'Rate limit exceeded. Please try again later.', code: 'http.rate_limited' },
    })
    expect(refused.headers.get('retry-after')).toBe('1')
    server.clock.now += 1000
    expect((await server.call('POST', '/api/v1/auth/register', account('more'))).status).toBe(200)
  })

  test('register: an invalid body counts, malformed JSON does not', async () => {
    await using server = testApp({ env: on })
    expect(await statuses(5, () => server.call('POST', '/api/v1/auth/register', '{'))).toEqual([
      422, 422, 422, 422, 422,
    ])
    expect(await statuses(4, () => server.call('POST', '/api/v1/auth/register', {}))).toEqual([422, 422, 422, 429])
  })

  test('login: 5 in 5 minutes for an account, 30 for an address, apart from each other', async () => {
    await using server = testApp({ env: on })
    expect(await statuses(6, () => login(server, 'ada'))).toEqual([401, 401, 401, 401, 401, 429])
    // Other spellings of the same account do not help, another account is free.
    for (const email of ['ADA@home.test', ' ada@HOME.test', 'Ada <ada@home.test>']) {
      expect((await server.call('POST', '/api/v1/auth/login', { email, password: 'x' })).status).toBe(429)
    }
    expect((await login(server, 'bob')).status).toBe(401)
    let index = 0
    const seen = await statuses(30, () => login(server, `user${index++}`))
    expect(seen.filter((status) => status === 401)).toHaveLength(20)
    expect(seen.at(-1)).toBe(429)
    // Neither refresh nor registration share these counts.
    expect((await server.call('POST', '/api/v1/auth/refresh', {})).status).toBe(403)
    expect((await server.call('POST', '/api/v1/auth/register', account('carol'))).status).toBe(200)
    server.clock.now += 300_000
    expect((await login(server, 'ada')).status).toBe(401)
  })

  test('login: being signed in buys no further attempts', async () => {
    await using server = testApp({ env: { ...on, RATE_LIMIT_LOGIN_ADDRESS: '4/300' } })
    const token = await server.tokenOf('eve')
    let index = 0
    const headers = [{}, { authorization: `Bearer ${token}` }]
    expect(await statuses(4, () => login(server, `user${index}`, headers[index++ % 2]))).toEqual([401, 401, 401, 429])
  })

  test('refresh: 30 in 5 minutes for an address', async () => {
    await using server = testApp({ env: on })
    const seen = await statuses(31, () => server.call('POST', '/api/v1/auth/refresh', { refresh_token: 'x' }))
    expect([new Set(seen.slice(0, 30)), seen[30]]).toEqual([new Set([403]), 429])
    const refused = await server.call('POST', '/api/v1/auth/refresh', {})
    expect(refused.headers.getSetCookie()).toEqual([])
    expect(refused.headers.get('retry-after')).toBe('300')
  })

  test('password: 5 in 5 minutes for a user, each for himself', async () => {
    await using server = testApp({ env: on })
    const attempt = (name: string) =>
      server.as(name)('PUT', '/api/v1/auth/profile/password', { current_password: 'x', new_password: 'y' })
    expect(await statuses(6, () => attempt('ada'))).toEqual([400, 400, 400, 400, 400, 429])
    expect((await attempt('bob')).status).toBe(400)
    expect((await server.as('ada')('PUT', '/api/v1/auth/profile/username', { username: 'ada' })).status).toBe(200)
  })
})

describe('the default limit', () => {
  test('a user has a count of his own, strangers share that of their address', async () => {
    await using server = testApp({ env: { ...on, RATE_LIMIT_DEFAULT: '5/60' } })
    const tokens = await Promise.all(['ada', 'bob'].map(server.tokenOf))
    server.clock.now += 60_000
    const me = (token: string | undefined) => () =>
      server.call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${token}` })
    expect(await statuses(6, me(tokens[0]))).toEqual([200, 200, 200, 200, 200, 429])
    expect(await statuses(6, me(tokens[1]))).toEqual([200, 200, 200, 200, 200, 429])
    expect(await statuses(6, me('nonsense'))).toEqual([401, 401, 401, 401, 401, 429])
    expect((await server.call('GET', '/health')).status).toBe(429)
  })

  test('the limit of an address holds for everybody, for unknown paths and malformed bodies', async () => {
    await using server = testApp({ env: { ...on, RATE_LIMIT_ADDRESS: '6/60' } })
    const token = await server.tokenOf('ada')
    expect((await server.call('GET', '/nope')).status).toBe(404)
    expect((await server.call('POST', '/api/v1/auth/login', '{')).status).toBe(422)
    expect((await server.call('GET', '/health')).status).toBe(200)
    expect((await server.call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${token}` })).status).toBe(
      200,
    )
    const refused = await server.call('GET', '/nope', undefined, { origin: 'http://localhost:1' })
    expect([
      refused.status,
      refused.headers.get('retry-after'),
      refused.headers.get('access-control-allow-origin'),
    ]).toEqual([429, '60', 'http://localhost:1'])
    server.clock.now += 60_000
    expect((await server.call('GET', '/nope')).status).toBe(404)
  })

  test('off means off', async () => {
    await using server = testApp({
      env: { RATE_LIMIT: 'off', RATE_LIMIT_ADDRESS: '1/60', RATE_LIMIT_DEFAULT: '1/60', RATE_LIMIT_LOGIN: '1/60' },
    })
    expect(new Set(await statuses(10, () => login(server, 'ada')))).toEqual(new Set([401]))
  })
})

describe('whose address', () => {
  const limited = { ...on, RATE_LIMIT_ADDRESS: '1/60' }
  const from = (server: TestServer, headers: Record<string, string>) =>
    server.call('GET', '/health', undefined, headers)

  test('X-Forwarded-For of anybody is ignored', async () => {
    await using server = testApp({ env: limited })
    expect((await from(server, { 'x-forwarded-for': '203.0.113.1' })).status).toBe(200)
    expect((await from(server, { 'x-forwarded-for': '203.0.113.2' })).status).toBe(429)
    expect((await from(server, { 'x-real-ip': '203.0.113.3' })).status).toBe(429)
  })

  test('X-Forwarded-For of a trusted proxy counts, and goes into the audit log', async () => {
    for (const proxies of ['127.0.0.1', '127.0.0.0/8', '["10.0.0.1","127.0.0.1"]', '*']) {
      await using server = testApp({ env: { ...limited, TRUSTED_PROXIES: proxies } })
      expect((await from(server, { 'x-forwarded-for': '203.0.113.1' })).status).toBe(200)
      expect((await from(server, { 'x-forwarded-for': '203.0.113.1' })).status).toBe(429)
      expect((await from(server, { 'x-forwarded-for': '198.51.100.7, 203.0.113.1' })).status).toBe(429)
      expect((await from(server, { 'x-forwarded-for': '203.0.113.1, 198.51.100.7' })).status).toBe(200)
      await server.call('GET', '/api/v1/auth/me', undefined, { 'x-forwarded-for': 'spoofed, 2001:db8::1' })
      expect(server.database.sqlite.query('SELECT ip FROM audit_logs').all()).toEqual([{ ip: '2001:db8::1' }])
    }
  })

  test('IPv6 neighbours of one /64 share a count', async () => {
    await using server = testApp({ env: { ...limited, TRUSTED_PROXIES: '127.0.0.1' } })
    expect((await from(server, { 'x-forwarded-for': '2001:db8:1:2::1' })).status).toBe(200)
    expect((await from(server, { 'x-forwarded-for': '2001:db8:1:2:ffff::9' })).status).toBe(429)
    expect((await from(server, { 'x-forwarded-for': '2001:db8:1:3::1' })).status).toBe(200)
  })
})

describe('clientAddress', () => {
  const find = (peer: string, chain: string | undefined, ...proxies: string[]) =>
    clientAddress(peer, new Headers(chain === undefined ? {} : { 'x-forwarded-for': chain }), createProxyTrust(proxies))

  test('walks from the right and stops at the first address that is no proxy', () => {
    expect(find('10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '10.0.0.0/8')).toBe('203.0.113.9')
    expect(find('10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.0/8')).toBe('10.0.0.3')
    expect(find('10.0.0.1', '', '10.0.0.0/8')).toBe('10.0.0.1')
    expect(find('10.0.0.1', undefined, '10.0.0.0/8')).toBe('10.0.0.1')
    expect(find('203.0.113.9', '6.6.6.6', '10.0.0.0/8')).toBe('203.0.113.9')
  })

  test('ports and brackets are read; what cannot be read hides nothing left of it', () => {
    expect(find('10.0.0.1', '6.6.6.6, 203.0.113.9:4711', '10.0.0.1')).toBe('203.0.113.9')
    expect(find('10.0.0.1', '6.6.6.6, [2001:db8::9]:4711', '10.0.0.1')).toBe('2001:db8::9')
    expect(find('10.0.0.1', '6.6.6.6, "[2001:DB8::9]"', '10.0.0.1')).toBe('2001:db8::9')
    for (const unreadable of ['unknown', '_hidden', '', '999.1.1.1', '203.0.113.9 x']) {
      expect(find('10.0.0.1', `6.6.6.6, ${unreadable}`, '10.0.0.1')).toBe('10.0.0.1')
    }
  })

  test('addresses of a dual-stack socket have their IPv4 spelling', () => {
    expect(find('::ffff:127.0.0.1', undefined)).toBe('127.0.0.1')
    expect(find('::ffff:10.0.0.1', '::ffff:203.0.113.9', '10.0.0.0/8')).toBe('203.0.113.9')
    expect(find('10.0.0.1', '203.0.113.9', '::ffff:10.0.0.1')).toBe('203.0.113.9')
    expect(find('::1', '203.0.113.9', '::1')).toBe('203.0.113.9')
    expect(find('2001:db8::5', '203.0.113.9', '2001:db8::/32')).toBe('203.0.113.9')
    expect(find('fe80::1%eth0', undefined)).toStartWith('fe80::1')
    expect(find('unknown', '6.6.6.6', '10.0.0.0/8')).toBe('unknown')
  })

  test('with * the direct peer is believed, but not what others told it', () => {
    expect(find('192.0.2.1', '6.6.6.6, 203.0.113.9', '*')).toBe('203.0.113.9')
    expect(find('192.0.2.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '*', '10.0.0.0/8')).toBe('203.0.113.9')
  })

  test('X-Real-IP serves when there is no X-Forwarded-For', () => {
    const headers = new Headers({ 'x-real-ip': '203.0.113.9' })
    expect(clientAddress('10.0.0.1', headers, createProxyTrust(['10.0.0.1']))).toBe('203.0.113.9')
  })
})

describe('addressGroup', () => {
  test('IPv4 alone, IPv6 by /64, anything else as it is', () => {
    expect(['203.0.113.9', '2001:db8:1:2::9', 'unknown'].map(addressGroup)).toEqual([
      '203.0.113.9',
      '20010db800010002::/64',
      'unknown',
    ])
  })
})

describe('createRateLimiter', () => {
  const limit = { max: 2, windowSeconds: 10 }
  const attempt = (take: () => void) => {
    try {
      take()
      return 'ok'
    } catch (error) {
      return error instanceof AppError ? error.headers['retry-after'] : 'crash'
    }
  }

  test('refused requests do not count, so that the window ends on time', () => {
    let now = 0
    const { take } = createRateLimiter(() => now, true)
    const seen: unknown[] = []
    for (now = 0; now <= 10_000; now += 2500) seen.push(attempt(() => take('key', limit)))
    expect(seen).toEqual(['ok', 'ok', '5', '3', 'ok'])
  })

  test('200,000 invented keys take bounded memory and little time, and old windows go first', () => {
    let now = 0
    const limiter = createRateLimiter(() => now, true)
    const start = performance.now()
    for (let index = 0; index < 200_000; index++) limiter.take(`key${index}`, limit)
    expect(limiter.size).toBeLessThanOrEqual(100_000)
    expect(performance.now() - start).toBeLessThan(2000)
    now = 5_000
    limiter.take('last', { max: 1, windowSeconds: 60 })
    now = 11_000
    for (let index = 0; index < 90_000; index++) limiter.take(`new${index}`, limit)
    expect(attempt(() => limiter.take('last', { max: 1, windowSeconds: 60 }))).toBe('54')
  })
})
