import { describe, expect, test } from 'bun:test'
import { chatBody, listMessages, ollamaServers, postChat, saveSetting } from '../support/chat.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import type { FakeModelServer, FakeScript } from '../support/fake-model-server.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { readSse } from '../support/sse.ts'
import { type TestServer, testApp } from '../support/test-app.ts'

interface Provider {
  id: string
  start: (script?: Partial<FakeScript>) => FakeModelServer
  baseUrlName?: string
  settingsId: string
  key: string
  finishReason: string
}

const providers: Provider[] = [
  { id: 'ollama', start: startFakeOllama, settingsId: 'ollama_servers_settings', key: '', finishReason: 'stop' },
  {
    id: 'openai',
    start: startFakeOpenAi,
    baseUrlName: 'OPENAI_BASE_URL',
    settingsId: 'openai_api_keys_settings',
    key: 'sk-ada-0123456789abcdefghij',
    finishReason: 'stop',
  },
  {
    id: 'groq',
    start: startFakeOpenAi,
    baseUrlName: 'GROQ_BASE_URL',
    settingsId: 'groq_api_keys_settings',
    key: 'gsk_ada0123456789abcdefghij',
    finishReason: 'stop',
  },
  {
    id: 'openrouter',
    start: startFakeOpenAi,
    baseUrlName: 'OPENROUTER_BASE_URL',
    settingsId: 'openrouter_api_keys_settings',
    key: 'sk-or-ada0123456789abcdefghij',
    finishReason: 'stop',
  },
  {
    id: 'claude',
    start: startFakeAnthropic,
    baseUrlName: 'ANTHROPIC_BASE_URL',
    settingsId: 'claude_api_keys_settings',
    key: 'sk-ant-ada0123456789abcdefghij',
    finishReason: 'end_turn',
  },
]

const pieces = ['Grüße', ', 漢字', ' 👩‍👩‍👧', ' end']
const text = pieces.join('')

const start = async (provider: Provider, script: Partial<FakeScript> = {}, env: Record<string, string> = {}) => {
  const model = provider.start({ pieces, finishReason: provider.finishReason, ...script })
  const server = testApp({ env: { ...(provider.baseUrlName ? { [provider.baseUrlName]: model.url } : {}), ...env } })
  return {
    model,
    server,
    [Symbol.asyncDispose]: async () => {
      await model.stop()
      await server.stop()
    },
  }
}

const configure = (
  server: TestServer,
  provider: Provider,
  model: FakeModelServer,
  { name = 'ada', key = provider.key } = {},
) =>
  saveSetting(server, name, provider.settingsId, provider.id === 'ollama' ? ollamaServers(model.url) : { api_key: key })

const bodyFor = (provider: Provider, extra: Record<string, unknown> = {}) =>
  chatBody('Hi', { provider: provider.id, settings_id: provider.settingsId, ...extra })

const credentialOf = (model: FakeModelServer) => {
  const headers = model.requests.at(-1)?.headers ?? {}
  return headers['x-api-key'] ?? headers['authorization']?.replace('Bearer ', '')
}

for (const provider of providers) {
  describe(`a chat with ${provider.id}`, () => {
    test('200: streamed, whole when cut at every byte, and stored', async () => {
      await using setup = await start(provider)
      const { server, model } = setup
      await configure(server, provider, model)
      for (const cutEvery of [1, 2, 3, 5, 7]) {
        model.script.cutEvery = cutEvery
        // Another page each time: the same request would join the reply before it if that were still going on.
        const reading = await readSse(await postChat(server, 'ada', bodyFor(provider, { page_id: `p${cutEvery}` })))
        expect(reading).toMatchObject({ isDone: true, text })
        expect(reading.events.at(-1)).toMatchObject({ done: true, finish_reason: 'stop', provider: provider.id })
        const messages = await listMessages(server, 'ada', reading.events[0].conversation_id)
        expect(messages).toMatchObject([
          { sender: 'user', message: 'Hi' },
          { sender: 'llm', message: text },
        ])
      }
      if (provider.key) expect(credentialOf(model)).toBe(provider.key)
    })

    test('200: not streamed', async () => {
      await using setup = await start(provider)
      const { server, model } = setup
      await configure(server, provider, model)
      const answer = await server.as('ada')('POST', '/api/v1/ai/providers/chat', bodyFor(provider, { stream: false }))
      expect(answer.status).toBe(200)
      expect(Object.keys(answer.body).toSorted()).toEqual([
        'choices',
        'conversation_id',
        'finish_reason',
        'metadata',
        'model',
        'provider',
        'text',
        'tooling_state',
      ])
      expect(answer.body).toMatchObject({
        text,
        provider: provider.id,
        model: 'llama3.2:3b',
        finish_reason: 'stop',
        choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        tooling_state: {},
      })
      const [, reply] = await listMessages(server, 'ada', answer.body.conversation_id)
      expect(reply).toMatchObject({
        message: text,
        message_metadata: { streaming: false, model: 'llama3.2:3b', temperature: 0.7 },
      })
    })

    test('200: generate, streamed and not, stores nothing', async () => {
      await using setup = await start(provider)
      const { server, model } = setup
      await configure(server, provider, model)
      const { messages: _, ...rest } = bodyFor(provider)
      const body = { ...rest, prompt: 'Once' }
      const answer = await server.as('ada')('POST', '/api/v1/ai/providers/generate', { ...body, stream: false })
      expect(answer).toMatchObject({ status: 200, body: { text, provider: provider.id, finish_reason: 'stop' } })
      const stream = await server.send('POST', '/api/v1/ai/providers/generate', body, {
        authorization: `Bearer ${await server.tokenOf('ada')}`,
      })
      expect(await readSse(stream)).toMatchObject({ isDone: true, text })
      expect(server.database.sqlite.query('SELECT count(*) AS n FROM messages').get()).toEqual({ n: 0 })
    })
  })
}

