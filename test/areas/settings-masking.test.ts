import { describe, expect, test } from 'bun:test'
import { findUserSettingValue } from '../../src/areas/settings/settings.service.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/settings/instances'
const openai = 'openai_api_keys_settings'
const openrouter = 'openrouter_api_keys_settings'
const key = 'sk-abcdefghijklmnopqrstuvwxyz'
const mask = 'sk-abcd...wxyz'
const otherKey = 'sk-0123456789abcdefghijklmnop'
const hints = { _has_key: true, _key_valid: true }

/** Ada is the administrator, Bob is not. */
const start = async () => {
  const server = testApp()
  await server.tokenOf('ada')
  await server.tokenOf('bob')
  return server
}

const setting = (definitionId: string, value: unknown, change: Record<string, unknown> = {}) => ({
  definition_id: definitionId,
  name: 'Keys',
  value,
  scope: 'user',
  ...change,
})

/** What is really stored for Bob. */
const stored = async (server: TestServer, definitionId: string) =>
  findUserSettingValue(server.deps, await server.idOf('bob'), definitionId)

describe('masks of workspace.md 3', () => {
  const examples: [definitionId: string, key: string, mask: string, isValid: boolean][] = [
    [openai, key, mask, true],
    [openai, 'abcdefgh', 'a...h', false],
    [openai, 'x', '***', false],
    [openai, 'xy', 'x...y', false],
    [openai, 'sk-abcdefgh', 's...h', false],
    [openai, 'sk-abcdefghi', 'sk-abcd...fghi', false],
    [openai, 'sk-4567890123456789012', 'sk-4567...9012', false],
    [openai, 'sk-45678901234567890123', 'sk-4567...0123', true],
    [openrouter, 'sk-or-v1-0123456789abcdef', 'sk-or-v...cdef', false],
    [openrouter, 'sk-or-v1-0123456789abcdefg', 'sk-or-v...defg', true],
    [openrouter, key, mask, false],
    ['claude_api_keys_settings', 'sk-ant-0123456789abcdefgh', 'sk-ant-...efgh', false],
    ['claude_api_keys_settings', 'sk-ant-0123456789abcdefghi', 'sk-ant-...fghi', true],
    ['groq_api_keys_settings', 'gsk_0123456789abcdefghi', 'gsk_...fghi', false],
    ['groq_api_keys_settings', 'gsk_0123456789abcdefghij', 'gsk_...ghij', true],
    ['groq_api_keys_settings', '12345678', '1...8', false],
  ]
  test.each(examples)('%s: %s is shown as %s', async (definitionId, whole, masked, isValid) => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, setting(definitionId, { api_key: whole, note: 'n' }))
    expect(body.value).toEqual({ api_key: masked, note: 'n', _has_key: true, _key_valid: isValid })
    expect(await stored(server, definitionId)).toEqual({ api_key: whole, note: 'n' })
  })

  test('a blank key counts as none; an empty one is not masked', async () => {
    await using server = await start()
    const bob = server.as('bob')
    expect((await bob('POST', path, setting(openai, { api_key: '   ' }))).body.value).toEqual({
      api_key: ' ... ',
      _has_key: false,
      _key_valid: false,
    })
    expect((await bob('POST', path, setting(openai, { api_key: '', model: 'm' }))).body.value).toEqual({
      api_key: '',
      model: 'm',
    })
    expect((await bob('POST', path, setting(openai, {}))).body.value).toEqual({})
    expect((await bob('POST', path, setting(openai, null))).body.value).toBeNull()
  })
})

