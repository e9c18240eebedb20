import { describe, expect, test } from 'bun:test'
import { chatBody, listMessages, ollamaServers, postChat, saveSetting } from '../support/chat.ts'
import type { FakeScript } from '../support/fake-model-server.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { readSse } from '../support/sse.ts'
import { type TestServer, testApp } from '../support/test-app.ts'

const start = async (script: Partial<FakeScript> = {}) => {
  const server = testApp()
  const model = startFakeOllama({ pieces: ['ok'], ...script })
  await saveSetting(server, 'ada', 'ollama_servers_settings', ollamaServers(model.url))
  const chat = async (text: string, extra: Record<string, unknown> = {}, name = 'ada') =>
    readSse(await postChat(server, name, chatBody(text, extra)))
  const lastPrompt = () =>
    (model.requests.at(-1)?.body as { messages: { role: string; content: string }[] } | undefined)?.messages ?? []
  return {
    server,
    model,
    chat,
    lastPrompt,
    [Symbol.asyncDispose]: async () => {
      await model.stop()
      await server.stop()
    },
  }
}

const counts = (server: TestServer) =>
  server.database.sqlite
    .query('SELECT (SELECT count(*) FROM conversations) AS conversations, (SELECT count(*) FROM messages) AS messages')
    .get()

const insertPersona = (server: TestServer, userId: string, id: string) =>
  server.database.sqlite.run(
    'INSERT INTO personas (id, user_id, name, system_prompt, is_active, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1, 1)',
    [id, userId, 'Pirate', 'You are a pirate.'],
  )

const personaId = '0123456789abcdef0123456789abcdef'

describe('what the model reads', () => {
  test('persona, then system messages, then the talk; the greeting comes first in it', async () => {
    await using setup = await start()
    const { server, chat, lastPrompt } = setup
    insertPersona(server, await server.idOf('ada'), personaId)
    const persona = {
      persona_id: personaId,
      persona_system_prompt: 'You are a pirate.',
      persona_model_settings: { temperature: 0.2, context_window: 8000, stop_sequences: [] },
      persona_sample_greeting: 'Ahoy!',
    }
    const messages = [
      { role: 'system', content: '[DOCUMENT CONTEXT] map' },
      { role: 'user', content: 'Hi' },
    ]
    const { events } = await chat('', { ...persona, messages })
    const conversationId = events[0].conversation_id
    expect(lastPrompt()).toEqual([
      { role: 'system', content: 'You are a pirate.' },
      { role: 'system', content: '[DOCUMENT CONTEXT] map' },
      { role: 'assistant', content: 'Ahoy!' },
      { role: 'user', content: 'Hi' },
    ])
    expect(setup.model.requests.at(-1)?.body).toMatchObject({ options: { temperature: 0.2, num_ctx: 8000 } })
    const stored = await listMessages(server, 'ada', conversationId)
    expect(stored).toMatchObject([
      { sender: 'llm', message: 'Ahoy!', message_metadata: { persona_greeting: true, persona_id: personaId } },
      { sender: 'system', message: '[DOCUMENT CONTEXT] map' },
      { sender: 'user', message: 'Hi' },
      {
        sender: 'llm',
        message: 'ok',
        message_metadata: { persona_id: personaId, persona_applied: true, temperature: 0.2 },
      },
    ])
    expect((await server.as('ada')('GET', `/api/v1/conversations/${conversationId}`)).body).toMatchObject({
      persona_id: personaId,
    })
  })

  test('one-shot documents reach the model and are not stored', async () => {
    await using setup = await start()
    const { server, chat, lastPrompt } = setup
    const messages = [
      { role: 'system', content: 'secret file' },
      { role: 'user', content: 'Hi' },
    ]
    const { events } = await chat('', { messages, params: { document_context_mode: 'one-shot' } })
    expect(lastPrompt()[0]).toEqual({ role: 'system', content: 'secret file' })
    const stored = await listMessages(server, 'ada', events[0].conversation_id)
    expect(stored.map(({ sender }: { sender: string }) => sender)).toEqual(['user', 'llm'])
  })

  test('in a conversation of 1,000 messages: the newest 100, and every document of before', async () => {
    await using setup = await start()
    const { server, chat, lastPrompt } = setup
    const { events } = await chat('first', {
      messages: [
        { role: 'system', content: 'old document' },
        { role: 'user', content: 'first' },
      ],
    })
    const conversationId = events[0].conversation_id
    const insert = server.database.sqlite.query(
      "INSERT INTO messages (id, conversation_id, sender, message, state, created_at, updated_at) VALUES (?, ?, ?, ?, 'complete', 1, 1)",
    )
    for (let n = 0; n < 1000; n++)
      insert.run(crypto.randomUUID(), conversationId, n % 2 ? 'llm' : 'user', `message ${n}`)
    await chat('newest', { conversation_id: conversationId })
    const prompt = lastPrompt()
    expect(prompt[0]).toEqual({ role: 'system', content: 'old document' })
    expect(prompt).toHaveLength(101)
    expect(prompt.at(-1)).toEqual({ role: 'user', content: 'newest' })
    expect(prompt.at(-2)?.content).toBe('message 999')
  })

  test('an unanswered question that is asked again stands there once; another question keeps it', async () => {
    await using setup = await start()
    const { server, model, chat, lastPrompt } = setup
    model.script.instead = { status: 500, json: { error: 'broken' } }
    const { events } = await chat('Why?')
    const conversationId = events[0].conversation_id
    model.script.instead = undefined
    await chat('Why?', { conversation_id: conversationId })
    expect(lastPrompt().map(({ content }) => content)).toEqual(['Why?'])
    model.script.instead = { status: 500, json: { error: 'broken' } }
    await chat('And?', { conversation_id: conversationId })
    model.script.instead = undefined
    await chat('Well?', { conversation_id: conversationId })
    expect(lastPrompt().map(({ content }) => content)).toEqual(['Why?', 'Why?', 'ok', 'And?', 'Well?'])
    expect(await listMessages(server, 'ada', conversationId)).toHaveLength(6)
  })

  test('a text of 64 KB with every kind of character comes through byte for byte', async () => {
    await using setup = await start()
    const { server, chat, lastPrompt } = setup
    const text = `${'é漢🚀\u2028"\\\n\t'.repeat(8000)}User Question: x`
    const { events } = await chat(text)
    expect(lastPrompt()[0]?.content).toBe(text)
    expect((await listMessages(server, 'ada', events[0].conversation_id))[0].message).toBe(text)
  })
})