describe('keys', () => {
  const [, openai] = providers as [Provider, Provider]

  test('two users never share one; the setting wins over the environment', async () => {
    await using setup = await start(openai, {}, { OPENAI_API_KEY: 'sk-operator-key-0123456789' })
    const { server, model } = setup
    await configure(server, openai, model, { name: 'ada', key: 'sk-key-of-ada-0123456789abc' })
    await configure(server, openai, model, { name: 'bob', key: 'sk-key-of-bob-0123456789abc' })
    const keys = []
    for (const name of ['ada', 'bob', 'cid', 'ada']) {
      await readSse(await postChat(server, name, bodyFor(openai)))
      keys.push(credentialOf(model))
    }
    expect(keys).toEqual([
      'sk-key-of-ada-0123456789abc',
      'sk-key-of-bob-0123456789abc',
      'sk-operator-key-0123456789',
      'sk-key-of-ada-0123456789abc',
    ])
  })

  test('the key of the environment never goes to an address that a user typed in', async () => {
    await using setup = await start(
      openai,
      {},
      { OPENAI_API_KEY: 'sk-operator-key-0123456789', OPENAI_BASE_URL: 'https://api.openai.com/v1' },
    )
    const { server, model } = setup
    await saveSetting(server, 'ada', openai.settingsId, { base_url: model.url })
    expect(await readSse(await postChat(server, 'ada', bodyFor(openai)))).toMatchObject({ text })
    expect(credentialOf(model)).toBeUndefined()
    expect(JSON.stringify(model.requests)).not.toContain('operator')
  })

  test('400 without any; a stream says it itself and ends with [DONE]; nothing is stored', async () => {
    await using server = testApp()
    for (const { id, settingsId } of providers.slice(1)) {
      const body = chatBody('Hi', { provider: id, settings_id: settingsId })
      expect(await server.as('ada')('POST', '/api/v1/ai/providers/chat', { ...body, stream: false })).toMatchObject({
        status: 400,
        body: { code: 'ai.no_api_key' },
      })
      const reading = await readSse(await postChat(server, 'ada', body))
      expect(reading).toMatchObject({
        isDone: true,
        events: [{ error: true, message: expect.stringContaining('API key') }],
      })
    }
    expect(server.database.sqlite.query('SELECT count(*) AS n FROM conversations').get()).toEqual({ n: 0 })
  })

  test('404: no provider of that name; `anthropic` is another word for `claude`', async () => {
    const claude = providers.at(-1) as Provider
    await using setup = await start(claude)
    const { server, model } = setup
    await configure(server, claude, model)
    const ask = (provider: string) =>
      server.as('ada')('POST', '/api/v1/ai/providers/chat', bodyFor(claude, { provider, stream: false }))
    expect(await ask('nobody')).toMatchObject({ status: 404, body: { code: 'ai.unknown_provider' } })
    expect(await ask('anthropic')).toMatchObject({ status: 200, body: { provider: 'claude' } })
  })
})

describe('model names', () => {
  test('a display name is sent as the id that the list gave it; the conversation keeps what the list showed', async () => {
    const claude = providers.at(-1) as Provider
    await using setup = await start(claude)
    const { server, model } = setup
    await configure(server, claude, model)
    const { body } = await server.as('ada')('GET', '/api/v1/ai/providers/all-models')
    const listed = body.models[0]
    expect(listed.name).not.toBe(listed.id)
    const reading = await readSse(
      await postChat(server, 'ada', bodyFor(claude, { model: listed.name, server_id: listed.server_id })),
    )
    expect(model.requests.at(-1)?.body).toMatchObject({ model: listed.id })
    const conversation = await server.as('ada')('GET', `/api/v1/conversations/${reading.events[0].conversation_id}`)
    expect(conversation.body).toMatchObject({ model: listed.name, server: listed.server_name })
  })
})
