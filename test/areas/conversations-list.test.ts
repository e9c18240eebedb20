import { describe, expect, test } from 'bun:test'
import { insertConversation } from '../../src/areas/conversations/conversations.store.ts'
import type { ConversationRow } from '../../src/areas/conversations/conversations.table.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const personaNotFound = { status: 404, body: { detail: 'Persona not found', code: 'personas.not_found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000-0000-4000-8000-000000000000'
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
const hexId = () => crypto.randomUUID().replaceAll('-', '')

const addConversation = (server: TestServer, userId: string, fields: Partial<ConversationRow> = {}): string => {
  const row: ConversationRow = {
    id: crypto.randomUUID(),
    userId,
    title: null,
    pageContext: null,
    pageId: null,
    model: null,
    server: null,
    conversationType: 'chat',
    personaId: null,
    createdAt: 0,
    updatedAt: 0,
    ...fields,
  }
  insertConversation(server.deps.db, row)
  return row.id
}

const addPersona = (server: TestServer, userId: string): string => {
  const id = hexId()
  server.database.sqlite.run(
    `INSERT INTO personas (id, user_id, name, system_prompt, is_active, created_at, updated_at) VALUES (?, ?, 'Pirate', 'Arr', 1, 0, 0)`,
    [id, userId],
  )
  return id
}

const addTag = (server: TestServer, userId: string, conversationIds: string[]): string => {
  const id = hexId()
  const { sqlite } = server.database
  sqlite.run(`INSERT INTO tags (id, user_id, name, created_at, updated_at) VALUES (?, ?, 'work', 0, 0)`, [id, userId])
  for (const conversationId of conversationIds) {
    sqlite.run('INSERT INTO conversation_tags (conversation_id, tag_id, created_at) VALUES (?, ?, 0)', [
      conversationId,
      id,
    ])
  }
  return id
}

const ids = (body: { id: string }[]) => body.map(({ id }) => id)

