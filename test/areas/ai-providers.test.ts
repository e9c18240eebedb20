import { describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/ai/providers'
const deadAddress = 'http://127.0.0.1:1'

describe(`GET ${base}/providers and ${base}/catalog`, () => {
  test('200: the five, in order', async () => {
    await using app = testApp()
    expect(await app.as('ada')('GET', `${base}/providers`)).toMatchObject({
      status: 200,
      body: { providers: ['ollama', 'openai', 'claude', 'groq', 'openrouter'] },
    })
  })

  test('200: what is configured, and by whom; never a key', async () => {
    await using app = testApp({ env: { GROQ_API_KEY: 'gsk_of_the_operator_012345' } })
    const readCatalog = async () => (await app.as('ada')('GET', `${base}/catalog?user_id=current`)).body
    const overview = ({ providers }: { providers: Record<string, unknown>[] }) =>
      providers.map(({ id, configured_via, enabled, server_count }) => [id, configured_via, enabled, server_count])
    expect(overview(await readCatalog())).toEqual([
      ['ollama', 'settings', true, 1],
      ['openai', null, true, 0],
      ['claude', null, true, 0],
      ['groq', 'env', true, 1],
      ['openrouter', null, true, 0],
    ])
    const save = (id: string, value: unknown) => saveSetting(app, 'ada', id, value)
    await save('ollama_servers_settings', ollamaServers(deadAddress))
    await save('openai_api_keys_settings', { api_key: 'sk-0123456789abcdefghijklm' })
    await save('claude_api_keys_settings', { api_key: 'sk-ant-0123456789', enabled: false })
    await save('openrouter_api_keys_settings', { apiKey: 'sk-or-0123456789abcdefghijklm', enabled: false })
    const catalog = await readCatalog()
    expect(catalog.user_id).toBe(await app.idOf('ada'))
    expect(overview(catalog)).toEqual([
      ['ollama', 'settings', true, 1],
      ['openai', 'settings', true, 1],
      ['claude', 'settings', false, 1],
      ['groq', 'env', true, 1],
      ['openrouter', 'settings', false, 1],
    ])
    expect(catalog.providers[0]).toMatchObject({
      settings_id: 'ollama_servers_settings',
      server_strategy: 'settings_servers',
      default_server_id: null,
    })
    expect(catalog.providers[1]).toMatchObject({
      default_server_id: 'openai_default_server',
      server_strategy: 'single',
    })
    expect(JSON.stringify(catalog)).not.toMatch(/0123456789|operator/)
  })

  test('401 for strangers', async () => {
    await using app = testApp()
    for (const path of ['providers', 'catalog', 'all-models'])
      expect((await app.call('GET', `${base}/${path}`)).status).toBe(401)
  })
})

describe(`POST ${base}/validate`, () => {
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
    const success = { status: 'success', valid: true, models_count: 1 }
    for (const provider of ['openai', 'groq', 'openrouter', 'claude', 'anthropic']) {
      expect((await validate(app, provider, { api_key: 'good' })).body).toMatchObject(success)
      const refused = await validate(app, provider, { api_key: 'bad-key-nobody-sees' })
      expect(refused).toMatchObject({
        status: 200,
        body: { status: 'error', valid: false, message: expect.any(String) },
      })
      expect(JSON.stringify(refused.body)).not.toContain('bad-key-nobody-sees')
      expect((await validate(app, provider, {})).body.valid).toBe(false)
    }
    expect((await validate(app, 'ollama', { server_url: `${ollama.url}/` })).body).toMatchObject({
      ...success,
      provider: 'ollama',
      version: '0.12.3',
    })
    await Promise.all([openai, claude, ollama].map((fake) => fake.stop()))
  })

  test('200 with the reason: unreachable, a refused address, a web page, silence', async () => {
    await using app = testApp({ env: { MODEL_LIST_TIMEOUT: '1' } })
    const page = startFakeOllama({ instead: { html: '<h1>Hi</h1>' } })
    const check = async (server_url: string) => (await validate(app, 'ollama', { server_url })).body
    const failure = { status: 'error', valid: false }
    expect(await check(deadAddress)).toMatchObject(failure)
    expect(await check('http://169.254.169.254')).toMatchObject(failure)
    expect(await check(page.url)).toMatchObject({ ...failure, message: expect.stringContaining('web page') })
    Object.assign(page.script, { instead: undefined, latencyMs: 60_000 })
    expect(await check(page.url)).toMatchObject({ ...failure, message: 'No answer within 1 s' })
    await page.stop()
  })

  test('404: no such provider; 401: a stranger; the key of the environment is not lent out', async () => {
    const openai = startFakeOpenAi()
    await using app = testApp({ env: { OPENAI_API_KEY: 'sk-operator-0123456789' } })
    for (const provider of ['x', 'toString']) expect((await validate(app, provider, {})).status).toBe(404)
    expect((await app.call('POST', `${base}/validate`, {})).status).toBe(401)
    await validate(app, 'openai', { base_url: openai.url })
    expect(JSON.stringify(openai.requests)).not.toContain('operator')
    await openai.stop()
  })
})