describe('a conversation', () => {
  test('keeps the type that was sent, whatever the text says', async () => {
    await using setup = await start()
    const { server, chat } = setup
    const { events } = await chat('Tell me about a career in finance')
    expect((await server.as('ada')('GET', `/api/v1/conversations/${events[0].conversation_id}`)).body).toMatchObject({
      conversation_type: 'chat',
      title: 'Conversation with llama3.2:3b',
      model: 'llama3.2:3b',
      server: 'Home',
      page_context: '{"pageName":"Chat","pageRoute":"chat","isStudioPage":false}',
    })
  })

  test('is bound to its page: 409 from another one, and nothing is stored', async () => {
    await using setup = await start()
    const { server, chat } = setup
    const page = crypto.randomUUID()
    const { events } = await chat('Hi', { page_id: page.replaceAll('-', '').toUpperCase() })
    const conversationId = events[0].conversation_id
    const ofPage = await server.as('ada')('GET', `/api/v1/users/current/conversations?page_id=${page}`)
    expect(ofPage.body).toMatchObject([{ id: conversationId, page_id: page }])
    const before = counts(server)
    const body = chatBody('Hi again', { conversation_id: conversationId, page_id: 'another' })
    expect(await server.as('ada')('POST', '/api/v1/ai/providers/chat', body)).toMatchObject({ status: 409 })
    expect(counts(server)).toEqual(before)
    expect(
      await chat('Same page', { conversation_id: conversationId, page_id: page.replaceAll('-', '') }),
    ).toMatchObject({ text: 'ok' })
  })

  test("404: somebody else's conversation or persona looks absent, and nothing is stored or sent", async () => {
    await using setup = await start()
    const { server, model, chat } = setup
    await saveSetting(server, 'bob', 'ollama_servers_settings', ollamaServers(model.url))
    insertPersona(server, await server.idOf('ada'), personaId)
    const { events } = await chat('Mine')
    const [before, asked] = [counts(server), model.requests.length]
    const foreign = [
      { conversation_id: events[0].conversation_id },
      { persona_id: personaId, persona_system_prompt: 'x' },
      { conversation_id: crypto.randomUUID() },
    ]
    for (const extra of foreign) {
      for (const stream of [true, false]) {
        expect(
          await server.as('bob')('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { ...extra, stream })),
        ).toMatchObject({ status: 404 })
      }
    }
    expect([counts(server), model.requests.length]).toEqual([before, asked])
    await server.as('bob')('POST', '/api/v1/ai/providers/cancel', { conversation_id: events[0].conversation_id })
  })

  test('400: a persona without its prompt, or with impossible settings', async () => {
    await using setup = await start()
    const { server } = setup
    insertPersona(server, await server.idOf('ada'), personaId)
    const ask = (extra: Record<string, unknown>) =>
      server.as('ada')('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { persona_id: personaId, ...extra }))
    expect(await ask({})).toMatchObject({ status: 400, body: { code: 'ai.persona_incomplete' } })
    for (const settings of [
      { temperature: 3 },
      { top_p: -1 },
      { context_window: 0 },
      { stop_sequences: 'x' },
      { presence_penalty: 'much' },
    ]) {
      expect(await ask({ persona_system_prompt: 'x', persona_model_settings: settings })).toMatchObject({
        status: 400,
        body: { code: 'ai.invalid_model_settings' },
      })
    }
    expect(counts(server)).toEqual({ conversations: 0, messages: 0 })
  })

  test('the user of the body is ignored: the token says who asks', async () => {
    await using setup = await start()
    const { server, chat } = setup
    const { events } = await chat('Hi', { user_id: 'c308a926-aaaa-bbbb-cccc-000000000000' })
    expect((await server.as('ada')('GET', `/api/v1/conversations/${events[0].conversation_id}`)).body.user_id).toBe(
      await server.idOf('ada'),
    )
  })

  test('a client that lost the server id finds its server by the conversation or because it is the only one', async () => {
    await using setup = await start()
    const { chat, server } = setup
    const { events } = await chat('Hi')
    const two = ollamaServers(setup.model.url).servers.concat([
      { id: 'srv2', serverName: 'Other', serverAddress: 'http://127.0.0.1:9', apiKey: '', connectionStatus: 'idle' },
    ])
    await saveSetting(server, 'ada', 'ollama_servers_settings', { servers: two })
    expect(await chat('Again', { server_id: 'unknown', conversation_id: events[0].conversation_id })).toMatchObject({
      text: 'ok',
    })
    expect(await chat('New', { server_id: 'unknown' })).toMatchObject({
      isDone: true,
      events: [{ error: true, message: expect.stringContaining('Other (srv2)') }],
    })
  })
})

describe('422', () => {
  test('for bodies that cannot be meant, 401 before it, and nothing is stored', async () => {
    await using setup = await start()
    const { server } = setup
    const good = chatBody('Hi')
    const bad = [
      {},
      { ...good, messages: [] },
      { ...good, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] },
      { ...good, server_id: null },
      { ...good, model: '' },
      { ...good, stream: 'yes' },
      { ...good, params: 'hot' },
      { ...good, messages: Array.from({ length: 501 }, () => ({ role: 'user', content: 'x' })) },
    ]
    for (const body of bad) {
      expect((await server.as('ada')('POST', '/api/v1/ai/providers/chat', body)).status).toBe(422)
      expect((await server.call('POST', '/api/v1/ai/providers/chat', body)).status).toBe(401)
    }
    for (const body of ['[]', '{', ''])
      expect((await server.as('ada')('POST', '/api/v1/ai/providers/cancel', body)).status).toBe(422)
    expect(counts(server)).toEqual({ conversations: 0, messages: 0 })
  })

  test('odd parameters do no harm', async () => {
    await using setup = await start()
    const { chat } = setup
    const params = JSON.parse('{"__proto__":{"x":1},"temperature":"NaN","max_tokens":-5,"constructor":1,"stop":[1,2]}')
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`key${n}`, n]))
    expect(await chat('Hi', { params: { ...many, ...params } })).toMatchObject({ text: 'ok' })
  })
})
