import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const dev = 'http://localhost:3000'
const listed = 'https://brain.example'
const production = { APP_ENV: 'prod', CORS_ORIGINS: `${listed},http://10.0.0.5:3000/` }

const preflight = (
  server: TestServer,
  origin: string,
  changes: Record<string, string> = {},
  path = '/api/v1/auth/login',
) => server.call('OPTIONS', path, undefined, { origin, 'access-control-request-method': 'POST', ...changes })
const names = (value: string | null) => new Set(value?.split(', '))
const isAllowed = async (server: TestServer, origin: string) => {
  const { headers } = await server.call('GET', '/health', undefined, { origin })
  return headers.get('access-control-allow-origin') === origin
}

describe('allowed origins', () => {
  const cases: [string, boolean, boolean][] = [
    // origin, allowed in dev, allowed in production
    [dev, true, false],
    ['http://localhost', true, false],
    ['https://localhost:8443', true, false],
    ['http://LOCALHOST:3000', true, false],
    ['http://127.0.0.1:5173', true, false],
    ['http://[::1]:5173', true, false],
    ['http://localhost.evil.example', false, false],
    ['http://evil-localhost', false, false],
    ['http://localhost:3000.evil.example', false, false],
    ['http://localhost:3000@evil.example', false, false],
    ['http://evil.example#localhost', false, false],
    ['http://localhost:3000/', false, false],
    ['http://localhost:x', false, false],
    ['ftp://localhost', false, false],
    ['http://127.0.0.2:3000', false, false],
    ['null', false, false],
    ['*', false, false],
    [listed, true, true],
    ['http://10.0.0.5:3000', true, true],
    ['https://brain.example:444', false, false],
    ['http://brain.example', false, false],
    ['https://sub.brain.example', false, false],
    ['https://brain.example.evil.example', false, false],
  ]
  test('dev: loopback hosts with any port, and the listed ones', async () => {
    await using server = testApp({ env: { ...production, APP_ENV: 'dev' } })
    for (const [origin, expected] of cases)
      expect({ origin, allowed: await isAllowed(server, origin) }).toEqual({ origin, allowed: expected })
  })

  test('production: the listed ones alone', async () => {
    await using server = testApp({ env: production })
    for (const [origin, , expected] of cases)
      expect({ origin, allowed: await isAllowed(server, origin) }).toEqual({ origin, allowed: expected })
  })

  test('dev: other hosts when configured', async () => {
    await using server = testApp({ env: { CORS_DEV_HOSTS: '["nas.local"]' } })
    expect([await isAllowed(server, 'http://nas.local:3000'), await isAllowed(server, dev)]).toEqual([true, false])
  })
})

describe('ordinary answers', () => {
  test('an allowed origin is named, with credentials and what scripts may read', async () => {
    await using server = testApp({ env: { CORS_EXPOSE_HEADERS: '["X-Total","*"]' } })
    const { headers } = await server.call('GET', '/health', undefined, { origin: dev })
    expect(headers.get('access-control-allow-origin')).toBe(dev)
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect(headers.get('vary')).toBe('Origin')
    expect(headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after, X-Total')
  })

  test('a foreign origin is served, but not named; no origin, no headers', async () => {
    await using server = testApp()
    const foreign = await server.call('GET', '/health', undefined, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(200)
    expect([...foreign.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(foreign.headers.get('vary')).toBe('Origin')
    const plain = await server.call('GET', '/health')
    expect([...plain.headers.keys()].filter((name) => name.startsWith('access-control') || name === 'vary')).toEqual([])
  })

  test('without credentials when these are switched off', async () => {
    await using server = testApp({ env: { CORS_ALLOW_CREDENTIALS: 'false' } })
    expect(
      (await server.call('GET', '/health', undefined, { origin: dev })).headers.has('access-control-allow-credentials'),
    ).toBe(false)
    expect((await preflight(server, dev)).headers.has('access-control-allow-credentials')).toBe(false)
  })
})

describe('preflight', () => {
  test('200 in dev: every method, and the headers that were asked for', async () => {
    await using server = testApp()
    const { status, body, headers } = await preflight(server, dev, {
      'access-control-request-headers': 'Authorization, content-type,x-custom',
    })
    expect([status, body]).toEqual([200, 'OK'])
    expect(headers.get('content-type')).toStartWith('text/plain')
    expect(headers.get('access-control-allow-origin')).toBe(dev)
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect(headers.get('access-control-max-age')).toBe('600')
    expect(headers.get('vary')).toBe('Origin')
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(names(headers.get('access-control-allow-methods'))).toEqual(
      new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']),
    )
    expect(headers.get('access-control-allow-headers')?.replaceAll(' ', '')).toBe('authorization,content-type,x-custom')
  })

  test('200 in production: what the web client sends; 400 with a custom header', async () => {
    await using server = testApp({ env: { ...production, CORS_MAX_AGE: '3600' } })
    const good = await preflight(server, listed, {
      'access-control-request-headers': 'authorization,content-type',
      'x-request-id': 'mine',
    })
    expect([good.status, good.headers.get('access-control-max-age'), good.headers.get('x-request-id')]).toEqual([
      200,
      '3600',
      'mine',
    ])
    for (const name of [
      'accept',
      'accept-language',
      'authorization',
      'content-language',
      'content-type',
      'x-requested-with',
    ]) {
      expect(names(good.headers.get('access-control-allow-headers')).has(name)).toBe(true)
    }
    expect(await preflight(server, listed, { 'access-control-request-headers': 'x-custom' })).toMatchObject({
      status: 400,
      body: 'Disallowed CORS headers',
    })
  })

  test('400: the parts that failed, in this order', async () => {
    await using server = testApp({ env: production })
    const refused = await preflight(server, 'https://evil.example', {
      'access-control-request-method': 'TRACE',
      'access-control-request-headers': 'x-a',
    })
    expect([refused.status, refused.body]).toEqual([400, 'Disallowed CORS origin, method, headers'])
    expect(refused.headers.get('content-type')).toStartWith('text/plain')
    expect(refused.headers.has('access-control-allow-origin')).toBe(false)
    expect(refused.headers.get('vary')).toBe('Origin')
    expect((await preflight(server, dev)).body).toBe('Disallowed CORS origin')
    expect((await preflight(server, listed, { 'access-control-request-method': 'brew' })).body).toBe(
      'Disallowed CORS method',
    )
  })

  test('on any path, existing or not', async () => {
    await using server = testApp()
    for (const path of ['/nope', '/', '/api/v1/auth/me/'])
      expect((await preflight(server, dev, {}, path)).status).toBe(200)
  })

  test('405: a plain OPTIONS is none', async () => {
    await using server = testApp()
    for (const headers of [{}, { origin: dev }, { 'access-control-request-method': 'POST' }]) {
      const answer = await server.call('OPTIONS', '/api/v1/auth/login', undefined, headers)
      expect([answer.status, answer.body.detail, answer.headers.get('allow')]).toEqual([
        405,
        'Method Not Allowed',
        'POST',
      ])
    }
  })
})
