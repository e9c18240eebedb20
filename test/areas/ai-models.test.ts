import { describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { type TestServer, testApp } from '../support/test-app.ts'

const base = '/api/v1/ai/providers'
const deadAddress = 'http://127.0.0.1:9'

const server = (id: string, name: string, url: string) => ({
  id,
  serverName: name,
  serverAddress: url,
  apiKey: '',
  connectionStatus: 'idle',
})

const allModels = async (app: TestServer, name = 'ada') => (await app.as(name)('GET', `${base}/all-models`)).body

describe(`GET ${base}/providers`, () => {
  test('200: the five, in order', async () => {
    await using app = testApp()
    expect(await app.as('ada')('GET', `${base}/providers`)).toMatchObject({
      status: 200,
      body: { providers: ['ollama', 'openai', 'claude', 'groq', 'openrouter'] },
    })
  })
})

describe(`GET ${base}/catalog`, () => {
  test('200: what is configured, and by whom', async () => {
    await using app = testApp({ env: { GROQ_API_KEY: 'gsk_of_the_operator_012345' } })
    await saveSetting(app, 'ada', 'openai_api_keys_settings', { api_key: 'sk-0123456789abcdefghijklm' })
    await saveSetting(app, 'ada', 'openrouter_api_keys_settings', {
      apiKey: 'sk-or-0123456789abcdefghijklm',
      enabled: false,
    })
    const { body } = await app.as('ada')('GET', `${base}/catalog?user_id=current`)
    expect(body.user_id).toBe(await app.idOf('ada'))
    expect(
      body.providers.map(({ id, configured_via, enabled, server_count }: Record<string, unknown>) => [
        id,
        configured_via,
        enabled,
        server_count,
      ]),
    ).toEqual([
      ['ollama', 'settings', true, 1],
      ['openai', 'settings', true, 1],
      ['claude', null, true, 0],
      ['groq', 'env', true, 1],
      ['openrouter', 'settings', false, 1],
    ])
    expect(body.providers[0]).toMatchObject({
      settings_id: 'ollama_servers_settings',
      server_strategy: 'settings_servers',
      default_server_id: null,
    })
    expect(body.providers[1]).toMatchObject({ default_server_id: 'openai_default_server', server_strategy: 'single' })
    expect(JSON.stringify(body)).not.toContain('0123456789')
  })

  test('403: of another user', async () => {
    await using app = testApp()
    const bob = await app.idOf('bob')
    for (const path of ['catalog?', 'all-models?', 'models?provider=ollama&settings_id=x&server_id=y&']) {
      expect(await app.as('ada')('GET', `${base}/${path}user_id=${bob}`)).toMatchObject({ status: 403 })
    }
  })
})

describe(`GET ${base}/models`, () => {
  test('200: items of each wire', async () => {
    await using app = testApp()
    const [ollama, openai] = [startFakeOllama(), startFakeOpenAi()]
    await saveSetting(app, 'ada', 'ollama_servers_settings', ollamaServers(ollama.url))
    await saveSetting(app, 'ada', 'openai_api_keys_settings', {
      api_key: 'sk-0123456789abcdefghijklm',
      base_url: openai.url,
    })
    const ask = (query: string) => app.as('ada')('GET', `${base}/models?${query}`)
    expect(
      await ask('provider=ollama&settings_id=ollama_servers_settings&server_id=srv1&user_id=current'),
    ).toMatchObject({
      status: 200,
      body: {
        models: [
          { id: 'llama3.2:3b', name: 'llama3.2:3b', provider: 'ollama', metadata: { details: { family: 'llama' } } },
        ],
      },
    })
    expect(
      await ask('provider=openai&settings_id=openai_api_keys_settings&server_id=openai_default_server'),
    ).toMatchObject({
      status: 200,
      body: {
        models: [
          {
            id: 'gpt-4o-mini',
            name: 'gpt-4o-mini',
            provider: 'openai',
            metadata: { created: 1_721_172_741, owned_by: 'system' },
          },
        ],
      },
    })
    await Promise.all([ollama.stop(), openai.stop()])
  })

  test('400, 404, 422 and 502 say what is wrong', async () => {
    await using app = testApp()
    const ask = async (query: string) => (await app.as('ada')('GET', `${base}/models?${query}`)).status
    await saveSetting(app, 'ada', 'ollama_servers_settings', {
      servers: [server('a', 'A', deadAddress), server('b', 'B', '')],
    })
    expect(await ask('provider=ollama&settings_id=x')).toBe(422)
    expect(await ask('provider=nobody&settings_id=x&server_id=y')).toBe(404)
    expect(await ask('provider=ollama&settings_id=x&server_id=unknown')).toBe(404)
    expect(await ask('provider=ollama&settings_id=x&server_id=b')).toBe(400)
    expect(await ask('provider=groq&settings_id=x&server_id=y')).toBe(400)
    expect(await ask('provider=ollama&settings_id=x&server_id=a')).toBe(502)
  })
})

describe(`GET ${base}/all-models`, () => {
  test('200: keys first, then Ollama as stored; one failure does not hide the others', async () => {
    const [ollama, openai, claude] = [startFakeOllama(), startFakeOpenAi(), startFakeAnthropic()]
    await using app = testApp({ env: { OPENAI_BASE_URL: openai.url, ANTHROPIC_BASE_URL: claude.url } })
    await saveSetting(app, 'ada', 'claude_api_keys_settings', { api_key: 'sk-ant-0123456789abcdefghijk' })
    await saveSetting(app, 'ada', 'groq_api_keys_settings', { api_key: 'gsk_0123456789abcdefghijkl', enabled: false })
    const servers = [
      server('dead', 'Dead', deadAddress),
      server('empty', 'Empty', ''),
      server('srv1', 'Home', ollama.url),
    ]
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers })
    const body = await allModels(app)
    expect(
      body.models.map(({ provider, server_id, server_name }: Record<string, unknown>) => [
        provider,
        server_id,
        server_name,
      ]),
    ).toEqual([
      // A server that the operator named needs no key.
      ['openai', 'openai_default_server', 'OpenAI API'],
      ['claude', 'claude_default_server', 'Claude API'],
      ['ollama', 'srv1', 'Home'],
    ])
    expect(body).toMatchObject({
      total_count: 3,
      successful_providers: 3,
      summary: { total_providers_checked: 5, successful_providers: 3, failed_providers: 2, total_models: 3 },
    })
    expect(body.errors).toEqual([expect.stringContaining('Dead'), expect.stringContaining('Empty')])
    await Promise.all([ollama.stop(), openai.stop(), claude.stop()])
  })

  test('asks all servers at once', async () => {
    await using app = testApp()
    const slow = startFakeOllama({ latencyMs: 400 })
    await saveSetting(app, 'ada', 'ollama_servers_settings', {
      servers: ['a', 'b', 'c'].map((id) => server(id, id, slow.url)),
    })
    await app.tokenOf('ada')
    const startedAt = performance.now()
    expect((await allModels(app)).models).toHaveLength(3)
    expect(performance.now() - startedAt).toBeLessThan(1100)
    await slow.stop()
  })

  test('a silent server costs one wait; then it is known to be down, until it is asked again', async () => {
    await using app = testApp({ env: { MODEL_LIST_TIMEOUT: '1' } })
    const [silent, good] = [startFakeOllama({ latencyMs: 3000 }), startFakeOllama()]
    await saveSetting(app, 'ada', 'ollama_servers_settings', {
      servers: [server('s', 'Silent', silent.url), server('g', 'Good', good.url)],
    })
    const first = await allModels(app)
    expect([first.models.length, first.errors]).toEqual([1, [expect.stringContaining('No answer within 1 s')]])
    const startedAt = performance.now()
    const second = await allModels(app)
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect(second.errors).toEqual([expect.stringContaining('Not reachable 0 s ago')])
    silent.script.latencyMs = 0
    app.clock.now += 31_000
    expect((await allModels(app)).models).toHaveLength(2)
    await Promise.all([silent.stop(), good.stop()])
  })

  test('200: a new account with no server running gets an empty list and a reason', async () => {
    await using app = testApp()
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers: [server('x', 'X', deadAddress)] })
    expect(await allModels(app)).toMatchObject({ models: [], total_count: 0, errors: [expect.any(String)] })
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers: 'broken' })
    expect(await allModels(app)).toMatchObject({ models: [], errors: [] })
  })

  test('429: with Retry-After', async () => {
    await using app = testApp({ env: { RATE_LIMIT: 'on', RATE_LIMIT_MODELS: '2/60' } })
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers: [] })
    const statuses = []
    for (let n = 0; n < 3; n++) statuses.push((await app.as('ada')('GET', `${base}/all-models`)).status)
    expect(statuses).toEqual([200, 200, 429])
  })
})