describe('GET /api/v1/users/:userId/conversations', () => {
  test('200: a bare array of your own conversations, newest activity first', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const old = addConversation(server, ada, { createdAt: 3, updatedAt: 3 })
    const busy = addConversation(server, ada, { createdAt: 1, updatedAt: 9, title: 'Busy' })
    addConversation(server, bob, { updatedAt: 5 })
    const answer = await server.as('ada')('GET', `/api/v1/users/${ada}/conversations`)
    expect(answer.status).toBe(200)
    expect(ids(answer.body)).toEqual([busy, old])
    expect(answer.body[0]).toEqual({
      id: busy,
      user_id: ada,
      title: 'Busy',
      page_context: null,
      page_id: null,
      model: null,
      server: null,
      conversation_type: 'chat',
      persona_id: null,
      created_at: '1970-01-01T00:00:00.001Z',
      updated_at: '1970-01-01T00:00:00.009Z',
      tags: [],
    })
  })

  test('200: a new message moves a conversation to the top', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const first = addConversation(server, ada, { updatedAt: 1 })
    const second = addConversation(server, ada, { updatedAt: 2 })
    const list = async () => ids((await server.as('ada')('GET', `/api/v1/users/${ada}/conversations`)).body)
    expect(await list()).toEqual([second, first])
    await server.as('ada')('POST', `/api/v1/conversations/${first}/messages`, { sender: 'user', message: 'x' })
    expect(await list()).toEqual([first, second])
  })

  test('200: pages of equal times neither overlap nor leave out; 20 by default', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const all = Array.from({ length: 45 }, () => addConversation(server, ada, { updatedAt: 7 }))
    const list = async (query: string) =>
      ids((await server.as('ada')('GET', `/api/v1/users/${ada}/conversations${query}`)).body)
    const pages = [await list(''), await list('?skip=20&limit=20'), await list('?skip=40&limit=100')]
    expect(pages.map((page) => page.length)).toEqual([20, 20, 5])
    expect(pages.flat()).toEqual(all.toSorted().toReversed())
    expect(await list('?limit=100')).toEqual(pages.flat())
    expect(await list('?conversation_type=chat&limit=100')).toEqual(pages.flat())
  })

  test('200: filters are exact and combine; an empty one filters nothing', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const personaId = addPersona(server, ada)
    const pageId = hexId()
    const bindToPage = { pageId: dashed(pageId) }
    const plain = addConversation(server, ada, { updatedAt: 1 })
    const evaluation = addConversation(server, ada, { updatedAt: 2, conversationType: 'evaluation' })
    const bound = addConversation(server, ada, { updatedAt: 3, ...bindToPage })
    const full = addConversation(server, ada, {
      updatedAt: 4,
      ...bindToPage,
      personaId,
      conversationType: 'evaluation',
    })
    const tagId = addTag(server, ada, [plain, full])
    const list = async (query: string) =>
      ids((await server.as('ada')('GET', `/api/v1/users/${ada}/conversations?skip=0&limit=50&${query}`)).body)
    expect(await list('conversation_type=chat')).toEqual([bound, plain])
    expect(await list('conversation_type=Chat')).toEqual([])
    expect(await list(`page_id=${pageId}`)).toEqual([full, bound])
    expect(await list(`page_id=${dashed(pageId)}`)).toEqual([full, bound])
    expect(await list(`page_id=${pageId.toUpperCase()}`)).toEqual([full, bound])
    expect(await list(`page_id=${dashed(pageId).toUpperCase()}&persona_id=${personaId}`)).toEqual([full])
    expect(await list(`page_id=${pageId}&conversation_type=evaluation&tag_id=${unknownId}`)).toEqual([])
    expect(await list(`conversation_type=chat&page_id=${pageId}`)).toEqual([bound])
    expect(await list(`persona_id=${personaId}`)).toEqual([full])
    expect(await list(`persona_id=${dashed(personaId)}&conversation_type=chat`)).toEqual([])
    expect(await list(`tag_id=${tagId}`)).toEqual([full, plain])
    expect(await list(`tag_id=${dashed(tagId)}&conversation_type=evaluation`)).toEqual([full])
    expect(await list(`tag_id=${unknownId}`)).toEqual([])
    expect(await list(`persona_id=${unknownId}`)).toEqual([])
    expect(await list('page_id=%25')).toEqual([])
    expect(await list('conversation_type=&page_id=&persona_id=&tag_id=')).toEqual([full, bound, evaluation, plain])
  })

  test('200: names of pages that are no ids are found as they are', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const stored = ['My Page', 'my page', '11111111-2222']
    for (const pageId of stored) {
      const id = addConversation(server, ada, { pageId })
      const query = `page_id=${encodeURIComponent(pageId)}`
      expect(ids((await server.as('ada')('GET', `/api/v1/users/${ada}/conversations?${query}`)).body)).toEqual([id])
    }
  })

  test('200: your id in either spelling or as `current`, with a slash at the end', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const id = addConversation(server, ada)
    for (const userId of [ada, dashed(ada), ada.toUpperCase(), 'current']) {
      expect(ids((await server.as('ada')('GET', `/api/v1/users/${userId}/conversations/`)).body)).toEqual([id])
    }
  })

  test("403: somebody else's and unknown users, the administrator too", async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const ada = await server.idOf('ada')
    for (const userId of [ada, dashed(ada), unknownId, 'nobody']) {
      for (const name of ['admin', 'bob']) {
        expect(await server.as(name)('GET', `/api/v1/users/${userId}/conversations`)).toMatchObject({
          status: 403,
          body: { detail: 'Not authorized to access these conversations', code: 'conversations.foreign_user' },
        })
      }
    }
  })

  test('422: skip, limit and filters beyond their bounds; 401: a stranger', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const long = 'x'.repeat(101)
    for (const query of [
      'skip=-1',
      'limit=0',
      'limit=101',
      'limit=ten',
      `conversation_type=${long}`,
      `page_id=${long}`,
      `persona_id=${long}`,
      `tag_id=${long}`,
    ]) {
      expect(await server.as('ada')('GET', `/api/v1/users/${ada}/conversations?${query}`)).toMatchObject({
        status: 422,
      })
    }
    expect(await server.call('GET', `/api/v1/users/${ada}/conversations?limit=0`)).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/conversations/by-persona/:personaId', () => {
  test('200: your conversations with the persona, newest activity first, in pages', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const personaId = addPersona(server, ada)
    addConversation(server, ada, { personaId: addPersona(server, ada) })
    addConversation(server, ada)
    // The reference let anybody write any persona id; an import may bring such rows.
    addConversation(server, bob, { personaId, updatedAt: 99 })
    const own = [3, 2, 1].map((updatedAt) => addConversation(server, ada, { personaId, updatedAt }))
    const list = async (asked: string) =>
      ids((await server.as('ada')('GET', `/api/v1/conversations/by-persona/${asked}`)).body)
    expect(await list(personaId)).toEqual(own)
    expect(await list(`${dashed(personaId)}/`)).toEqual(own)
    expect(await list(`${personaId}?skip=1&limit=1`)).toEqual([own[1]!])
  })

  test("404: an unknown persona and somebody else's look alike", async () => {
    await using server = testApp()
    const personaId = addPersona(server, await server.idOf('bob'))
    for (const asked of [personaId, dashed(personaId), unknownId, 'nonsense']) {
      const answer = await server.as('ada')('GET', `/api/v1/conversations/by-persona/${asked}`)
      expect(answer).toMatchObject(personaNotFound)
    }
  })

  test('422: skip and limit beyond their bounds; 401: a stranger', async () => {
    await using server = testApp()
    const path = `/api/v1/conversations/by-persona/${unknownId}`
    for (const query of ['skip=-1', 'limit=0', 'limit=101']) {
      expect(await server.as('ada')('GET', `${path}?${query}`)).toMatchObject({ status: 422 })
    }
    expect(await server.call('GET', `${path}?limit=0`)).toMatchObject(notAuthenticated)
  })
})

describe('10,000 conversations of one user', () => {
  test('200: every filter gives its page quickly', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const personaId = addPersona(server, ada)
    inTransaction(server.deps.db, () => {
      for (let index = 0; index < 10_000; index++) {
        addConversation(server, ada, {
          updatedAt: index,
          conversationType: index % 10 === 0 ? 'evaluation' : 'chat',
          pageId: `page-${index % 100}`,
          personaId: index === 0 ? personaId : null,
        })
      }
    })
    for (const [query, count] of [
      ['', 50],
      ['conversation_type=evaluation', 50],
      ['page_id=page-7', 50],
      ['conversation_type=chat&page_id=page-0', 0],
      [`persona_id=${personaId}`, 1],
      [`tag_id=${unknownId}`, 0],
      ['skip=9990', 10],
    ] as const) {
      const startedAt = performance.now()
      const answer = await server.as('ada')('GET', `/api/v1/users/current/conversations?limit=50&${query}`)
      expect(answer.body).toHaveLength(count)
      // Generous for a busy machine; it takes a few milliseconds.
      expect(performance.now() - startedAt).toBeLessThan(500)
    }
  })
})
