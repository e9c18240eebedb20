import { describe, expect, test } from 'bun:test'
import { readConfig } from '../../src/config.ts'
import { startPathProxy } from '../support/path-proxy.ts'
import { testApp } from '../support/test-app.ts'
import { script, serveClient } from '../support/web-client.ts'

const account = { username: 'ada', email: 'ada@home.test', password: 'correct horse' }
const json = { 'content-type': 'application/json' }

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })

describe('BASE_PATH', () => {
  test('is a path, and none that begins like those of the server', () => {
    const basePathOf = (value: string) => readConfig({ BASE_PATH: value }).basePath
    expect(['/brain', '/brain/', '/a/b.c/~d//', '/', ''].map(basePathOf)).toEqual([
      '/brain',
      '/brain',
      '/a/b.c/~d',
      '',
      '',
    ])
    const wrong = [
      'brain',
      '/a//b',
      '/a/../b',
      '/a b',
      '/a?b',
      '//host',
      '/a"b',
      '/api',
      '/api/x',
      '/health',
      '/metrics',
      '/..',
    ]
    for (const value of wrong) expect(() => basePathOf(value)).toThrow('BASE_PATH must')
  })

  test('reads, writes and errors work with the path and without it; another path is unknown', async () => {
    await using server = testApp({ env: { BASE_PATH: '/brain' } })
    const ask = async (path: string) => {
      const answer = await fetch(server.url + path)
      return { status: answer.status, text: await answer.text() }
    }
    for (const base of ['', '/brain']) {
      expect(await ask(`${base}/health`)).toMatchObject({ status: 200, text: '{"status":"healthy"}' })
      expect((await ask(`${base}/health/?x=/brain/y`)).status).toBe(200)
      expect((await ask(`${base}/api/v1/auth/me`)).status).toBe(401)
      expect((await ask(`${base}/api/v1/nope`)).status).toBe(404)
      expect((await ask(`${base}/api/v1/auth/login`)).status).toBe(405)
      expect((await ask(`${base}?x`)).status).toBe(200)
      const head = await fetch(`${server.url}${base}/api/v1/docs`, { method: 'HEAD' })
      expect([head.status, Number(head.headers.get('content-length')) > 100]).toEqual([200, true])
    }
    for (const path of ['/brains/health', '/brain/brain/health', '/other/health', '/brainhealth', '/%62rain/health'])
      expect([path, (await ask(path)).status]).toEqual([path, 404])
    const registered = await post(`${server.url}/brain/api/v1/auth/register`, account)
    expect(registered.status).toBe(200)
    const { access_token: token } = (await (await post(`${server.url}/brain/api/v1/auth/login`, account)).json()) as {
      access_token: string
    }
    const headers = { authorization: `Bearer ${token}` }
    const made = await post(`${server.url}/brain/api/v1/conversations`, { title: 'Hello' }, headers)
    expect(made.status).toBe(200)
    const { id, user_id: userId } = (await made.json()) as { id: string; user_id: string }
    const list = await fetch(`${server.url}/brain/api/v1/users/${userId}/conversations?limit=5&skip=0`, { headers })
    expect(await list.json()).toMatchObject([{ id, title: 'Hello' }])
    expect(
      (await fetch(`${server.url}/brain/api/v1/users/${userId}/conversations?limit=500`, { headers })).status,
    ).toBe(422)
  })

  test('cookies are for this path alone, and go again with the session', async () => {
    await using server = testApp({ env: { BASE_PATH: '/brain' } })
    await post(`${server.url}/api/v1/auth/register`, account)
    const login = await post(`${server.url}/brain/api/v1/auth/login`, account)
    const cookies = login.headers.getSetCookie()
    expect(cookies).toHaveLength(2)
    for (const cookie of cookies) expect(cookie).toMatch(/; Path=\/brain(;|$)/)
    const cookie = cookies.map((one) => one.split(';')[0]).join('; ')
    expect((await fetch(`${server.url}/brain/api/v1/auth/me`, { headers: { cookie } })).status).toBe(200)
    const logout = await post(`${server.url}/brain/api/v1/auth/logout`, {}, { cookie })
    for (const one of logout.headers.getSetCookie()) expect(one).toMatch(/; Path=\/brain(;|$)/)
  })

  test('the log and the limits know routes without it', async () => {
    await using server = testApp({
      env: { BASE_PATH: '/brain', RATE_LIMIT: 'on', RATE_LIMIT_LOGIN: '1/60' },
      logLevel: 'info',
    })
    const statuses = [
      await post(`${server.url}/brain/api/v1/auth/login`, account),
      await post(`${server.url}/api/v1/auth/login`, account),
    ]
    expect(statuses.map(({ status }) => status)).toEqual([401, 429])
    await Bun.sleep(10)
    expect(server.logged()).toContain('"route":"/api/v1/auth/login"')
    expect(server.logged()).not.toContain('"route":"/brain')
  })

  test('generated addresses begin with it: the document, its page, the landing page, the client', async () => {
    await using server = testApp({ env: { BASE_PATH: '/brain' } })
    expect((await server.call('GET', '/openapi.json')).body).toMatchObject({
      servers: [{ url: '/brain' }],
      paths: { '/health': {} },
    })
    await using plain = testApp()
    expect((await plain.call('GET', '/openapi.json')).body.servers).toBeUndefined()
    for (const path of ['/', '/api/v1/docs']) {
      const addresses = [...String((await server.call('GET', path)).body).matchAll(/(?:src|href)="(\/[^"]*)"/g)]
      expect(addresses.length).toBeGreaterThan(2)
      for (const [, address = ''] of addresses) {
        expect(address).toStartWith('/brain/')
        expect((await fetch(server.url + address)).status).toBe(200)
      }
    }
    await using started = serveClient({ env: { BASE_PATH: '/brain' } })
    expect((await started.server.call('GET', '/brain/a/b', undefined, { accept: 'text/html' })).body).toContain(
      '<base href="/brain/">',
    )
  })

  for (const takesOff of [true, false]) {
    test(`behind a proxy that ${takesOff ? 'takes it off' : 'leaves it on'}`, async () => {
      await using started = serveClient({ env: { BASE_PATH: '/brain' } })
      using proxy = startPathProxy(started.server.url, '/brain', takesOff)
      const root = `http://localhost:${proxy.port}/brain`
      for (const path of ['/health', '', '/', `/${script}`, '/openapi.json'])
        expect([path, (await fetch(root + path)).status]).toEqual([path, 200])
    })
  }
})
