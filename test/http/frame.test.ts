import { describe, expect, test } from 'bun:test'
import type { Readiness } from '../../src/deps.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const origin = 'http://localhost:3000'

interface LogLine {
  level: string
  message: string
  [field: string]: unknown
}
const logLines = (server: TestServer): LogLine[] =>
  server
    .logged()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine)
/** The access log is written after the answer. */
const settle = () => Bun.sleep(10)

const brokenReadiness = (): Readiness => {
  throw new Error('internal detail with a secret')
}
const oddReadiness = () => ({ database: 'a secret value', migrations: 'ok', worker: 'ok' }) as unknown as Readiness

describe('request id', () => {
  test('a fit one is echoed, anything else replaced by a UUID', async () => {
    await using server = testApp()
    const echo = async (id: string) =>
      (await server.call('GET', '/health', undefined, { 'x-request-id': id })).headers.get('x-request-id')
    for (const fit of ['a', 'A-z_09', 'x'.repeat(64), crypto.randomUUID()]) expect(await echo(fit)).toBe(fit)
    for (const unfit of ['', 'x'.repeat(65), 'a b', 'a.b', 'a,b', 'ä', '<script>', 'a;b', '"a"'])
      expect(await echo(unfit)).toMatch(uuid)
    const { headers } = await server.call('GET', '/health')
    expect(headers.get('x-request-id')).toMatch(uuid)
  })
})

