import { describe, expect, test } from 'bun:test'
import { deleteTagLink, findTaggedConversation, tagged } from '../../src/areas/conversations/conversation-tags.store.ts'
import { listConversations } from '../../src/areas/conversations/conversation-list.store.ts'
import { findConversation, insertConversation } from '../../src/areas/conversations/conversations.store.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { plansOf } from '../support/query-plans.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const conversationNotFound = { status: 404, body: { detail: 'Conversation not found' } }
const tagNotFound = { status: 404, body: { detail: 'Tag not found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000-0000-4000-8000-000000000000'
const undashed = (id: string) => id.replaceAll('-', '')
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const addTag = async (server: TestServer, name: string, tag: string) => {
  const { conversation_count: _, ...body } = (await server.as(name)('POST', '/api/v1/tags', { name: tag })).body
  return body
}
const start = async (server: TestServer, name: string, body: object = {}) =>
  (await server.as(name)('POST', '/api/v1/conversations', body)).body
const attach = (server: TestServer, name: string, conversationId: string, tagId: unknown) =>
  server.as(name)('POST', `/api/v1/conversations/${conversationId}/tags`, { tag_id: tagId })
const detach = (server: TestServer, name: string, conversationId: string, tagId: string) =>
  server.as(name)('DELETE', `/api/v1/conversations/${conversationId}/tags/${tagId}`)
const links = (server: TestServer) =>
  server.database.sqlite.query('SELECT conversation_id, tag_id FROM conversation_tags ORDER BY 1, 2').values()

describe('POST /api/v1/conversations/:conversationId/tags', () => {
  test('200: the whole conversation with its tags by name; ids in either spelling; again changes nothing', async () => {
    await using server = testApp()
    const [work, home] = [await addTag(server, 'ada', 'work'), await addTag(server, 'ada', 'home')]
    const created = await start(server, 'ada', { title: 'T' })
    server.clock.now += 1000
    expect(await attach(server, 'ada', created.id, work.id)).toMatchObject({
      status: 200,
      body: { ...created, tags: [work] },
    })
    for (const [conversation, tag] of [
      [created.id, home.id],
      [undashed(created.id), dashed(home.id)],
      [created.id.toUpperCase(), home.id.toUpperCase()],
    ]) {
      expect((await attach(server, 'ada', conversation, tag)).body).toEqual({ ...created, tags: [home, work] })
    }
    expect(links(server)).toHaveLength(2)
  })

  test('200: every answer that holds the conversation shows its tags, without counts', async () => {
    await using server = testApp()
    const { body: persona } = await server.as('ada')('POST', '/api/v1/personas', { name: 'P', system_prompt: 'x' })
    const tag = await addTag(server, 'ada', 'work')
    const { id } = await start(server, 'ada', { persona_id: persona.id })
    await attach(server, 'ada', id, tag.id)
    const path = `/api/v1/conversations/${id}`
    const answers = [
      await server.as('ada')('GET', path),
      await server.as('ada')('GET', `${path}/with-messages`),
      await server.as('ada')('GET', `${path}/with-persona`),
      await server.as('ada')('PUT', path, { title: 'New' }),
      await server.as('ada')('PUT', path, {}),
      await server.as('ada')('PUT', `${path}/persona`, { persona_id: persona.id }),
    ]
    for (const { body } of answers) expect(body.tags).toEqual([tag])
    const lists = [
      await server.as('ada')('GET', '/api/v1/users/current/conversations'),
      await server.as('ada')('GET', `/api/v1/users/current/conversations?tag_id=${tag.id}&conversation_type=chat`),
      await server.as('ada')('GET', `/api/v1/conversations/by-persona/${persona.id}`),
      await server.as('ada')('GET', `/api/v1/tags/${tag.id}/conversations`),
    ]
    for (const { body } of lists) expect(body).toMatchObject([{ id, tags: [tag] }])
    expect((await start(server, 'ada')).tags).toEqual([])
  })

  test('404: foreign and unknown conversations and tags, each by itself; nothing is written', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const [own, foreign] = [await addTag(server, 'ada', 'a'), await addTag(server, 'bob', 'b')]
    const [mine, theirs] = [await start(server, 'ada'), await start(server, 'bob')]
    for (const tag of [foreign.id, dashed(foreign.id), unknownId, 'nonsense', '']) {
      expect(await attach(server, 'ada', mine.id, tag)).toMatchObject(tagNotFound)
    }
    for (const id of [theirs.id, undashed(theirs.id), unknownId, 'nonsense']) {
      expect(await attach(server, 'ada', id, own.id)).toMatchObject(conversationNotFound)
      expect(await attach(server, 'ada', id, foreign.id)).toMatchObject(conversationNotFound)
    }
    expect(await attach(server, 'admin', mine.id, own.id)).toMatchObject(conversationNotFound)
    expect(links(server)).toEqual([])
  })

  test('422: no tag_id or no text; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    const { id } = await start(server, 'ada')
    for (const tagId of [undefined, null, 5, ['x'], 'x'.repeat(101)]) {
      expect(await attach(server, 'ada', id, tagId)).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['body', 'tag_id'] }] },
      })
    }
    const path = `/api/v1/conversations/${id}/tags`
    expect(await server.as('ada')('POST', path)).toMatchObject({ status: 422 })
    expect(await server.call('POST', path, { tag_id: 5 })).toMatchObject(notAuthenticated)
    expect(links(server)).toEqual([])
  })

  test('400: the 101st tag of one conversation; one that is attached is no new one', async () => {
    await using server = testApp()
    const { id } = await start(server, 'ada')
    const tags = []
    for (let index = 0; index < 101; index++) tags.push(await addTag(server, 'ada', `t${index}`))
    for (const tag of tags.slice(0, 100)) expect(await attach(server, 'ada', id, tag.id)).toMatchObject({ status: 200 })
    expect(await attach(server, 'ada', id, tags[100].id)).toMatchObject({
      status: 400,
      body: { code: 'conversations.too_many_tags' },
    })
    expect((await attach(server, 'ada', id, tags[0].id)).body.tags).toHaveLength(100)
    expect((await attach(server, 'ada', (await start(server, 'ada')).id, tags[100].id)).body.tags).toHaveLength(1)
  })

  test('200: two that attach the same tag at once', async () => {
    await using server = testApp()
    const [tag, { id }] = [await addTag(server, 'ada', 'a'), await start(server, 'ada')]
    const answers = await Promise.all(Array.from({ length: 8 }, () => attach(server, 'ada', id, tag.id)))
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: { tags: [tag] } })
    expect(links(server)).toEqual([[id, tag.id]])
  })

  test('200: an imported conversation that is stored without dashes', async () => {
    await using server = testApp()
    const [tag, { id }] = [await addTag(server, 'ada', 'a'), await start(server, 'ada')]
    server.database.sqlite.run('UPDATE conversations SET id = ?', [undashed(id)])
    expect((await attach(server, 'ada', id, tag.id)).body).toMatchObject({ id: undashed(id), tags: [tag] })
    expect((await server.as('ada')('GET', '/api/v1/users/current/conversations')).body).toMatchObject([{ tags: [tag] }])
    expect((await detach(server, 'ada', id, tag.id)).body.tags).toEqual([])
  })
})