describe(`POST ${base}/validate`, () => {
  test('200: really asks, and answers for clients of both kinds', async () => {
    const [ollama, openai, claude] = [
      startFakeOllama(),
      startFakeOpenAi({ requiredKey: 'good' }),
      startFakeAnthropic({ requiredKey: 'good' }),
    ]
    await using app = testApp({
      env: {
        OPENAI_BASE_URL: openai.url,
        OPENROUTER_BASE_URL: openai.url,
        GROQ_BASE_URL: openai.url,
        ANTHROPIC_BASE_URL: claude.url,
      },
    })
    const check = async (provider: string, config: unknown) =>
      (await app.as('ada')('POST', `${base}/validate`, { provider, config })).body
    expect(await check('ollama', { server_url: `${ollama.url}/` })).toMatchObject({
      status: 'success',
      valid: true,
      provider: 'ollama',
      version: expect.any(String),
      models_count: 1,
    })
    for (const provider of ['openai', 'openrouter', 'groq', 'claude', 'anthropic']) {
      expect(await check(provider, { api_key: 'good' })).toMatchObject({
        status: 'success',
        valid: true,
        models_count: 1,
      })
      const wrong = await check(provider, { api_key: 'wrong-key-123456' })
      expect(wrong).toMatchObject({ status: 'error', valid: false, message: expect.any(String) })
      expect(JSON.stringify(wrong)).not.toContain('wrong-key-123456')
    }
    expect(await check('ollama', { server_url: deadAddress })).toMatchObject({ status: 'error' })
    expect(await check('ollama', { server_url: 'http://169.254.169.254' })).toMatchObject({ status: 'error' })
    ollama.script.instead = { html: '<html></html>' }
    expect(await check('ollama', { server_url: ollama.url })).toMatchObject({ status: 'error', valid: false })
    await Promise.all([ollama.stop(), openai.stop(), claude.stop()])
  })

  test('404: no such provider; the key of the environment is not lent out', async () => {
    const openai = startFakeOpenAi()
    await using app = testApp({ env: { OPENAI_API_KEY: 'sk-operator-0123456789' } })
    expect(await app.as('ada')('POST', `${base}/validate`, { provider: 'x', config: {} })).toMatchObject({
      status: 404,
    })
    await app.as('ada')('POST', `${base}/validate`, { provider: 'openai', config: { base_url: openai.url } })
    expect(JSON.stringify(openai.requests)).not.toContain('operator')
    await openai.stop()
  })
})
