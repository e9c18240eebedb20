import { describe, expect, test } from 'bun:test'
import { saveSetting } from '../support/chat.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/ai/settings'
const key = 'sk-0123456789abcdefghijklmnop'

const save = (app: TestServer, body: Record<string, unknown>) =>
  app.as('ada')('POST', `${base}/providers`, { instance_id: 'mine', name: 'Mine', config: {}, ...body })
const remove = (app: TestServer, path: string, name = 'ada') => app.as(name)('DELETE', `${base}/providers/${path}`)
const list = async (app: TestServer, name = 'ada') => (await app.as(name)('GET', `${base}/providers`)).body.instances
const listServers = async (app: TestServer, settingsId: string) =>
  (await app.as('ada')('GET', `${base}/servers/${settingsId}`)).body.servers

/** The setting instances behind the view. */
const readStored = async (app: TestServer, definitionId: string) =>
  (await app.as('ada')('GET', `/api/v1/settings/instances?definition_id=${definitionId}&scope=user&user_id=current`))
    .body

const ids = (entries: { id: string }[]) => entries.map(({ id }) => id)
const providers = (entries: { provider: string }[]) => entries.map(({ provider }) => provider)

describe(`${base}/providers: Ollama servers`, () => {
  const settingsId = 'ollama_servers_settings'
  const storedServers = async (app: TestServer) => (await readStored(app, settingsId))[0].value.servers

  test('200: one is added, changed and deleted in the setting that the client knows; its key is masked here', async () => {
    await using app = testApp()
    const config = { server_url: 'http://box:11434', api_key: 'a-long-secret-key' }
    const body = { provider: 'ollama', instance_id: 'home', name: 'Home', config }
    const stored = { id: 'home', serverName: 'Home', serverAddress: config.server_url, apiKey: config.api_key }
    const masked = { server_url: config.server_url, api_key: 'a-lo...-key' }
    expect(await save(app, body)).toMatchObject({
      status: 200,
      body: { id: 'ai_provider_ollama_home', instance_id: 'home', name: 'Home', config: masked },
    })
    expect(await storedServers(app)).toMatchObject([{ serverName: 'New Server' }, stored])
    await save(app, { ...body, name: 'House', config: { api_key: 'a-lo...-key' } })
    expect((await storedServers(app))[1]).toMatchObject({ ...stored, serverName: 'House' })
    expect(await save(app, { ...body, config: { api_key: 'XXXX...6789' } })).toMatchObject({
      status: 400,
      body: { code: 'ai.masked_key' },
    })
    expect((await storedServers(app))[1]).toMatchObject({ apiKey: config.api_key })
    expect(JSON.stringify(await list(app))).not.toContain(config.api_key)
    expect(await listServers(app, settingsId)).toMatchObject([{}, { id: 'home', apiKey: 'a-lo...-key' }])
    expect(await remove(app, 'ollama/home')).toMatchObject({ status: 200, body: { status: 'success' } })
    expect(await storedServers(app)).toHaveLength(1)
    expect((await remove(app, 'ollama/home')).status).toBe(404)
  })

  test('200: several are added, moved and removed one by one', async () => {
    await using app = testApp()
    await saveSetting(app, 'ada', settingsId, { servers: [] })
    const add = (id: string, config: unknown) => save(app, { provider: 'ollama', instance_id: id, config })
    await add('a', { server_url: 'http://127.0.0.1:1', api_key: 'a-long-key-of-ollama' })
    const moved = { server_url: 'http://127.0.0.1:2', api_key: 'a-lo...lama' }
    expect((await add('a', moved)).body.config).toEqual(moved)
    await add('b', { server_url: 'http://127.0.0.1:3' })
    expect(ids(await listServers(app, settingsId))).toEqual(['a', 'b'])
    await remove(app, 'ollama/a')
    expect(ids(await listServers(app, settingsId))).toEqual(['b'])
  })
})

describe(`${base}/providers: keys`, () => {
  const settingsId = 'openai_api_keys_settings'

  test('200: one for each provider; masked everywhere, and a mask that comes back keeps it', async () => {
    await using app = testApp({ logLevel: 'debug' })
    const mask = 'sk-0123...mnop'
    const saved = await save(app, { provider: 'openai', config: { api_key: key } })
    expect(saved).toMatchObject({
      status: 200,
      body: {
        id: 'ai_provider_openai_mine',
        provider: 'openai',
        instance_id: 'mine',
        name: 'Mine',
        config: { api_key: mask },
      },
    })
    const config = { api_key: mask, base_url: 'http://127.0.0.1:1/v1' }
    const changed = await save(app, { provider: 'openai', name: 'Renamed', config })
    expect(changed.body.config).toMatchObject({ api_key: mask, _key_valid: true })
    const listed = (await app.as('ada')('GET', `${base}/providers?user_id=current`)).body.instances
    expect(listed.find((one: { provider: string }) => one.provider === 'openai').config.api_key).toBe(mask)
    const servers = await listServers(app, settingsId)
    expect(servers).toEqual([{ id: 'mine', serverName: 'Renamed', serverAddress: config.base_url, apiKey: mask }])
    const stored = await readStored(app, settingsId)
    expect(stored).toHaveLength(1)
    expect(JSON.stringify([saved.body, changed.body, listed, servers, stored]) + app.logged()).not.toContain(key)
    const catalog = (await app.as('ada')('GET', '/api/v1/ai/providers/catalog')).body.providers
    expect(catalog[1]).toMatchObject({ id: 'openai', configured: true, configured_via: 'settings' })
    expect(await save(app, { provider: 'openai', instance_id: 'second' })).toMatchObject({
      status: 409,
      body: { code: 'ai.one_instance' },
    })
    expect((await remove(app, 'openai/mine')).status).toBe(200)
    expect(await readStored(app, settingsId)).toEqual([])
    expect((await remove(app, 'openai/mine')).status).toBe(404)
  })

  test('200: a bare key of old times is kept when only the name changes', async () => {
    await using app = testApp()
    await saveSetting(app, 'ada', settingsId, key)
    expect(await save(app, { provider: 'openai', instance_id: 'openai_default_server' })).toMatchObject({
      status: 200,
      body: { config: { _has_key: true } },
    })
  })
})

describe(`${base}: refusals`, () => {
  test("nobody sees or deletes another's: 403 and 404", async () => {
    await using app = testApp()
    await save(app, { provider: 'groq', config: { api_key: 'gsk_0123456789abcdefghij' } })
    expect(providers(await list(app, 'bob'))).toEqual(['ollama'])
    expect((await app.as('bob')('GET', `${base}/providers?user_id=${await app.idOf('ada')}`)).status).toBe(403)
    expect((await remove(app, 'groq/mine', 'bob')).status).toBe(404)
    expect(providers(await list(app))).toHaveLength(2)
  })

  test('401 for strangers, 404 for what does not exist, 422 for what cannot be meant', async () => {
    await using app = testApp()
    expect((await app.call('POST', `${base}/providers`, {})).status).toBe(401)
    for (const path of ['providers', 'servers/x']) expect((await app.call('GET', `${base}/${path}`)).status).toBe(401)
    for (const provider of ['nobody', '__proto__']) expect((await save(app, { provider })).status).toBe(404)
    for (const settingsId of ['theme_settings', 'constructor'])
      expect((await app.as('ada')('GET', `${base}/servers/${settingsId}`)).status).toBe(404)
    for (const config of ['x', [], null, undefined])
      expect((await save(app, { provider: 'groq', config })).status).toBe(422)
    expect((await app.as('ada')('POST', `${base}/providers`, {})).status).toBe(422)
  })
})