describe('masked in every answer', () => {
  test('GET list, GET one, POST with and without id, PATCH, PUT', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const value = { apiKey: key, baseUrl: 'https://x.example/v1' }
    const { body } = await bob('POST', path, setting(openai, value))
    const answers = [
      body,
      (await bob('GET', `${path}?definition_id=${openai}&scope=user`)).body[0],
      (await bob('GET', `${path}?user_id=current`)).body.find((one: { id: string }) => one.id === body.id),
      (await bob('GET', `${path}/${body.id}`)).body,
      (await bob('POST', path, setting(openai, value))).body,
      (await bob('POST', path, setting(openai, value, { id: body.id }))).body,
      (await bob('PATCH', `${path}/${body.id}`, { value })).body,
      (await bob('PATCH', `${path}/${body.id}`, { name: 'New' })).body,
      (await bob('PATCH', `${path}/${body.id}`, {})).body,
      (await bob('PUT', `${path}/${body.id}`, { value })).body,
    ]
    for (const answer of answers)
      expect(answer.value).toEqual({ apiKey: mask, baseUrl: 'https://x.example/v1', ...hints })
  })

  test('shared rows, for those who only read them, and rows of pages', async () => {
    await using server = await start()
    await server.as('ada')('POST', path, setting(openai, { api_key: key }, { scope: 'system' }))
    await server.as('bob')('POST', path, setting(openai, { api_key: key }, { scope: 'page', page_id: 'p' }))
    for (const query of ['scope=system', 'page_id=p']) {
      expect((await server.as('bob')('GET', `${path}?${query}`)).body[0].value).toEqual({ api_key: mask, ...hints })
    }
  })

  const forms: [value: unknown, shown: unknown][] = [
    [
      { api_key: '', apiKey: key },
      { api_key: '', apiKey: mask, ...hints },
    ],
    [
      { api_key: key, apiKey: key, apikey: key, API_KEY: key, 'Api-Key': key, openaiApiKey: key },
      { api_key: mask, apiKey: mask, apikey: mask, API_KEY: mask, 'Api-Key': mask, openaiApiKey: mask, ...hints },
    ],
    [{ openai: { api_key: 'secret word' } }, { openai: { api_key: 's...d' }, _has_key: true, _key_valid: false }],
    [
      { keys: [key, 'plain'], token: key },
      { keys: [mask, 'plain'], token: mask, ...hints },
    ],
    [{ api_key: { current: 'secret word' } }, { api_key: { current: 's...d' }, _has_key: true, _key_valid: false }],
    [
      { models: ['sk-', 'gpt'], requestTimeout: 30, api_key: 5 },
      { models: ['sk-', 'gpt'], requestTimeout: 30, api_key: 5 },
    ],
    [key, mask],
    ['secret words of mine', 'secret ...mine'],
    [
      [key, { api_key: key }],
      [mask, { api_key: mask, ...hints }],
    ],
    [JSON.stringify({ apiKey: key }), JSON.stringify({ apiKey: mask, ...hints })],
    [JSON.stringify(JSON.stringify({ apiKey: key })), JSON.stringify(JSON.stringify({ apiKey: mask, ...hints }))],
    [JSON.stringify(key), JSON.stringify(mask)],
    [`  {"apiKey": "${key}"}`, JSON.stringify({ apiKey: mask, ...hints })],
    [`{"apiKey": "${key}"`, '{"apiKe...xyz"'],
    ['', ''],
  ]
  test.each(forms.map(([value, shown]) => [{ value, shown }]))('%j', async ({ value, shown }) => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, setting(openai, value))
    expect(body.value).toEqual(shown)
    const [listed] = (await bob('GET', `${path}?definition_id=${openai}&scope=user`)).body
    expect(listed.value).toEqual(shown)
    const before = await stored(server, openai)
    expect(await bob('POST', path, setting(openai, listed.value, { id: body.id }))).toMatchObject({
      status: 200,
      body: { value: shown },
    })
    expect(await stored(server, openai)).toEqual(before)
  })

  test('a text that nests deeper than any stack is masked as a whole', async () => {
    await using server = await start()
    const deep = `${'['.repeat(100_000)}"${key}"${']'.repeat(100_000)}`
    const { status, body } = await server.as('bob')('POST', path, setting(openai, deep))
    expect({ status, value: body.value }).toEqual({ status: 200, value: '[[[[[[[...]]]]' })
  })

  test('keys of Ollama servers and of other plugins stay readable to their owner', async () => {
    await using server = await start()
    const servers = {
      servers: [
        { id: 's', serverName: 'S', serverAddress: 'http://localhost:11434', apiKey: key, connectionStatus: 'idle' },
      ],
    }
    expect((await server.as('bob')('POST', path, setting('ollama_servers_settings', servers))).body.value).toEqual(
      servers,
    )
    expect(
      (await server.as('bob')('POST', path, setting('plugin_settings', { api_key: key, _has_key: 1 }))).body.value,
    ).toEqual({ api_key: key, _has_key: 1 })
  })
})

