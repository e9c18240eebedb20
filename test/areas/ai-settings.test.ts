import { describe, expect, test } from 'bun:test'
import { type TestServer, testApp } from '../support/test-app.ts'

const path = '/api/v1/ai/settings'
const key = 'sk-0123456789abcdefghijklmnop'

const list = async (app: TestServer, name = 'ada') => (await app.as(name)('GET', `${path}/providers`)).body.instances
const stored = async (app: TestServer, definitionId: string) =>
  (await app.as('ada')('GET', `/api/v1/settings/instances?definition_id=${definitionId}&scope=user&user_id=current`))
    .body[0]?.value
const save = (app: TestServer, body: unknown, name = 'ada') => app.as(name)('POST', `${path}/providers`, body)

describe(`${path}/providers`, () => {
  test('200: an Ollama server is added, changed and deleted in the setting that the client knows', async () => {
    await using app = testApp()
    const body = {
      provider: 'ollama',
      instance_id: 'home',
      name: 'Home',
      config: { server_url: 'http://box:11434', api_key: 'a-long-secret-key' },
    }
    const added = await save(app, body)
    expect(added).toMatchObject({
      status: 200,
      body: {
        id: 'ai_provider_ollama_home',
        instance_id: 'home',
        name: 'Home',
        config: { server_url: 'http://box:11434', api_key: 'a-lo...-key' },
      },
    })
    expect((await stored(app, 'ollama_servers_settings')).servers).toMatchObject([
      { serverName: 'New Server' },
      { id: 'home', serverName: 'Home', serverAddress: 'http://box:11434', apiKey: 'a-long-secret-key' },
    ])
    await save(app, { ...body, name: 'House', config: { api_key: 'a-lo...-key' } })
    expect((await stored(app, 'ollama_servers_settings')).servers[1]).toMatchObject({
      serverName: 'House',
      serverAddress: 'http://box:11434',
      apiKey: 'a-long-secret-key',
    })
    expect(await save(app, { ...body, config: { api_key: 'XXXX...6789' } })).toMatchObject({
      status: 400,
      body: { code: 'ai.masked_key' },
    })
    expect((await stored(app, 'ollama_servers_settings')).servers[1]).toMatchObject({ apiKey: 'a-long-secret-key' })
    expect(JSON.stringify(await list(app))).not.toContain('a-long-secret-key')
    expect((await app.as('ada')('GET', `${path}/servers/ollama_servers_settings`)).body.servers).toMatchObject([
      {},
      { id: 'home', apiKey: 'a-lo...-key' },
    ])
    expect(await app.as('ada')('DELETE', `${path}/providers/ollama/home`)).toMatchObject({
      status: 200,
      body: { status: 'success' },
    })
    expect((await stored(app, 'ollama_servers_settings')).servers).toHaveLength(1)
    expect(await app.as('ada')('DELETE', `${path}/providers/ollama/home`)).toMatchObject({ status: 404 })
  })

  test('200: one key for each key provider; masked everywhere, a mask that comes back keeps it', async () => {
    await using app = testApp()
    const body = { provider: 'openai', instance_id: 'openai_default_server', name: 'Mine', config: { api_key: key } }
    const saved = await save(app, body)
    expect(saved).toMatchObject({
      status: 200,
      body: { provider: 'openai', name: 'Mine', config: { api_key: 'sk-0123...mnop' } },
    })
    await save(app, { ...body, name: 'Renamed', config: { api_key: 'sk-0123...mnop' } })
    expect(app.deps.config.openaiApiKey).toBeUndefined()
    const catalog = (await app.as('ada')('GET', '/api/v1/ai/providers/catalog')).body.providers
    expect(catalog[1]).toMatchObject({ configured: true, configured_via: 'settings' })
    expect(
      JSON.stringify([
        saved.body,
        await list(app),
        (await app.as('ada')('GET', `${path}/servers/openai_api_keys_settings`)).body,
      ]),
    ).not.toContain(key)
    expect(await save(app, { ...body, instance_id: 'second' })).toMatchObject({
      status: 409,
      body: { code: 'ai.one_instance' },
    })
    expect(await app.as('ada')('DELETE', `${path}/providers/openai/openai_default_server`)).toMatchObject({
      status: 200,
    })
    expect(await stored(app, 'openai_api_keys_settings')).toBeUndefined()
  })

  test("nobody sees or deletes another's; 404 for what does not exist, 422 for what cannot be meant", async () => {
    await using app = testApp()
    await save(app, { provider: 'groq', instance_id: 'g', name: 'G', config: { api_key: 'gsk_0123456789abcdefghij' } })
    expect((await list(app, 'bob')).map(({ provider }: { provider: string }) => provider)).toEqual(['ollama'])
    expect(await app.as('bob')('DELETE', `${path}/providers/groq/g`)).toMatchObject({ status: 404 })
    expect(await list(app)).toHaveLength(2)
    expect(await app.as('ada')('GET', `${path}/servers/theme_settings`)).toMatchObject({ status: 404 })
    expect(await save(app, { provider: 'nobody', instance_id: 'x', name: 'X', config: {} })).toMatchObject({
      status: 404,
    })
    for (const config of ['x', [], null, undefined])
      expect(await save(app, { provider: 'groq', instance_id: 'g', name: 'G', config })).toMatchObject({ status: 422 })
    expect(await app.call('GET', `${path}/providers`)).toMatchObject({ status: 401 })
  })
})