describe('DELETE /api/v1/conversations/:conversationId/tags/:tagId', () => {
  test('200: the conversation without the tag, also if it was not attached', async () => {
    await using server = testApp()
    const [work, home] = [await addTag(server, 'ada', 'work'), await addTag(server, 'ada', 'home')]
    const created = await start(server, 'ada')
    for (const tag of [work, home]) await attach(server, 'ada', created.id, tag.id)
    for (const [conversation, tag] of [
      [undashed(created.id), dashed(work.id)],
      [created.id, `${work.id}/`],
    ]) {
      expect(await detach(server, 'ada', conversation, tag)).toMatchObject({
        status: 200,
        body: { ...created, tags: [home] },
      })
    }
    expect(links(server)).toEqual([[created.id, home.id]])
  })

  test('404: foreign and unknown; 422: too long; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    const [own, foreign] = [await addTag(server, 'ada', 'a'), await addTag(server, 'bob', 'b')]
    const [mine, theirs] = [await start(server, 'ada'), await start(server, 'bob')]
    await attach(server, 'ada', mine.id, own.id)
    await attach(server, 'bob', theirs.id, foreign.id)
    const before = links(server)
    expect(await detach(server, 'ada', theirs.id, foreign.id)).toMatchObject(conversationNotFound)
    expect(await detach(server, 'ada', unknownId, own.id)).toMatchObject(conversationNotFound)
    expect(await detach(server, 'ada', mine.id, foreign.id)).toMatchObject(tagNotFound)
    expect(await detach(server, 'ada', mine.id, unknownId)).toMatchObject(tagNotFound)
    expect(await detach(server, 'bob', mine.id, own.id)).toMatchObject(conversationNotFound)
    expect(await detach(server, 'ada', mine.id, 'x'.repeat(101))).toMatchObject({ status: 422 })
    const path = `/api/v1/conversations/${mine.id}/tags/${own.id}`
    expect(await server.call('DELETE', path)).toMatchObject(notAuthenticated)
    expect(links(server)).toEqual(before)
  })
})