describe('every answer', () => {
  const cases: [number, string, string, unknown?, Record<string, string>?, Record<string, string>?][] = [
    // status, method, path, body, headers, environment
    [200, 'GET', '/health'],
    [400, 'PUT', '/api/v1/auth/profile/username', {}, { authorization: 'Bearer TOKEN' }],
    [401, 'GET', '/api/v1/auth/me'],
    [403, 'POST', '/api/v1/auth/refresh', {}],
    [404, 'GET', '/nope'],
    [405, 'GET', '/api/v1/auth/login'],
    [413, 'POST', '/api/v1/auth/login', 'x'.repeat(2000), {}, { MAX_REQUEST_SIZE: '1024' }],
    [415, 'POST', '/api/v1/auth/login', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    [422, 'POST', '/api/v1/auth/login', {}],
    [422, 'POST', '/api/v1/auth/login', '{'],
    [500, 'GET', '/health/ready'],
    [429, 'GET', '/health', undefined, {}, { RATE_LIMIT: 'on', RATE_LIMIT_ADDRESS: '1/60' }],
    [429, 'GET', '/health', undefined, {}, { RATE_LIMIT: 'on', RATE_LIMIT_DEFAULT: '1/60' }],
  ]
  for (const [status, method, path, body, headers, env] of cases) {
    test(`${status}: carries CORS, request id and security headers (${method} ${path})`, async () => {
      await using server = testApp({ env: env ?? {}, overrides: { readiness: brokenReadiness } })
      if (status === 429) await server.call('GET', '/health')
      const authorization = headers?.['authorization']?.replace('TOKEN', await server.tokenOf('ada'))
      const answer = await server.call(method, path, body, {
        ...headers,
        origin,
        'x-request-id': 'mine',
        ...(authorization ? { authorization } : {}),
      })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
      expect(answer.headers.get('vary')).toBe('Origin')
      expect(answer.headers.get('x-request-id')).toBe('mine')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(answer.headers.get('content-type')).toStartWith('application/json')
      expect(answer.headers.has('strict-transport-security')).toBe(false)
      if (status < 400) return
      expect(Object.keys(answer.body)).toEqual(['detail', 'code'])
      expect(answer.body.code).toMatch(/^[a-z_]+(\.[a-z_]+)?$/)
    })
  }
})

describe('routing', () => {
  test('404: unknown paths', async () => {
    await using server = testApp()
    for (const path of [
      '/nope',
      '/api/v1',
      '/api/v1/auth',
      '/api/v1/auth/nope',
      '/favicon.ico',
      '/health/x',
      '/%00',
      '/%ff',
      '/..%2f..%2fetc/passwd',
    ]) {
      const { status, body } = await server.call('GET', path)
      expect({ path, status, body }).toEqual({
        path,
        status: 404,
        body: { detail: 'Not Found', code: 'http.not_found' },
      })
    }
    expect((await server.call('POST', '/nope', 'x'.repeat(10), { 'content-type': 'text/plain' })).status).toBe(404)
  })

  test('405: a known path with a method it has not, and which it has', async () => {
    await using server = testApp()
    const cases: [string, string, string][] = [
      ['GET', '/api/v1/auth/register', 'POST'],
      ['DELETE', '/api/v1/auth/me', 'GET, HEAD'],
      ['POST', '/health', 'GET, HEAD'],
      ['PATCH', '/api/v1/auth/profile/username', 'PUT'],
      ['HEAD', '/api/v1/auth/login', 'POST'],
      ['POST', '/api/v1/auth/me/', 'GET, HEAD'],
    ]
    for (const [method, path, allow] of cases) {
      const answer = await server.send(method, path, method === 'POST' ? {} : undefined)
      expect({ method, path, status: answer.status, allow: answer.headers.get('allow') }).toEqual({
        method,
        path,
        status: 405,
        allow,
      })
      if (method !== 'HEAD')
        expect(await answer.json()).toEqual({ detail: 'Method Not Allowed', code: 'http.method_not_allowed' })
    }
  })

  test('HEAD answers where GET does, with its headers and without a body', async () => {
    await using server = testApp()
    const headOf = async (path: string, headers?: Record<string, string>) => {
      const answer = await server.send('HEAD', path, undefined, headers)
      return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
    }
    const get = await server.call('GET', '/health')
    expect(await headOf('/health')).toEqual({ status: 200, type: get.headers.get('content-type'), text: '' })
    const authorization = `Bearer ${await server.tokenOf('ada')}`
    expect(await headOf('/api/v1/auth/me', { authorization })).toMatchObject({ status: 200, text: '' })
    expect(await headOf('/api/v1/auth/me')).toMatchObject({ status: 401, text: '' })
  })

  test('a slash at the end makes no difference, and no redirect', async () => {
    await using server = testApp()
    expect((await server.call('GET', '/health/')).status).toBe(200)
    expect((await server.call('POST', '/api/v1/auth/login/', {})).status).toBe(422)
    expect((await server.as('ada')('GET', '/api/v1/auth/me/')).status).toBe(200)
  })

  test('odd cookies and headers are no reason to fail', async () => {
    await using server = testApp()
    const account = { username: 'ada', email: 'ada@home.test', password: 'long enough' }
    await server.call('POST', '/api/v1/auth/register', account)
    for (const cookie of [
      '%E0%A4%A',
      'a=%E0%A4%A',
      '=',
      ';;;',
      'a',
      '__proto__=x',
      'constructor=y',
      'refresh_token',
      'a={"b":',
      `a=${'x'.repeat(4000)}`,
    ]) {
      expect({ cookie, status: (await server.call('POST', '/api/v1/auth/login', account, { cookie })).status }).toEqual(
        { cookie, status: 200 },
      )
    }
  })
})

describe('failures of ours', () => {
  test('500: generic to the client, logged once with the request id and the cause', async () => {
    await using server = testApp({ overrides: { readiness: brokenReadiness }, logLevel: 'info' })
    const answer = await server.call('GET', '/health/ready', undefined, { 'x-request-id': 'find-me' })
    expect([answer.status, answer.body]).toEqual([500, { detail: 'Internal server error', code: 'internal' }])
    await settle()
    const failures = logLines(server).filter(({ message }) => message === 'request failed')
    expect(failures).toMatchObject([
      {
        level: 'error',
        status: 500,
        requestId: 'find-me',
        route: '/health/ready',
        error: { message: 'internal detail with a secret' },
      },
    ])
    expect(failures[0]?.['error']).toMatchObject({ stack: expect.stringContaining('frame.test.ts') })
  })

  test('500: whatever is thrown', async () => {
    for (const thrown of [
      'a text',
      42,
      { detail: 'leak' },
      Object.assign(new Error('leak'), { status: 418, code: 'NOT_FOUND_X' }),
    ]) {
      const readiness = () => {
        throw thrown
      }
      await using server = testApp({ overrides: { readiness } })
      const { status, body } = await server.call('GET', '/health/ready')
      expect({ thrown, status, body }).toEqual({
        thrown,
        status: 500,
        body: { detail: 'Internal server error', code: 'internal' },
      })
    }
  })

  test('500: an answer that breaks its schema; the log names the place, not the value', async () => {
    await using server = testApp({ overrides: { readiness: oddReadiness } })
    const answer = await server.call('GET', '/health/ready')
    expect([answer.status, answer.body]).toEqual([500, { detail: 'Internal server error', code: 'internal' }])
    expect(server.logged()).toContain('answer breaks its schema at response.checks.database')
    expect(server.logged()).not.toContain('a secret value')
  })
})

describe('access log', () => {
  test('one line for each request: method, route, status, time, user and request id, and nothing else', async () => {
    await using server = testApp({ logLevel: 'info' })
    const id = await server.idOf('ada')
    await server.as('ada')('GET', '/api/v1/auth/me?secret=1', undefined, { 'x-request-id': 'one' })
    await server.call('GET', '/nope/secret', undefined, { 'x-request-id': 'two' })
    await server.call('POST', '/api/v1/auth/login', '{', { 'x-request-id': 'three' })
    await server.call('OPTIONS', '/health', undefined, {
      origin,
      'access-control-request-method': 'GET',
      'x-request-id': 'four',
    })
    await server.call('GET', '/api/v1/auth/login', undefined, { 'x-request-id': 'five' })
    await settle()
    const lines = logLines(server).filter(({ requestId }) => /^[a-z]+$/.test(String(requestId)))
    const common = { level: 'info', message: 'request', ms: 0, time: expect.any(String) }
    expect(lines.filter(({ requestId }) => requestId !== 'four')).toEqual([
      { ...common, method: 'GET', route: '/api/v1/auth/me', status: 200, user: id, requestId: 'one' },
      { ...common, method: 'GET', route: '(none)', status: 404, requestId: 'two' },
      { ...common, method: 'POST', route: '/api/v1/auth/login', status: 422, requestId: 'three' },
      { ...common, method: 'GET', route: '(none)', status: 405, requestId: 'five' },
    ])
    expect(server.logged()).not.toContain('secret')
  })

  test('refused requests are in it, too', async () => {
    await using server = testApp({ logLevel: 'info', env: { RATE_LIMIT: 'on', RATE_LIMIT_ADDRESS: '1/60' } })
    await server.call('GET', '/health')
    await server.call('GET', '/health')
    await settle()
    expect(logLines(server).map(({ status }) => status)).toEqual([200, 429])
  })
})