describe('a mask that comes back', () => {
  test('as the OpenRouter plugin does it: read with user, then USER, save what was read', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const read = (scope: string) => bob('GET', `${path}?definition_id=${openrouter}&user_id=current&scope=${scope}`)
    expect((await read('user')).body).toEqual([])
    expect((await read('USER')).body).toEqual([])
    const routerKey = 'sk-or-v1-0123456789abcdef0123456789abcdef'
    const save = (value: unknown, change: Record<string, unknown> = {}) =>
      bob('POST', path, {
        definition_id: openrouter,
        name: 'OpenRouter API Keys Settings',
        value,
        scope: 'USER',
        user_id: 'current',
        ...change,
      })
    const value = {
      apiKey: routerKey,
      enabled: true,
      baseUrl: 'https://openrouter.ai/api/v1',
      modelPreferences: {},
      requestTimeout: 30,
      maxRetries: 3,
    }
    await save(value)
    const [{ id, scope, value: shown }] = (await read('user')).body
    expect((await read('USER')).body).toMatchObject([{ id, scope: 'user' }])
    expect(shown).toEqual({ ...value, apiKey: 'sk-or-v...cdef', ...hints })
    expect(await save({ ...shown, requestTimeout: 60 }, { id, scope })).toMatchObject({
      status: 200,
      body: { value: { ...shown, requestTimeout: 60 } },
    })
    expect(await stored(server, openrouter)).toEqual({ ...value, requestTimeout: 60 })
    await save({ ...shown, enabled: false })
    expect(await stored(server, openrouter)).toEqual({ ...value, enabled: false })
  })

  test.each(['POST', 'PATCH', 'PUT'])('%s keeps the key under any spelling, and drops the hints', async (method) => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, setting(openai, { apiKey: key }))
    const send = (value: unknown) =>
      method === 'POST' ? bob('POST', path, setting(openai, value)) : bob(method, `${path}/${body.id}`, { value })
    for (const spelling of ['api_key', 'apikey', 'API_KEY', 'apiKey']) {
      expect(await send({ [spelling]: mask, ...hints })).toMatchObject({ status: 200 })
      expect(await stored(server, openai)).toEqual({ [spelling]: key })
    }
    expect(await send(JSON.stringify({ api_key: mask, ...hints }))).toMatchObject({ status: 200 })
    expect(await stored(server, openai)).toEqual({ api_key: key })
    expect(await send(mask)).toMatchObject({ status: 200, body: { value: mask } })
    expect(await stored(server, openai)).toBe(key)
  })

  test('masks of short keys come back, too', async () => {
    await using server = await start()
    const bob = server.as('bob')
    for (const short of ['x', 'xy', 'abcdefgh', ' ', '...', '***']) {
      server.database.sqlite.run('DELETE FROM settings_instances WHERE definition_id = ?', [openai])
      const saved = await bob('POST', path, setting(openai, { api_key: short }))
      if (short.startsWith('.') || short.startsWith('*')) {
        expect(saved).toMatchObject({ status: 400 })
        continue
      }
      await bob('POST', path, setting(openai, saved.body.value))
      expect(await stored(server, openai)).toEqual({ api_key: short })
    }
  })

  test('a new key replaces the old one, an empty one removes it', async () => {
    await using server = await start()
    const bob = server.as('bob')
    await bob('POST', path, setting(openai, { api_key: key }))
    await bob('POST', path, setting(openai, { api_key: otherKey, ...hints }))
    expect(await stored(server, openai)).toEqual({ api_key: otherKey })
    await bob('POST', path, setting(openai, { api_key: '' }))
    expect(await stored(server, openai)).toEqual({ api_key: '' })
  })

  test('text of other fields that happens to equal the mask of a short key stays text', async () => {
    await using server = await start()
    const bob = server.as('bob')
    await bob('POST', path, setting(openai, { api_key: 'abcdefgh' }))
    await bob('POST', path, setting(openai, { api_key: 'a...h', note: 'a...h' }))
    expect(await stored(server, openai)).toEqual({ api_key: 'abcdefgh', note: 'a...h' })
  })

  const strangers: [unknown][] = [
    [{ api_key: mask }],
    [{ apiKey: 'sk-zzzz...zzzz' }],
    [{ api_key: '***' }],
    [{ api_key: '••••••••' }],
    [{ api_key: 'sk-…wxyz' }],
    [mask],
    [JSON.stringify({ api_key: mask })],
    [{ keys: [mask] }],
  ]
  test.each(strangers)('400: %j is the mask of no stored key, and nothing is written', async (value) => {
    await using server = await start()
    const bob = server.as('bob')
    const refusal = {
      status: 400,
      body: { code: 'settings.masked_key', detail: expect.stringContaining('send the whole key') },
    }
    expect(await bob('POST', path, setting(openai, value))).toMatchObject(refusal)
    expect(await stored(server, openai)).toBeUndefined()
    expect((await bob('GET', '/api/v1/settings/definitions')).body).toHaveLength(7)
    const { body } = await bob('POST', path, setting(openai, { api_key: otherKey }))
    expect(await bob('POST', path, setting(openai, value))).toMatchObject(refusal)
    expect(await bob('POST', path, setting(openai, value, { id: body.id }))).toMatchObject(refusal)
    expect(await bob('PATCH', `${path}/${body.id}`, { value })).toMatchObject(refusal)
    expect(await bob('PUT', `${path}/${body.id}`, { value })).toMatchObject(refusal)
    expect(await stored(server, openai)).toEqual({ api_key: otherKey })
  })

  test("400: another user's mask does not fetch that user's key", async () => {
    await using server = await start()
    await server.as('ada')('POST', path, setting(openai, { api_key: key }))
    await server.as('ada')('POST', path, setting(openai, { api_key: key }, { scope: 'system' }))
    expect(await server.as('bob')('POST', path, setting(openai, { api_key: mask }))).toMatchObject({ status: 400 })
  })
})