describe('GET /api/v1/tags/:tagId/conversations', () => {
  test('200: your conversations with the tag, newest activity first, in pages', async () => {
    await using server = testApp()
    const [tag, other] = [await addTag(server, 'ada', 'a'), await addTag(server, 'ada', 'b')]
    const created = []
    for (let index = 0; index < 25; index++) {
      const { id } = await start(server, 'ada')
      created.push(id)
      await attach(server, 'ada', id, tag.id)
      server.clock.now += 1
    }
    await attach(server, 'ada', (await start(server, 'ada')).id, other.id)
    await attach(server, 'ada', created[3], other.id)
    await server.as('ada')('POST', `/api/v1/conversations/${created[0]}/messages`, { sender: 'user', message: 'Hi' })
    const list = async (query = '') =>
      (await server.as('ada')('GET', `/api/v1/tags/${dashed(tag.id)}/conversations${query}`)).body
    const expected = [created[0], ...created.slice(1).toReversed()]
    const first = await list('/')
    expect(first.map(({ id }: { id: string }) => id)).toEqual(expected.slice(0, 20))
    expect(first[0]).toEqual((await server.as('ada')('GET', `/api/v1/conversations/${created[0]}`)).body)
    const rest = await list('?skip=20&limit=100')
    expect(rest.map(({ id }: { id: string }) => id)).toEqual(expected.slice(20))
    expect(rest[2]).toMatchObject({ id: created[3], tags: [tag, other] })
  })

  test('404: foreign and unknown; 422: skip and limit beyond their bounds; 401: a stranger', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const tag = await addTag(server, 'ada', 'a')
    const path = `/api/v1/tags/${tag.id}/conversations`
    for (const name of ['bob', 'admin']) expect(await server.as(name)('GET', path)).toMatchObject(tagNotFound)
    expect(await server.as('ada')('GET', `/api/v1/tags/${unknownId}/conversations`)).toMatchObject(tagNotFound)
    for (const query of ['skip=-1', 'limit=0', 'limit=101', 'limit=x']) {
      expect(await server.as('ada')('GET', `${path}?${query}`)).toMatchObject({ status: 422 })
    }
    expect(await server.call('GET', `${path}?limit=0`)).toMatchObject(notAuthenticated)
  })

  test("a link to somebody else's tag, as an import may bring it, shows nothing of it", async () => {
    await using server = testApp()
    const [own, foreign] = [await addTag(server, 'ada', 'a'), await addTag(server, 'bob', 'secret')]
    const { id } = await start(server, 'ada')
    await attach(server, 'ada', id, own.id)
    server.database.sqlite.run('INSERT INTO conversation_tags VALUES (?, ?, 0)', [id, foreign.id])
    expect((await server.as('ada')('GET', `/api/v1/conversations/${id}`)).body.tags).toEqual([own])
    expect((await server.as('ada')('GET', '/api/v1/users/current/conversations')).body[0].tags).toEqual([own])
    expect((await server.as('bob')('GET', `/api/v1/tags/${foreign.id}/conversations`)).body).toEqual([])
  })
})

const fill = (server: TestServer, userId: string, ids: { common: string; rare: string; personaId: string }) => {
  const { db } = server.deps
  const link = server.database.sqlite.query('INSERT INTO conversation_tags VALUES (?, ?, 0)')
  inTransaction(db, () => {
    for (let index = 0; index < 10_000; index++) {
      const id = crypto.randomUUID()
      insertConversation(db, {
        id,
        userId,
        title: `Conversation ${index}`,
        pageContext: null,
        pageId: null,
        model: 'm',
        server: 's',
        conversationType: 'chat',
        personaId: index % 2 ? ids.personaId : null,
        createdAt: index,
        updatedAt: index,
      })
      link.run(id, ids.common)
      if (index === 5000) link.run(id, ids.rare)
    }
  })
}

