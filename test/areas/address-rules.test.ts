import { afterAll, describe, expect, test } from 'bun:test'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import { createPluginRegistry } from '../../src/areas/plugins/registry/plugin-registry.ts'
import { knownPlugins } from '../../src/areas/plugins/registry/known-plugins.ts'
import { addressSpellings } from '../support/address-spellings.ts'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { dnsAnswers } from '../support/dns-answers.ts'
import { testApp, type TestServer } from '../support/test-app.ts'
import { plainAnswer, rawServer } from '../support/tls-raw-server.ts'

// Every place that takes an address from outside, against every spelling of an address that it must not reach. Model
// servers and SearXNG may be at home; pages, plugins and registries come from the public internet.

const listener = await rawServer((socket) => socket.write(plainAnswer('reached')), { hostname: '0.0.0.0' })
const server = testApp()
const ada = server.as('ada')
afterAll(async () => {
  await server.stop()
  await listener[Symbol.asyncDispose]()
})

/** With the port of a server that really is there. */
const urlOf = (host: string) => `http://${host}:${listener.port}/`
const notPublic = addressSpellings.filter(([, verdict]) => verdict !== 'both').map(([host]) => urlOf(host))
const forNobody = addressSpellings.filter(([, verdict]) => verdict === 'none').map(([host]) => urlOf(host))
const withCredentials = [`http://ada:secret@127.0.0.1:${listener.port}/`, `https://token@example.com/ada/lamp`]
const otherSchemes = [
  'file:///etc/passwd',
  'ftp://127.0.0.1/',
  'gopher://127.0.0.1/',
  'data:text/html,x',
  'unix:///run/x',
]

const refusal = /not allowed|metadata|not a usable|not valid|Only http|credentials|must begin with|user name/i

/** Says why the address was refused; fails when it was not. */
type Place = (url: string, on: TestServer) => Promise<string>

const scrape: Place = async (url, on) => {
  const { status, body } = await on.as('ada')('POST', '/api/v1/searxng/scrape', { urls: [url] })
  expect(status).toBe(200)
  expect(body.results[0]).toMatchObject({ success: false, content: '' })
  return body.results[0].error
}

const searchSetting: Place = async (url, on) => {
  const setting = { definition_id: 'searxng_settings', name: 'SearXNG', scope: 'system', value: { url } }
  expect((await on.as('ada')('POST', '/api/v1/settings/instances', setting)).status).toBe(200)
  const { body: health } = await on.as('ada')('GET', '/api/v1/searxng/health')
  expect(health.accessible).toBe(false)
  const { status, body } = await on.as('ada')('GET', '/api/v1/searxng/web?q=x')
  expect(status).toBe(502)
  return `${body.detail} ${health.error}`
}

const validate =
  (provider: string, field: string): Place =>
  async (url, on) => {
    const config = { [field]: url, api_key: 'sk-x' }
    const { status, body } = await on.as('ada')('POST', '/api/v1/ai/providers/validate', { provider, config })
    expect([status, body.valid]).toEqual([200, false])
    return body.message
  }

const savedServer: Place = async (url, on) => {
  expect((await saveSetting(on, 'ada', 'ollama_servers_settings', ollamaServers(url))).status).toBe(200)
  const query = 'provider=ollama&settings_id=ollama_servers_settings&server_id=srv1'
  const { status, body } = await on.as('ada')('GET', `/api/v1/ai/providers/models?${query}`)
  expect(status).toBeGreaterThanOrEqual(400)
  return body.detail
}

const ollama =
  (method: string, path: string): Place =>
  async (url, on) => {
    const query = `?server_url=${encodeURIComponent(encodeURIComponent(url))}`
    const answer =
      method === 'DELETE'
        ? await on.as('ada')('DELETE', path, { name: 'x', server_url: url })
        : await on.as('ada')(method, path + query)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    return String(answer.body.detail)
  }

const install: Place = async (url, on) => {
  const { status, body } = await on.as('ada')('POST', '/api/v1/plugins/install-from-url', {
    repo_url: `${url}ada/lamp`,
  })
  expect(status).toBeGreaterThanOrEqual(400)
  return JSON.stringify(body)
}

const toHomeServers: [string, Place][] = [
  ['the system setting of SearXNG', searchSetting],
  ['GET /ai/providers/models', savedServer],
  ['POST /ai/providers/validate (Ollama)', validate('ollama', 'server_url')],
  ['POST /ai/providers/validate (OpenAI)', validate('openai', 'base_url')],
  ['GET /ollama/test', ollama('GET', '/api/v1/ollama/test')],
  ['GET /ollama/models', ollama('GET', '/api/v1/ollama/models')],
  ['DELETE /ollama/delete', ollama('DELETE', '/api/v1/ollama/delete')],
]
const toThePublic: [string, Place][] = [
  ['POST /searxng/scrape', scrape],
  ['POST /plugins/install-from-url', install],
]

