import { describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/ai/providers'
const unused = 'http://127.0.0.1:1'

const server = (id: string, serverAddress: string) => ({ id, serverName: `Name of ${id}`, serverAddress, apiKey: '' })

const saveServers = (app: TestServer, ...servers: ReturnType<typeof server>[]) =>
  saveSetting(app, 'ada', 'ollama_servers_settings', { servers })

describe('GET /api/v1/ai/providers/all-models', () => {
  test('200: asks all servers at once, in a fixed order, and leaves out what is switched off', async () => {
    await using app = testApp()
    const slow = startFakeOllama({ latencyMs: 400 })
    const slower = startFakeOllama({ latencyMs: 400 })
    const openai = startFakeOpenAi()
    await saveServers(app, server('b', slow.url), server('a', slower.url))
    await saveSetting(app, 'ada', 'openai_api_keys_settings', { api_key: 'sk-1', base_url: openai.url })
    await saveSetting(app, 'ada', 'groq_api_keys_settings', { api_key: 'gsk_1', enabled: false })
    const startedAt = performance.now()
    const { status, body } = await app.as('ada')('GET', `${base}/all-models?user_id=current`)
    expect(performance.now() - startedAt).toBeLessThan(700)
    expect(status).toBe(200)
    expect(
      body.models.map((model: Record<string, unknown>) => [
        model.name,
        model.provider,
        model.server_id,
        model.server_name,
      ]),
    ).toEqual([
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

  test('200 with an entry in errors for each server that fails; a dead one is not asked again for a while', async () => {
    await using app = testApp({ env: { MODEL_LIST_TIMEOUT: '1' } })
    const good = startFakeOllama()
    const hanging = startFakeOllama({ latencyMs: 60_000 })
    await saveServers(
      app,
      server('dead', unused),
      server('hang', hanging.url),
      server('none', ''),
      server('good', good.url),
    )
    const first = await app.as('ada')('GET', `${base}/all-models`)
    expect(first).toMatchObject({
      status: 200,
      body: { total_count: 1, successful_providers: 1, summary: { failed_providers: 3 } },
    })
    expect(first.body.errors.join('\n')).toContain('No answer within 1 s')
    const startedAt = performance.now()
    const second = await app.as('ada')('GET', `${base}/all-models`)
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect(second.body.errors.filter((text: string) => text.includes('Not reachable'))).toHaveLength(2)
    hanging.script.latencyMs = 0
    app.clock.now += 31_000
    expect((await app.as('ada')('GET', `${base}/all-models`)).body.total_count).toBe(2)
    await Promise.all([good, hanging].map((fake) => fake.stop()))
  })

  test('403 for another user; 429 past the limit', async () => {
    await using app = testApp({ env: { RATE_LIMIT: 'on', RATE_LIMIT_MODELS: '2/60' } })
    await saveServers(app)
    const call = app.as('ada')
    expect(await call('GET', `${base}/all-models?user_id=${'0'.repeat(32)}`)).toMatchObject({
      status: 403,
      body: { code: 'ai.foreign_user' },
    })
    expect((await call('GET', `${base}/all-models`)).status).toBe(200)
    const refused = await call('GET', `${base}/all-models`)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
  })
})

describe('GET /api/v1/ai/providers/models', () => {
  test('200 for one server; 502 for a wrong key, which no text or log shows', async () => {
    await using app = testApp({ logLevel: 'debug' })
    const openai = startFakeOpenAi({ requiredKey: 'sk-right' })
    const path = `${base}/models?provider=openai&settings_id=openai_api_keys_settings&server_id=openai_default_server&user_id=current`
    expect(await app.as('ada')('GET', path)).toMatchObject({ status: 400, body: { code: 'ai.no_api_key' } })
    await saveSetting(app, 'ada', 'openai_api_keys_settings', { apiKey: 'sk-right', baseUrl: openai.url })
    expect(await app.as('ada')('GET', path)).toMatchObject({
      status: 200,
      body: { models: [{ id: 'gpt-4o-mini', metadata: { owned_by: 'system' } }] },
    })
    await saveSetting(app, 'ada', 'openai_api_keys_settings', { apiKey: 'wrong-key-nobody-sees', baseUrl: openai.url })
    const refused = await app.as('ada')('GET', path)
    expect(refused).toMatchObject({ status: 502, body: { code: 'ai.provider_failed' } })
    expect(JSON.stringify(refused.body) + app.logged()).not.toContain('wrong-key-nobody-sees')
    await openai.stop()
  })

  test('401 before 422; 404 for an unknown provider; 502 unreachable; 400 for a refused address', async () => {
    await using app = testApp()
    expect((await app.call('GET', `${base}/models`)).status).toBe(401)
    expect((await app.as('ada')('GET', `${base}/models`)).status).toBe(422)
    const query = 'settings_id=x&server_id=srv1'
    expect((await app.as('ada')('GET', `${base}/models?provider=__proto__&${query}`)).status).toBe(404)
    await saveSetting(app, 'ada', 'ollama_servers_settings', ollamaServers(unused))
    expect((await app.as('ada')('GET', `${base}/models?provider=ollama&${query}`)).status).toBe(502)
    await saveSetting(app, 'ada', 'ollama_servers_settings', ollamaServers('http://169.254.169.254'))
    expect((await app.as('ada')('GET', `${base}/models?provider=ollama&${query}`)).status).toBe(400)
  })
})

describe('providers, catalog', () => {
  test('200: five providers and how each is configured', async () => {
    await using app = testApp({ env: { GROQ_API_KEY: 'gsk_env' } })
    await saveServers(app, server('a', unused))
    await saveSetting(app, 'ada', 'claude_api_keys_settings', { api_key: 'sk-ant-1', enabled: false })
    const ids = ['ollama', 'openai', 'claude', 'groq', 'openrouter']
    expect((await app.as('ada')('GET', `${base}/providers`)).body).toEqual({ providers: ids })
    const { body } = await app.as('ada')('GET', `${base}/catalog`)
    expect(body.user_id).toBe(await app.idOf('ada'))
    expect(
      body.providers.map((one: Record<string, unknown>) => [one.id, one.configured_via, one.enabled, one.server_count]),
    ).toEqual([
      ['ollama', 'settings', true, 1],
      ['openai', null, true, 0],
      ['claude', 'settings', false, 1],
      ['groq', 'env', true, 1],
      ['openrouter', null, true, 0],
    ])
    expect((await app.as('ada')('GET', `${base}/catalog?user_id=${await app.idOf('bob')}`)).status).toBe(403)
    for (const path of ['providers', 'catalog', 'all-models'])
      expect((await app.call('GET', `${base}/${path}`)).status).toBe(401)
  })
})

describe('POST /api/v1/ai/providers/validate', () => {
  const validate = (app: TestServer, provider: string, config: unknown) =>
    app.as('ada')('POST', `${base}/validate`, { provider, config })

  test('200: each provider is really asked, with the key that was given', async () => {
    const openai = startFakeOpenAi({ requiredKey: 'good' })
    const claude = startFakeAnthropic({ requiredKey: 'good' })
    const ollama = startFakeOllama()
    const env = {
      OPENAI_BASE_URL: openai.url,
      GROQ_BASE_URL: openai.url,
      OPENROUTER_BASE_URL: openai.url,
      ANTHROPIC_BASE_URL: claude.url,
      OPENAI_API_KEY: 'good',
    }
    await using app = testApp({ env })
    for (const provider of ['openai', 'groq', 'openrouter', 'claude', 'anthropic']) {
      expect((await validate(app, provider, { api_key: 'good' })).body).toMatchObject({
        status: 'success',
        valid: true,
        models_count: 1,
      })
      const refused = await validate(app, provider, { api_key: 'bad-key-nobody-sees' })
      expect(refused).toMatchObject({ status: 200, body: { status: 'error', valid: false } })
      expect(JSON.stringify(refused.body)).not.toContain('bad-key-nobody-sees')
      expect((await validate(app, provider, {})).body.valid).toBe(false)
    }
    expect((await validate(app, 'ollama', { server_url: `${ollama.url}/` })).body).toMatchObject({
      valid: true,
      version: '0.12.3',
      models_count: 1,
    })
    await Promise.all([openai, claude, ollama].map((fake) => fake.stop()))
  })

  test('200 with the reason: unreachable, a web page, silence; 404 for an unknown provider', async () => {
    await using app = testApp({ env: { MODEL_LIST_TIMEOUT: '1' } })
    const page = startFakeOllama({ instead: { html: '<h1>Hi</h1>' } })
    expect((await validate(app, 'ollama', { server_url: unused })).body.valid).toBe(false)
    expect((await validate(app, 'ollama', { server_url: page.url })).body.message).toContain('web page')
    expect((await validate(app, 'ollama', { server_url: 'http://169.254.169.254' })).body.valid).toBe(false)
    Object.assign(page.script, { instead: undefined, latencyMs: 60_000 })
    expect((await validate(app, 'ollama', { server_url: page.url })).body.message).toBe('No answer within 1 s')
    expect((await validate(app, 'toString', {})).status).toBe(404)
    expect((await app.call('POST', `${base}/validate`, {})).status).toBe(401)
    await page.stop()
  })
})