describe('10,000 conversations with tags', () => {
  test('200: every list comes quickly', async () => {
    await using server = testApp()
    const [common, rare] = [(await addTag(server, 'ada', 'common')).id, (await addTag(server, 'ada', 'rare')).id]
    const personaId = (await server.as('ada')('POST', '/api/v1/personas', { name: 'P', system_prompt: 'x' })).body.id
    fill(server, await server.idOf('ada'), { common, rare, personaId })
    for (const [path, count] of [
      ['/api/v1/users/current/conversations?limit=100', 100],
      ['/api/v1/users/current/conversations?limit=100&skip=9950', 50],
      [`/api/v1/tags/${common}/conversations?limit=100`, 100],
      [`/api/v1/tags/${common}/conversations?limit=100&skip=9950`, 50],
      [`/api/v1/tags/${rare}/conversations`, 1],
      [`/api/v1/conversations/by-persona/${personaId}?limit=100&skip=4950`, 50],
    ] as const) {
      const startedAt = performance.now()
      const { body } = await server.as('ada')('GET', path)
      // Generous for a busy machine; the slowest takes some ten milliseconds.
      expect(performance.now() - startedAt).toBeLessThan(500)
      expect(body).toHaveLength(count)
      for (const { tags } of body) expect(tags[0].id).toBe(common)
    }
    const counted = (await server.as('ada')('GET', '/api/v1/users/current/tags')).body
    expect(counted.map((tag: { conversation_count: number }) => tag.conversation_count)).toEqual([10_000, 1])
    expect(await server.as('ada')('DELETE', `/api/v1/personas/${personaId}`)).toMatchObject({ status: 204 })
    expect(await server.as('ada')('DELETE', `/api/v1/tags/${common}`)).toMatchObject({ status: 204 })
    expect(links(server)).toHaveLength(1)
  })
})

describe('a list', () => {
  test('shows each conversation as it is shown alone', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    const { id: tagId } = (await ada('POST', '/api/v1/tags', { name: 'é "1" \u2028', color: '#a0b1c2' })).body
    const { id: personaId } = (await ada('POST', '/api/v1/personas', { name: 'P', system_prompt: 'S' })).body
    for (const title of ['', 'a\0b', '"quoted" \\ \b\f\n\r\t', '\u2028\u2029 é 🚂', '\ud800 alone', '{"a":1}', null]) {
      const body = {
        title,
        page_context: '{"x":[1,"é"]}',
        page_id: 'p',
        model: 'm',
        server: 's',
        persona_id: personaId,
      }
      const { id } = (await ada('POST', '/api/v1/conversations', body)).body
      server.clock.now += 1001
      if (title) await ada('POST', `/api/v1/conversations/${id}/tags`, { tag_id: tagId })
    }
    for (const path of [
      'users/current/conversations?',
      'users/current/conversations?conversation_type=chat&page_id=p',
      `conversations/by-persona/${personaId}?`,
      `tags/${tagId}/conversations?`,
    ]) {
      const { body, headers } = await ada('GET', `/api/v1/${path}&limit=100`)
      expect(headers.get('content-type')).toBe('application/json')
      expect(body).toHaveLength(path.startsWith('tags') ? 5 : 7)
      for (const one of body) expect((await ada('GET', `/api/v1/conversations/${one.id}`)).body).toEqual(one)
    }
  })
})

describe('queries', () => {
  test('a page of tags is read by the keys of the links, and by one query', async () => {
    await using server = testApp()
    const { db } = server.deps
    const userId = await server.idOf('ada')
    for (let index = 0; index < 5; index++) await start(server, 'ada')
    await addTag(server, 'ada', 'a')
    const [text = ''] = listConversations(db, userId, {}, { skip: 0, limit: 5 })
    const row = findConversation(db, userId, JSON.parse(text).id)
    const plans = plansOf(server.database.sqlite, () => {
      findTaggedConversation(db, userId, row?.id ?? '')
      if (row) tagged(db, row)
      deleteTagLink(db, 'c', 't')
    })
    expect(plans).toHaveLength(3)
    expect(plans[0]).toStartWith('SEARCH conversations USING')
    for (const plan of plans.slice(1)) {
      expect(plan).toMatch(/^SEARCH conversation_tags USING (COVERING )?INDEX sqlite_autoindex_conversation_tags_1 /)
      expect(plan).not.toContain('SCAN tags')
    }
  })
})
