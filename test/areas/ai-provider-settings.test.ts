import { describe, expect, test } from 'bun:test'
import { saveSetting } from '../support/chat.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/ai/settings'
const key = 'sk-0123456789abcdefghijklmnop'

const save = (app: TestServer, name: string, config: unknown, extra: Record<string, unknown> = {}) =>
  app.as(name)('POST', `${base}/providers`, {
    provider: 'openai',
    instance_id: 'mine',
    name: 'My key',
    config,
    ...extra,
  })

const readInstance = async (app: TestServer, name: string) =>
  (
    await app.as(name)(
      'GET',
      '/api/v1/settings/instances?definition_id=openai_api_keys_settings&scope=user&user_id=current',
    )
  ).body

describe('/api/v1/ai/settings/providers', () => {
  test('200: a view over the setting instances, keys masked everywhere; a mask that comes back keeps the key', async () => {
    await using app = testApp({ logLevel: 'debug' })
    const saved = await save(app, 'ada', { api_key: key })
    expect(saved).toMatchObject({
      status: 200,
      body: { id: 'ai_provider_openai_mine', provider: 'openai', instance_id: 'mine', name: 'My key' },
    })
    const mask = saved.body.config.api_key
    expect(mask).toContain('...')
    expect((await save(app, 'ada', { api_key: mask, base_url: 'http://127.0.0.1:1/v1' })).body.config).toMatchObject({
      api_key: mask,
      _key_valid: true,
    })
    const listed = await app.as('ada')('GET', `${base}/providers?user_id=current`)
    expect(listed.body.instances.find((one: { provider: string }) => one.provider === 'openai').config.api_key).toBe(
      mask,
    )
    const servers = await app.as('ada')('GET', `${base}/servers/openai_api_keys_settings`)
    expect(servers.body.servers).toEqual([
      { id: 'mine', serverName: 'My key', serverAddress: 'http://127.0.0.1:1/v1', apiKey: mask },
    ])
    const instances = await readInstance(app, 'ada')
    expect(instances).toHaveLength(1)
    expect(JSON.stringify([saved.body, listed.body, servers.body, instances]) + app.logged()).not.toContain(key)
  })

  test('200: Ollama servers are added, changed and removed one by one', async () => {
    await using app = testApp()
    await saveSetting(app, 'ada', 'ollama_servers_settings', { servers: [] })
    const ollama = (id: string, config: unknown) =>
      save(app, 'ada', config, { provider: 'ollama', instance_id: id, name: `Server ${id}` })
    await ollama('a', { server_url: 'http://127.0.0.1:1', api_key: 'a-long-key-of-ollama' })
    const changed = await ollama('a', { server_url: 'http://127.0.0.1:2', api_key: 'a-lo...lama' })
    expect(changed.body.config).toEqual({ server_url: 'http://127.0.0.1:2', api_key: 'a-lo...lama' })
    await ollama('b', { server_url: 'http://127.0.0.1:3' })
    const servers = async () => (await app.as('ada')('GET', `${base}/servers/ollama_servers_settings`)).body.servers
    expect((await servers()).map(({ id }: { id: string }) => id)).toEqual(['a', 'b'])
    expect(await app.as('ada')('DELETE', `${base}/providers/ollama/a`)).toMatchObject({
      status: 200,
      body: { status: 'success' },
    })
    expect((await servers()).map(({ id }: { id: string }) => id)).toEqual(['b'])
  })

  test('a bare key of old times is kept when only the name changes', async () => {
    await using app = testApp()
    await saveSetting(app, 'ada', 'openai_api_keys_settings', key)
    const saved = await save(app, 'ada', {}, { instance_id: 'openai_default_server' })
    expect(saved).toMatchObject({ status: 200, body: { config: { _has_key: true } } })
  })

  test('404, 409, 403, 422 and 401; nobody sees or deletes what is not theirs', async () => {
    await using app = testApp()
    await save(app, 'ada', { api_key: key })
    expect((await save(app, 'ada', {}, { instance_id: 'second' })).status).toBe(409)
    expect((await save(app, 'ada', {}, { provider: '__proto__' })).status).toBe(404)
    expect((await save(app, 'ada', [])).status).toBe(422)
    expect((await app.as('ada')('POST', `${base}/providers`, {})).status).toBe(422)
    expect((await app.as('bob')('DELETE', `${base}/providers/openai/mine`)).status).toBe(404)
    const bobs = (await app.as('bob')('GET', `${base}/providers`)).body.instances
    expect(bobs.map(({ provider }: { provider: string }) => provider)).not.toContain('openai')
    expect((await app.as('bob')('GET', `${base}/providers?user_id=${await app.idOf('ada')}`)).status).toBe(403)
    expect((await app.as('ada')('GET', `${base}/servers/constructor`)).status).toBe(404)
    expect((await app.call('POST', `${base}/providers`, {})).status).toBe(401)
    expect((await app.call('GET', `${base}/servers/x`)).status).toBe(401)
    expect((await app.as('ada')('DELETE', `${base}/providers/openai/mine`)).status).toBe(200)
    expect((await app.as('ada')('DELETE', `${base}/providers/openai/mine`)).status).toBe(404)
  })
})
