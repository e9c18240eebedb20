import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startFakeOllamaModels } from '../support/fake-ollama-models.ts'
import { testApp } from '../support/test-app.ts'

const server = testApp()
const ollama = startFakeOllamaModels()
afterAll(async () => {
  await server.stop()
  await ollama.stop()
})
beforeEach(() => {
  Object.assign(ollama.script, { instead: undefined, requiredKey: undefined })
  ollama.requests.length = 0
  ollama.models.clear()
})

const api = '/api/v1/ollama'
const query = (url: string, extra: Record<string, string> = {}) =>
  new URLSearchParams({ server_url: url, ...extra }).toString()
const testCall = (url = ollama.url, extra = {}) => server.as('ada')('GET', `${api}/test?${query(url, extra)}`)
const models = (url = ollama.url, extra = {}, name = 'ada') =>
  server.as(name)('GET', `${api}/models?${query(url, extra)}`)
const remove = (body: Record<string, unknown> = {}, name = 'ada') =>
  server.as(name)('DELETE', `${api}/delete`, { name: 'llama3.2:1b', server_url: ollama.url, ...body })
const answer = (body: string, init: ResponseInit = {}) => {
  ollama.script.instead = () => new Response(body, init)
}

test('strangers get 401 whatever they send, and nothing is called', async () => {
  for (const [method, path, body] of [
    ['GET', `/test?${query(ollama.url)}`],
    ['GET', '/test'],
    ['GET', `/models?${query(ollama.url)}`],
    ['DELETE', '/delete', { name: 'x', server_url: ollama.url }],
    ['DELETE', '/delete', {}],
    ['POST', '/install', { name: 'x', server_url: ollama.url }],
    ['GET', '/install/x'],
    ['GET', '/install/x/events'],
    ['DELETE', '/install/x'],
  ] as const)
    expect((await server.call(method, api + path, body)).status).toBe(401)
  expect(ollama.requests).toEqual([])
})

describe('GET /ollama/test', () => {
  test('tells the version', async () => {
    const { status, body } = await testCall(ollama.url, { api_key: 'secret-key' })
    expect([status, body]).toEqual([200, { status: 'success', version: '0.12.3' }])
    expect(ollama.requests[0]).toMatchObject({ method: 'GET', path: '/api/version' })
    expect(ollama.requests[0]?.headers['authorization']).toBe('Bearer secret-key')
  })

  test('takes an address that was encoded twice, and any path of the API', async () => {
    for (const url of [encodeURIComponent(ollama.url), `${ollama.url}/`, `${ollama.url}/api`, `${ollama.url}/api/tags`])
      expect((await testCall(url)).status).toBe(200)
    expect(new Set(ollama.requests.map(({ path }) => path))).toEqual(new Set(['/api/version']))
  })

  test.each([
    ['{}', 'unknown'],
    ['{"version":null}', null],
    [`{"version":"${'9'.repeat(500)}"}`, '9'.repeat(100)],
  ])('%s', async (text, version) => {
    answer(text)
    expect((await testCall()).body).toEqual({ status: 'success', version })
  })

  test('tries no saved key: a form shows what is tested', async () => {
    await saveSetting(server, 'ada', 'ollama_servers_settings', ollamaServers(ollama.url, { apiKey: 'saved' }))
    ollama.script.requiredKey = 'saved'
    expect((await testCall()).status).toBe(502)
    expect((await testCall(ollama.url, { api_key: 'saved' })).status).toBe(200)
  })

  test('gives up after 5 seconds', async () => {
    ollama.script.instead = () => new Promise<never>(() => {})
    const startedAt = performance.now()
    const { status, body } = await testCall()
    expect([status, body]).toEqual([
      504,
      { detail: 'Connection timed out. Server might be down or unreachable.', code: 'ollama.timeout' },
    ])
    expect(performance.now() - startedAt).toBeWithin(4500, 7000)
  }, 10_000)

  test('ends with the client', async () => {
    await ollama.until(() => ollama.openRequests === 0)
    ollama.script.instead = () => new Promise<never>(() => {})
    const before = ollama.abortedRequests
    const controller = new AbortController()
    const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
    const asking = fetch(`${server.url}${api}/test?${query(ollama.url)}`, { headers, signal: controller.signal })
    await ollama.until(() => ollama.requests.length > 0)
    controller.abort()
    await asking.catch(() => undefined)
    await ollama.until(() => ollama.abortedRequests > before)
  })
})

