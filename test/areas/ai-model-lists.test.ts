import { describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/ai/providers'
const deadAddress = 'http://127.0.0.1:1'

const server = (id: string, serverAddress: string) => ({ id, serverName: `Name of ${id}`, serverAddress, apiKey: '' })

const saveServers = (app: TestServer, ...servers: ReturnType<typeof server>[]) =>
  saveSetting(app, 'ada', 'ollama_servers_settings', { servers })

const origins = ({ models }: { models: Record<string, unknown>[] }) =>
  models.map(({ name, provider, server_id, server_name }) => [name, provider, server_id, server_name])

describe(`GET ${base}/all-models`, () => {
  const allModels = (app: TestServer, query = '') => app.as('ada')('GET', `${base}/all-models${query}`)

  test('200: asks all servers at once, in a fixed order', async () => {
    await using app = testApp()
    const slow = startFakeOllama({ latencyMs: 400 })
    const slower = startFakeOllama({ latencyMs: 400 })
    const openai = startFakeOpenAi()
    await saveServers(app, server('b', slow.url), server('a', slower.url))
    await saveSetting(app, 'ada', 'openai_api_keys_settings', { api_key: 'sk-1', base_url: openai.url })
    const startedAt = performance.now()
    const { status, body } = await allModels(app, '?user_id=current')
    expect(performance.now() - startedAt).toBeLessThan(700)
    expect(status).toBe(200)
    expect(origins(body)).toEqual([
      ['gpt-4o-mini', 'openai', 'openai_default_server', 'OpenAI API'],
      ['llama3.2:3b', 'ollama', 'b', 'Name of b'],
      ['llama3.2:3b', 'ollama', 'a', 'Name of a'],
    ])
    expect(body).toMatchObject({
      total_count: 3,
      successful_providers: 3,
      errors: [],
      summary: { failed_providers: 0, total_models: 3 },
    })
    await Promise.all([slow, slower, openai].map((fake) => fake.stop()))
  })

  test('200: leaves out what is switched off; a failure is an entry in errors and hides nothing else', async () => {
    const [ollama, openai, claude] = [startFakeOllama(), startFakeOpenAi(), startFakeAnthropic()]
    await using app = testApp({ env: { OPENAI_BASE_URL: openai.url, ANTHROPIC_BASE_URL: claude.url } })
    await saveSetting(app, 'ada', 'claude_api_keys_settings', { api_key: 'sk-ant-0123456789abcdefghijk' })
    await saveSetting(app, 'ada', 'groq_api_keys_settings', { api_key: 'gsk_0123456789abcdefghijkl', enabled: false })
    await saveServers(app, server('dead', deadAddress), server('empty', ''), server('srv1', ollama.url))
    const { body } = await allModels(app)
    expect(origins(body).map(([, ...origin]) => origin)).toEqual([
      // A server that the operator named needs no key.
      ['openai', 'openai_default_server', 'OpenAI API'],
      ['claude', 'claude_default_server', 'Claude API'],
      ['ollama', 'srv1', 'Name of srv1'],
    ])
    expect(body).toMatchObject({
      total_count: 3,
      successful_providers: 3,
      summary: { total_providers_checked: 5, successful_providers: 3, failed_providers: 2, total_models: 3 },
    })
    expect(body.errors).toEqual([expect.stringContaining('Name of dead'), expect.stringContaining('Name of empty')])
    await Promise.all([ollama, openai, claude].map((fake) => fake.stop()))
  })

  test('200: a silent server costs one wait; then it is known to be down, until it is asked again', async () => {
    await using app = testApp({ env: { MODEL_LIST_TIMEOUT: '1' } })
    const [silent, good] = [startFakeOllama({ latencyMs: 60_000 }), startFakeOllama()]
    await saveServers(
      app,
      server('dead', deadAddress),
      server('silent', silent.url),
      server('empty', ''),
      server('good', good.url),
    )
    const first = (await allModels(app)).body
    expect(first).toMatchObject({ total_count: 1, successful_providers: 1, summary: { failed_providers: 3 } })
    expect(first.errors[1]).toContain('No answer within 1 s')
    const startedAt = performance.now()
    const second = (await allModels(app)).body
    expect(performance.now() - startedAt).toBeLessThan(500)
    const isKnownDown = second.errors.map((error: string) => error.includes('Not reachable 0 s ago'))
    expect(isKnownDown).toEqual([true, true, false])
    silent.script.latencyMs = 0
    app.clock.now += 31_000
    expect((await allModels(app)).body.total_count).toBe(2)
    await Promise.all([silent, good].map((fake) => fake.stop()))
  })

  test('200: with no server running, an empty list and a reason; with a damaged setting, an empty list', async () => {
    await using app = testApp()
    await saveServers(app, server('x', deadAddress))
    expect((await allModels(app)).body).toMatchObject({ models: [], total_count: 0, errors: [expect.any(String)] })
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers: 'broken' })
    expect((await allModels(app)).body).toMatchObject({ models: [], errors: [] })
  })

  test('429 past the limit, with Retry-After', async () => {
    await using app = testApp({ env: { RATE_LIMIT: 'on', RATE_LIMIT_MODELS: '2/60' } })
    await saveServers(app)
    expect((await allModels(app)).status).toBe(200)
    expect((await allModels(app)).status).toBe(200)
    const refused = await allModels(app)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
  })
})

