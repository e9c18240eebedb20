import { describe, expect, test } from 'bun:test'
import { addMessage } from '../../src/areas/conversations/conversations.service.ts'
import type { MessageState } from '../../src/areas/conversations/conversations.table.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/conversations'
const notFound = { status: 404, body: { detail: 'Conversation not found', code: 'conversations.not_found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000-0000-4000-8000-000000000000'
const undashed = (id: string) => id.replaceAll('-', '')

const startConversation = async (server: TestServer, name = 'ada'): Promise<string> =>
  (await server.as(name)('POST', path, {})).body.id

/** Messages `0` to `count - 1`, all of one millisecond. */
const addMany = (server: TestServer, conversationId: string, count: number) =>
  inTransaction(server.deps.db, () => {
    for (let index = 0; index < count; index++) {
      addMessage(server.deps, conversationId, {
        sender: index % 2 === 0 ? 'user' : 'llm',
        message: String(index),
        messageMetadata: null,
        state: 'complete',
      })
    }
  })

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index))
const texts = (messages: { message: string }[]) => messages.map(({ message }) => message)
const countMessages = (server: TestServer) =>
  server.database.sqlite.query('SELECT count(*) AS count FROM messages').get()

describe('POST /api/v1/conversations/:conversationId/messages', () => {
  test('200: the message is answered and stored, and the conversation counts as updated', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    server.clock.now += 5000
    const sent = { sender: 'user', message: 'Hi', message_metadata: { role: 'user', nested: { list: [1, null, 'x'] } } }
    const answer = await server.as('ada')('POST', `${path}/${id}/messages`, sent)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      ...sent,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      conversation_id: id,
      created_at: '2026-01-02T03:04:10.678Z',
      updated_at: '2026-01-02T03:04:10.678Z',
    })
    expect((await server.as('ada')('GET', `${path}/${id}/messages`)).body).toEqual([answer.body])
    const conversation = (await server.as('ada')('GET', `${path}/${id}`)).body
    expect(conversation).toMatchObject({
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:10.678Z',
    })
  })

  test('200: senders user, llm and system stay, assistant becomes llm; metadata may be null or missing', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    for (const [sender, stored] of [
      ['user', 'user'],
      ['llm', 'llm'],
      ['system', 'system'],
      ['assistant', 'llm'],
    ]) {
      for (const metadata of [{}, { message_metadata: null }]) {
        const answer = await server.as('ada')('POST', `${path}/${id}/messages`, { sender, message: '', ...metadata })
        expect(answer).toMatchObject({ status: 200, body: { sender: stored, message: '', message_metadata: null } })
      }
    }
    const nulls = server.database.sqlite.query('SELECT count(*) FROM messages WHERE message_metadata IS NULL').values()
    expect(nulls).toEqual([[8]])
  })

  test('200: texts come back byte for byte', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const awkward = [
      ' \t leading and trailing \r\n\n ',
      'e\u0301 is not \u00e9, \ufb01 is not fi, \u212b is not \u00c5',
      '👩‍👩‍👧‍👦🏳️‍🌈 𝕏 \u{10ffff}',
      '\u202eright to left\u202c שלום مرحبا',
      '\ufeffbyte order mark, \u2028 \u2029 \u0085 \u00a0 \u200b \u0001 \u001f \u007f',
      '"quotes" \\backslashes\\ \\u0041 \\n <b>&amp;</b> ${x} %s %00',
      "'; DROP TABLE messages; --",
      'User Question: [DOCUMENT CONTEXT - a.pdf]\n```json\n{"a":1}\n```',
      'null',
      '漢'.repeat(100_000),
    ]
    const posted = []
    for (const message of awkward) {
      posted.push((await server.as('ada')('POST', `${path}/${id}/messages`, { sender: 'user', message })).body.message)
    }
    expect(posted).toEqual(awkward)
    const { messages } = (await server.as('ada')('GET', `${path}/${id}/with-messages`)).body
    expect(texts(messages)).toEqual(awkward)
    const bytes = server.database.sqlite.query('SELECT hex(message) FROM messages ORDER BY seq').values().flat()
    expect(bytes).toEqual(awkward.map((text) => Buffer.from(text).toString('hex').toUpperCase()))
  })

  test('200: half of a surrogate pair is answered as it is stored', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const answer = await server.as('ada')('POST', `${path}/${id}/messages`, '{"sender":"user","message":"a\\ud83d"}')
    expect(answer.body.message).toBe('a\ufffd')
    expect((await server.as('ada')('GET', `${path}/${id}/messages`)).body).toEqual([answer.body])
  })

  test('200: metadata keeps the keys that JavaScript treats specially', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const metadata = '{"z":1,"__proto__":{"admin":true},"a":{"__proto__":[],"constructor":null},"toString":"x","":0}'
    const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
    const sent = `{"sender":"user","message":"m","message_metadata":${metadata}}`
    const posted = await server.send('POST', `${path}/${id}/messages`, sent, headers)
    expect(await posted.text()).toContain(`"message_metadata":${metadata}`)
    const listed = await server.send('GET', `${path}/${id}/messages`, undefined, headers)
    expect(await listed.text()).toContain(`"message_metadata":${metadata}`)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('200: text of 1 MB and metadata of 256 KB fit; 422: one more does not, and nothing is written', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const post = (message: string, metadata: string) =>
      server.as('ada')('POST', `${path}/${id}/messages`, {
        sender: 'user',
        message,
        message_metadata: { k: metadata },
      })
    const frameBytes = '{"k":""}'.length
    expect(await post('x'.repeat(1_048_576), 'y'.repeat(262_144 - frameBytes))).toMatchObject({ status: 200 })
    expect(await post('x', 'é'.repeat(131_068))).toMatchObject({ status: 200 })
    expect(await post('x', 'é'.repeat(131_069))).toMatchObject({
      status: 422,
      body: { code: 'conversations.metadata_too_large' },
    })
    expect(await post('x'.repeat(1_048_577), '')).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'string_too_long', loc: ['body', 'message'] }] },
    })
    expect(countMessages(server)).toEqual({ count: 2 })
  })

  test('422: other senders, wrong types, what is missing; nothing is written and the time stays', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    server.clock.now += 1000
    const bad = [
      [{ sender: 'robot', message: 'x' }, 'sender'],
      [{ sender: null, message: 'x' }, 'sender'],
      [{ message: 'x' }, 'sender'],
      [{ sender: 'user' }, 'message'],
      [{ sender: 'user', message: null }, 'message'],
      [{ sender: 'user', message: ['x'] }, 'message'],
      [{ sender: 'user', message: 'x', message_metadata: [] }, 'message_metadata'],
      [{ sender: 'user', message: 'x', message_metadata: 'text' }, 'message_metadata'],
      [{ sender: 'user', message: 'x', message_metadata: 5 }, 'message_metadata'],
    ] as const
    for (const [body, field] of bad) {
      const answer = await server.as('ada')('POST', `${path}/${id}/messages`, body)
      expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', field] }] } })
    }
    expect(await server.as('ada')('POST', `${path}/${id}/messages`)).toMatchObject({ status: 422 })
    expect(countMessages(server)).toEqual({ count: 0 })
    const conversation = (await server.as('ada')('GET', `${path}/${id}`)).body
    expect(conversation.updated_at).toBe(conversation.created_at)
  })

  test("404: unknown and somebody else's conversation; 401: a stranger, even with a bad body; nothing is written", async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const sent = { sender: 'user', message: 'Injected' }
    expect(await server.as('bob')('POST', `${path}/${id}/messages`, sent)).toMatchObject(notFound)
    expect(await server.as('bob')('POST', `${path}/${undashed(id)}/messages`, sent)).toMatchObject(notFound)
    expect(await server.as('ada')('POST', `${path}/${unknownId}/messages`, sent)).toMatchObject(notFound)
    expect(await server.call('POST', `${path}/${id}/messages`, {})).toMatchObject(notAuthenticated)
    expect(countMessages(server)).toEqual({ count: 0 })
  })

  test('200: both id spellings and a slash at the end name the same conversation', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    for (const asked of [id, undashed(id), id.toUpperCase()]) {
      const answer = await server.as('ada')('POST', `${path}/${asked}/messages/`, { sender: 'user', message: 'x' })
      expect(answer.body.conversation_id).toBe(id)
    }
    expect((await server.as('ada')('GET', `${path}/${undashed(id)}/messages/`)).body).toHaveLength(3)
  })
})