describe('GET /ollama/models', () => {
  test('hands on a bare list, untouched', async () => {
    const entry = {
      name: 'a:1',
      model: 'a:1',
      size: 5,
      digest: 'd',
      details: { families: null },
      new_field: [{ x: 1 }],
    }
    answer(JSON.stringify({ models: [entry, 'broken', null] }))
    const { status, body } = await models(encodeURIComponent(ollama.url), { settings_id: 's', server_id: 'x' })
    expect([status, body]).toEqual([200, [entry]])
  })

  test.each(['{}', '{"models":null}', '{"models":[]}'])('%s is an empty list', async (text) => {
    answer(text)
    expect((await models()).body).toEqual([])
  })

  test('ten thousand models', async () => {
    for (let index = 0; index < 10_000; index++) ollama.register(`model${index}:latest`)
    expect((await models()).body).toHaveLength(10_000)
  })
})

test('429 for the 17th call of a user under way, whose servers hang; others go on', async () => {
  ollama.script.instead = ({ path }) => (path === '/api/tags' ? new Promise<never>(() => {}) : undefined)
  const controller = new AbortController()
  const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
  const listing = Array.from({ length: 16 }, () =>
    fetch(`${server.url}${api}/models?${query(ollama.url)}`, { headers, signal: controller.signal }).catch(
      () => undefined,
    ),
  )
  await ollama.until(() => ollama.requests.length === 16)
  for (const call of [() => testCall(), () => models(), () => remove()])
    expect(await call()).toMatchObject({ status: 429, body: { code: 'ollama.too_many_calls' } })
  expect((await server.as('bob')('GET', `${api}/test?${query(ollama.url)}`)).status).toBe(200)
  controller.abort()
  await Promise.all(listing)
  await ollama.until(() => ollama.openRequests === 0)
  expect((await testCall()).status).toBe(200)
})

describe('DELETE /ollama/delete', () => {
  test('deletes a model', async () => {
    ollama.register('llama3.2:1b')
    const { status, body } = await remove({ name: ' llama3.2:1b ' })
    expect([status, body]).toEqual([200, { status: 'success', data: '' }])
    expect(ollama.requests[0]).toMatchObject({
      method: 'DELETE',
      path: '/api/delete',
      body: { name: 'llama3.2:1b', model: 'llama3.2:1b' },
    })
    expect(ollama.models.size).toBe(0)
  })

  test('hands on what the server says to it', async () => {
    answer('{"done":true}')
    expect((await remove()).body).toEqual({ status: 'success', data: { done: true } })
  })

  test('404 for a model that is not there', async () => {
    expect(await remove()).toMatchObject({
      status: 404,
      body: { detail: 'Server returned status code 404', code: 'ollama.server_status' },
    })
  })

  test('400 without a name; 422 without the fields', async () => {
    expect(await remove({ name: '  ' })).toMatchObject({ status: 400, body: { detail: 'model_name is required' } })
    for (const body of [{ name: undefined }, { server_url: undefined }, { name: 1 }, { name: 'x'.repeat(701) }])
      expect((await remove(body)).status).toBe(422)
    expect(ollama.requests).toEqual([])
  })
})