const expectRefused = async (place: Place, urls: string[]) => {
  for (const url of urls) {
    const reason = await place(url, server)
    expect([url, refusal.test(reason) ? 'refused' : reason]).toEqual([url, 'refused'])
    expect(reason).not.toMatch(/reached|secret@/)
  }
  expect(listener.connections()).toBe(0)
}

describe('the places that take an address', () => {
  test.each(toHomeServers)(
    '%s: link-local, metadata, reserved and the like',
    async (_, place) => {
      await expectRefused(place, forNobody)
    },
    30_000,
  )

  test.each(toThePublic)(
    '%s: loopback and private networks, too',
    async (_, place) => {
      await expectRefused(place, notPublic)
    },
    60_000,
  )

  test.each([...toHomeServers, ...toThePublic])(
    '%s: credentials and other schemes',
    async (_, place) => {
      for (const url of [...withCredentials, ...otherSchemes]) {
        const reason = await place(url, server)
        expect(reason).not.toMatch(/reached|secret/)
      }
      expect(listener.connections()).toBe(0)
    },
    30_000,
  )

  test('the registry of plugins, and what it lists', async () => {
    const { deps } = server
    for (const place of notPublic) {
      const registry = createPluginRegistry({
        ...deps,
        log: { ...deps.log, warn: () => undefined },
        config: { ...deps.config, pluginRegistry: place, privateHosts: [] },
      })
      expect(await registry.list()).toEqual(knownPlugins)
    }
    expect(listener.connections()).toBe(0)
  })
})

describe('names and redirects', () => {
  const allowed = `here.test:${listener.port}`

  /** A server whose names mean what the test says, and that may read `here.test`. */
  const withNames = (names: Record<string, string[]>, later: Record<string, string[]> = {}) => {
    const dns = dnsAnswers(names, later)
    const fetch = createGuardedFetch({
      maxConcurrent: 20,
      defaultIdleTimeoutMs: 2000,
      allowedHosts: new Set([allowed]),
      lookup: dns.lookup,
    })
    return { dns, server: testApp({ overrides: { fetch } }) }
  }

  test('a public name with one private address is refused as a whole', async () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::ffff:7f00:1', '64:ff9b::a00:1', 'fd00::1']) {
      const setup = withNames({ 'name.test': ['93.184.216.34', address] })
      await using on = setup.server
      expect(await scrape('http://name.test/', on)).toContain('not allowed')
    }
  })

  test('rebinding: a name is looked up once, and what was judged is what is connected to', async () => {
    await using site = await rawServer((socket) => socket.write(plainAnswer('<p>ok', { 'Content-Type': 'text/html' })))
    const dns = dnsAnswers({ 'here.test': ['127.0.0.1'] }, { 'here.test': ['169.254.169.254'] })
    const allowedHosts = new Set([`here.test:${site.port}`])
    const fetch = createGuardedFetch({
      maxConcurrent: 20,
      defaultIdleTimeoutMs: 2000,
      allowedHosts,
      lookup: dns.lookup,
    })
    await using on = testApp({ overrides: { fetch } })
    const read = async () =>
      (await on.as('ada')('POST', '/api/v1/searxng/scrape', [`http://here.test:${site.port}/`])).body.results[0]
    expect(await read()).toMatchObject({ success: true, content: 'ok' })
    expect(dns.asked).toEqual(['here.test'])
    expect(await read()).toMatchObject({ success: false })
    expect(site.heads).toHaveLength(1)
  })

  test('a redirect is judged as the address itself', async () => {
    await using victim = await rawServer((socket) => socket.write(plainAnswer('reached')), { hostname: '0.0.0.0' })
    let target = ''
    await using site = await rawServer((socket) => socket.write(plainAnswer('', { Location: target }, '302 Found')))
    await using on = testApp({ env: { PRIVATE_HOSTS: `localhost:${site.port}` } })
    const targets = addressSpellings
      .filter(([host, verdict]) => verdict !== 'both' && host !== 'localhost')
      .map(([host]) => `http://${host}:${victim.port}/`)
    const more = [
      `http://localhost:${victim.port}/`,
      'file:///etc/passwd',
      `http://ada:secret@127.0.0.1:${victim.port}/`,
    ]
    for (target of [...targets, ...more]) {
      const reason = await scrape(`http://localhost:${site.port}/`, on)
      expect([target, refusal.test(reason) ? 'refused' : reason]).toEqual([target, 'refused'])
      // Neither for the search engine, however near it may be: it is not followed at all.
      if (target === targets[0]) expect(await searchSetting(`http://localhost:${site.port}`, on)).toContain('302')
    }
    expect(victim.connections()).toBe(0)
  }, 60_000)

  test('a stranger asks none of them', async () => {
    for (const [method, path] of [
      ['POST', '/api/v1/searxng/scrape'],
      ['GET', '/api/v1/searxng/web?q=x'],
      ['POST', '/api/v1/ai/providers/validate'],
      ['GET', '/api/v1/ollama/test?server_url=x'],
      ['POST', '/api/v1/plugins/install-from-url'],
    ] as const)
      expect((await server.call(method, path)).status).toBe(401)
    expect((await ada('GET', '/api/v1/searxng/health')).status).toBe(200)
  })
})