describe('GET /api/v1/conversations/:conversationId/messages', () => {
  test('200: pages from the oldest message on, 50 by default, in the order of writing', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    addMany(server, id, 120)
    const list = async (query: string) => texts((await server.as('ada')('GET', `${path}/${id}/messages${query}`)).body)
    expect(await list('')).toEqual(numbers(0, 50))
    expect(await list('?limit=100')).toEqual(numbers(0, 100))
    expect(await list('?skip=100&limit=100')).toEqual(numbers(100, 120))
    expect(await list('?skip=119&limit=1')).toEqual(['119'])
    expect(await list('?skip=120')).toEqual([])
  })

  test('200: messages of one conversation only', async () => {
    await using server = testApp()
    const [first, second] = [await startConversation(server), await startConversation(server)]
    addMany(server, first, 2)
    addMany(server, second, 3)
    expect((await server.as('ada')('GET', `${path}/${first}/messages`)).body).toHaveLength(2)
  })

  test("404: unknown and somebody else's; 401: a stranger, even with a bad query", async () => {
    await using server = testApp()
    const id = await startConversation(server)
    expect(await server.as('bob')('GET', `${path}/${id}/messages`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${unknownId}/messages`)).toMatchObject(notFound)
    expect(await server.call('GET', `${path}/${id}/messages?limit=0`)).toMatchObject(notAuthenticated)
  })

  test('422: skip and limit beyond their bounds', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    for (const query of ['skip=-1', 'skip=x', 'skip=2147483648', 'limit=0', 'limit=101', 'limit=1.5', 'limit=']) {
      expect(await server.as('ada')('GET', `${path}/${id}/messages?${query}`)).toMatchObject({ status: 422 })
      expect(await server.as('ada')('GET', `${path}/${id}/with-messages?${query}`)).toMatchObject({ status: 422 })
    }
  })
})

describe('GET /api/v1/conversations/:conversationId/with-messages', () => {
  test('200: the conversation and all of its messages, oldest first', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    addMany(server, id, 1000)
    const conversation = (await server.as('ada')('GET', `${path}/${id}`)).body
    const { messages, ...rest } = (await server.as('ada')('GET', `${path}/${undashed(id)}/with-messages/`)).body
    expect(rest).toEqual(conversation)
    expect(texts(messages)).toEqual(numbers(0, 1000))
    expect(messages[1]).toEqual({
      id: expect.any(String),
      conversation_id: id,
      sender: 'llm',
      message: '1',
      message_metadata: null,
      created_at: conversation.created_at,
      updated_at: conversation.created_at,
    })
  })

  test('200: beyond 1000 messages the newest 1000, still oldest first', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    addMany(server, id, 1003)
    const { messages } = (await server.as('ada')('GET', `${path}/${id}/with-messages`)).body
    expect(texts(messages)).toEqual(numbers(3, 1003))
  })

  test('200: skip or limit asks for a page from the oldest on; an empty conversation has none', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const list = async (query: string) =>
      texts((await server.as('ada')('GET', `${path}/${id}/with-messages${query}`)).body.messages)
    expect(await list('')).toEqual([])
    addMany(server, id, 120)
    expect(await list('?skip=0')).toEqual(numbers(0, 50))
    expect(await list('?limit=3')).toEqual(numbers(0, 3))
    expect(await list('?skip=110&limit=100')).toEqual(numbers(110, 120))
  })

  test('200: a reply that is not whole says so, whatever its metadata claims', async () => {
    await using server = testApp()
    const id = await startConversation(server)
    const expected: [MessageState, Record<string, unknown> | null, Record<string, unknown> | null][] = [
      ['complete', null, null],
      ['complete', { model: 'm' }, { model: 'm' }],
      ['streaming', null, { incomplete: true }],
      ['interrupted', { model: 'm', error: 'x' }, { model: 'm', incomplete: true, error: 'interrupted' }],
      ['cancelled', { model: 'm' }, { model: 'm', cancelled: true }],
      ['failed', { error: 'timeout', incomplete: false }, { error: 'timeout', incomplete: true }],
      ['failed', null, { incomplete: true }],
    ]
    for (const [state, messageMetadata] of expected) {
      addMessage(server.deps, id, { sender: 'llm', message: 'part', messageMetadata, state })
    }
    const wanted = expected.map(([, , metadata]) => metadata)
    const { messages } = (await server.as('ada')('GET', `${path}/${id}/with-messages`)).body
    expect(messages.map((message: { message_metadata: unknown }) => message.message_metadata)).toEqual(wanted)
    const listed = (await server.as('ada')('GET', `${path}/${id}/messages`)).body
    expect(listed).toEqual(messages)
  })

  test("404: unknown and somebody else's; 422: an id that is too long; 401: a stranger", async () => {
    await using server = testApp()
    const id = await startConversation(server)
    expect(await server.as('bob')('GET', `${path}/${id}/with-messages`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${unknownId}/with-messages`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${'x'.repeat(101)}/with-messages`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}/${id}/with-messages`)).toMatchObject(notAuthenticated)
  })
})