describe('what can go wrong', () => {
  const calls = { test: () => testCall(), models: () => models(), delete: () => remove() }

  test.each(Object.entries(calls))('%s: statuses of the server', async (_, call) => {
    for (const [status, expected] of [
      [401, 502],
      [403, 502],
      [407, 502],
      [418, 502],
      [301, 502],
      [302, 502],
      [400, 400],
      [404, 404],
      [429, 429],
      [500, 500],
      [503, 503],
    ] as const) {
      answer('{"error":"no"}', { status, headers: { location: `${ollama.url}/elsewhere` } })
      expect(await call()).toMatchObject({
        status: expected,
        body: { detail: `Server returned status code ${status}`, code: 'ollama.server_status' },
      })
    }
    expect(ollama.requests.filter(({ path }) => path === '/elsewhere')).toEqual([])
  })

  test.each([
    ['a web page', '<html></html>', { headers: { 'content-type': 'text/html' } }],
    ['no JSON', 'nonsense', {}],
    ['a list', '[1]', {}],
    ['a number for a list', '{"models":1,"version":1}', {}],
    ['an error inside', '{"error":"the disk is full"}', {}],
    ['a list without end', `{"version":[],"models":[{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`, {}],
    ['too much', `{"models":"${'x'.repeat(9_000_000)}"}`, {}],
    ['a model too deep', `{"version":[],"models":[{"a":${'['.repeat(30)}${']'.repeat(30)}}]}`, {}],
  ])('%s', async (_, text, init) => {
    answer(text, init)
    for (const call of [calls.test, calls.models])
      expect(await call()).toMatchObject({
        status: 502,
        body: { detail: expect.stringMatching(/^Unexpected error: /), code: 'ollama.unexpected_answer' },
      })
  })

  test('nobody there', async () => {
    for (const url of ['http://127.0.0.1:9', 'http://no-such-host.invalid:11434'])
      expect(await models(url)).toMatchObject({
        status: 503,
        body: { detail: 'Could not connect to server. Please check if the server is running.' },
      })
  })

  test.each(['localhost:11434', 'ftp://localhost', '', ' ', 'http://', '//localhost', '%', 'null'])(
    'the address "%s"',
    async (url) => {
      for (const answered of [await testCall(url), await models(url), await remove({ server_url: url })])
        expect(answered).toMatchObject({
          status: 400,
          body: {
            detail: 'Invalid server URL. Must start with http:// or https://',
            code: 'ollama.invalid_url',
          },
        })
    },
  )

  test('an address with a password', async () => {
    expect(await models('http://me:pass@localhost:11434')).toMatchObject({
      status: 400,
      body: { code: 'ollama.url_with_credentials' },
    })
  })

  test.each([
    'http://169.254.169.254',
    'http://169.254.169.254:80/api/tags',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://[::ffff:169.254.169.254]',
    'http://[fe80::1]:11434',
    'http://[fd00:ec2::254]',
    'http://metadata.google.internal',
    'http://100.100.100.200',
    'http://0.0.0.0:11434',
    'http://224.0.0.1',
    'http%3A%2F%2F169.254.169.254',
  ])('the address %s is refused', async (url) => {
    for (const answered of [await testCall(url), await models(url), await remove({ server_url: url })])
      expect(answered).toMatchObject({ status: 400, body: { code: 'ollama.address_refused' } })
  })

  test('422 without an address, and for one without end', async () => {
    for (const search of [
      '',
      `?server_url=http://h/${'x'.repeat(2048)}`,
      `?${query('http://h')}&api_key=${'k'.repeat(1001)}`,
    ])
      for (const path of ['test', 'models'])
        expect((await server.as('ada')('GET', `${api}/${path}${search}`)).status).toBe(422)
  })

  test('a key that no header can carry is not repeated', async () => {
    const { status, body } = await models(ollama.url, { api_key: 'geheim\nx: y' })
    expect(status).toBe(400)
    expect(JSON.stringify(body)).not.toContain('geheim')
    expect(ollama.requests).toEqual([])
  })
})

describe('saved keys', () => {
  test('a key that is not sent is taken from the own server at the same address', async () => {
    await saveSetting(
      server,
      'carl',
      'ollama_servers_settings',
      ollamaServers('http://127.0.0.1:1', { apiKey: 'other' }),
    )
    const keyFor = async (name: string, extra = {}) => {
      ollama.requests.length = 0
      await models(encodeURIComponent(ollama.url), extra, name)
      await remove({ ...extra }, name)
      const keys = ollama.requests.map(({ headers }) => headers['authorization'])
      expect(keys).toHaveLength(2)
      expect(keys[0]).toBe(keys[1])
      return keys[0]
    }
    await saveSetting(
      server,
      'bob',
      'ollama_servers_settings',
      ollamaServers(`${ollama.url}/`, { apiKey: 'key-of-bob' }),
    )
    expect(await keyFor('bob')).toBe('Bearer key-of-bob')
    expect(await keyFor('bob', { api_key: '' })).toBe('Bearer key-of-bob')
    expect(await keyFor('bob', { api_key: 'own' })).toBe('Bearer own')
    // Neither another server's key nor another user's.
    expect(await keyFor('carl')).toBeUndefined()
    expect(await keyFor('dora')).toBeUndefined()
  })

  test('no key in the log', async () => {
    answer('{"error":"bad key very-secret-key"}', { status: 401 })
    const { body } = await models(ollama.url, { api_key: 'very-secret-key' })
    expect(JSON.stringify(body) + server.logged()).not.toContain('very-secret-key')
  })
})