describe(`GET ${base}/models`, () => {
  const models = (app: TestServer, query: string) => app.as('ada')('GET', `${base}/models?${query}`)
  const openaiQuery = 'provider=openai&settings_id=openai_api_keys_settings&server_id=openai_default_server'

  test('200: items of each wire', async () => {
    await using app = testApp()
    const [ollama, openai] = [startFakeOllama(), startFakeOpenAi()]
    await saveSetting(app, 'ada', 'ollama_servers_settings', ollamaServers(ollama.url))
    await saveSetting(app, 'ada', 'openai_api_keys_settings', {
      api_key: 'sk-0123456789abcdefghijklm',
      base_url: openai.url,
    })
    const llama = { id: 'llama3.2:3b', name: 'llama3.2:3b', provider: 'ollama' }
    expect(
      await models(app, 'provider=ollama&settings_id=ollama_servers_settings&server_id=srv1&user_id=current'),
    ).toMatchObject({ status: 200, body: { models: [{ ...llama, metadata: { details: { family: 'llama' } } }] } })
    const gpt = { id: 'gpt-4o-mini', name: 'gpt-4o-mini', provider: 'openai' }
    expect(await models(app, openaiQuery)).toMatchObject({
      status: 200,
      body: { models: [{ ...gpt, metadata: { created: 1_721_172_741, owned_by: 'system' } }] },
    })
    await Promise.all([ollama, openai].map((fake) => fake.stop()))
  })

  test('400 without a key; 502 for a wrong one, which no text or log shows', async () => {
    await using app = testApp({ logLevel: 'debug' })
    const openai = startFakeOpenAi({ requiredKey: 'sk-right' })
    const saveKey = (apiKey: string) =>
      saveSetting(app, 'ada', 'openai_api_keys_settings', { apiKey, baseUrl: openai.url })
    expect(await models(app, openaiQuery)).toMatchObject({ status: 400, body: { code: 'ai.no_api_key' } })
    await saveKey('sk-right')
    expect(await models(app, openaiQuery)).toMatchObject({ status: 200, body: { models: [{ id: 'gpt-4o-mini' }] } })
    await saveKey('wrong-key-nobody-sees')
    const refused = await models(app, openaiQuery)
    expect(refused).toMatchObject({ status: 502, body: { code: 'ai.provider_failed' } })
    expect(JSON.stringify(refused.body) + app.logged()).not.toContain('wrong-key-nobody-sees')
    await openai.stop()
  })

  test('400, 404, 422 and 502 say what is wrong; 401 before all of them', async () => {
    await using app = testApp()
    await saveServers(app, server('dead', deadAddress), server('empty', ''), server('meta', 'http://169.254.169.254'))
    const expected = {
      '': 422,
      'provider=ollama&settings_id=x': 422,
      'provider=nobody&settings_id=x&server_id=y': 404,
      'provider=__proto__&settings_id=x&server_id=y': 404,
      'provider=ollama&settings_id=x&server_id=unknown': 404,
      'provider=ollama&settings_id=x&server_id=empty': 400,
      'provider=ollama&settings_id=x&server_id=meta': 400,
      'provider=groq&settings_id=x&server_id=y': 400,
      'provider=ollama&settings_id=x&server_id=dead': 502,
    }
    for (const [query, status] of Object.entries(expected))
      expect({ query, status: (await models(app, query)).status }).toEqual({ query, status })
    expect((await app.call('GET', `${base}/models`)).status).toBe(401)
  })
})

test('403: the lists and the catalog of another user, whether there is one or not', async () => {
  await using app = testApp()
  for (const user of [await app.idOf('bob'), '0'.repeat(32)]) {
    for (const path of ['catalog?', 'all-models?', 'models?provider=ollama&settings_id=x&server_id=y&']) {
      expect(await app.as('ada')('GET', `${base}/${path}user_id=${user}`)).toMatchObject({
        status: 403,
        body: { code: 'ai.foreign_user' },
      })
    }
  }
})
