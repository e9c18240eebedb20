import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/conversations'
const notFound = { status: 404, body: { detail: 'Conversation not found', code: 'conversations.not_found' } }
const personaNotFound = { status: 404, body: { detail: 'Persona not found', code: 'personas.not_found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000-0000-4000-8000-000000000000'
const undashed = (id: string) => id.replaceAll('-', '')
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const create = async (server: TestServer, name: string, body: object = {}) => {
  const answer = await server.as(name)('POST', path, body)
  expect(answer.status).toBe(200)
  return answer.body
}

const addPersona = async (server: TestServer, name: string): Promise<string> => {
  const id = undashed(crypto.randomUUID())
  const userId = await server.idOf(name)
  server.database.sqlite.run(
    `INSERT INTO personas (id, user_id, name, system_prompt, is_active, created_at, updated_at) VALUES (?, ?, 'Pirate', 'Arr', 1, 0, 0)`,
    [id, userId],
  )
  return id
}

const readRows = (server: TestServer) => server.database.sqlite.query('SELECT * FROM conversations ORDER BY id').all()

describe('POST /api/v1/conversations', () => {
  test('200: an empty body makes a chat of your own', async () => {
    await using server = testApp()
    const body = await create(server, 'ada')
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      user_id: await server.idOf('ada'),
      title: null,
      page_context: null,
      page_id: null,
      model: null,
      server: null,
      conversation_type: 'chat',
      persona_id: null,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
      tags: [],
    })
  })

  test('200: everything that is sent is stored; unknown fields are ignored', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const sent = {
      title: 'Plans 🌊',
      page_context: '{"pageName":"Chat"}',
      page_id: 'p-1',
      model: 'llama3.2:3b',
      server: 'Home',
      conversation_type: 'life-career',
      persona_id: personaId,
    }
    const created = await create(server, 'ada', { ...sent, id: unknownId, created_at: 'yesterday', more: true })
    expect(created).toMatchObject(sent)
    expect(created.id).not.toBe(unknownId)
    expect((await server.as('ada')('GET', `${path}/${created.id}`)).body).toEqual(created)
  })

  test('200: the id of a page is answered with dashes; other texts as they are stored, when they are no Unicode', async () => {
    await using server = testApp()
    const pageId = crypto.randomUUID()
    for (const page_id of [pageId, undashed(pageId), pageId.toUpperCase(), undashed(pageId).toUpperCase()]) {
      const { id } = await create(server, 'ada', { page_id })
      expect((await server.as('ada')('GET', `${path}/${id}`)).body.page_id).toBe(pageId)
      const changed = await server.as('ada')('PUT', `${path}/${id}`, { title: 'T', page_id })
      expect(changed.body).toMatchObject({ title: 'T', page_id: pageId })
    }
    const list = await server.as('ada')('GET', `/api/v1/users/current/conversations?page_id=${undashed(pageId)}`)
    expect(list.body).toHaveLength(4)
    const lone = { title: '\uD83D', page_context: '\uDC00x', page_id: 'p\uD83D', model: 'm\uD83D', server: '\uD83Ds' }
    const body = { ...lone, conversation_type: 'c\uD83D' }
    const shown = Object.fromEntries(Object.entries(body).map(([name, text]) => [name, text.toWellFormed()]))
    const created = await create(server, 'ada', body)
    expect(created).toMatchObject(shown)
    const other = await create(server, 'ada')
    expect((await server.as('ada')('PUT', `${path}/${other.id}`, body)).body).toMatchObject(shown)
    for (const { id } of [created, other]) {
      expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject(shown)
    }
  })

  test('200: user_id may be your own in either spelling, `current` or null; null and empty types mean chat', async () => {
    await using server = testApp()
    const id = await server.idOf('ada')
    for (const userId of [id, dashed(id), id.toUpperCase(), 'current', null]) {
      expect(await create(server, 'ada', { user_id: userId, conversation_type: null })).toMatchObject({
        user_id: id,
        conversation_type: 'chat',
      })
    }
    expect(await create(server, 'ada', { conversation_type: '' })).toMatchObject({ conversation_type: 'chat' })
  })

  test('200: a persona is accepted in either spelling; an empty id means none', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    expect(await create(server, 'ada', { persona_id: dashed(personaId) })).toMatchObject({ persona_id: personaId })
    expect(await create(server, 'ada', { persona_id: '' })).toMatchObject({ persona_id: null })
  })

  test("403: somebody else's user_id, and nothing is written", async () => {
    await using server = testApp()
    const bob = await server.idOf('bob')
    expect(await server.as('ada')('POST', path, { user_id: bob })).toMatchObject({
      status: 403,
      body: { code: 'conversations.foreign_owner' },
    })
    expect(readRows(server)).toEqual([])
  })

  test("404: an unknown persona and somebody else's look alike, and nothing is written", async () => {
    await using server = testApp()
    const foreign = await addPersona(server, 'bob')
    for (const personaId of [foreign, dashed(foreign), unknownId, 'nonsense']) {
      expect(await server.as('ada')('POST', path, { persona_id: personaId })).toMatchObject(personaNotFound)
    }
    expect(readRows(server)).toEqual([])
  })

  test('422: wrong types and texts beyond their bounds, and nothing is written', async () => {
    await using server = testApp()
    const bad = [
      { title: 5 },
      { title: 'x'.repeat(501) },
      { page_context: 'x'.repeat(16_385) },
      { page_context: {} },
      { page_id: 'x'.repeat(101) },
      { model: 'x'.repeat(301) },
      { server: 'x'.repeat(301) },
      { conversation_type: 'x'.repeat(101) },
      { persona_id: 'x'.repeat(101) },
      { user_id: 7 },
    ]
    for (const body of bad) {
      const answer = await server.as('ada')('POST', path, body)
      expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', Object.keys(body)[0]] }] } })
    }
    expect(await server.as('ada')('POST', path)).toMatchObject({ status: 422 })
    expect(await server.as('ada')('POST', path, '{"title":')).toMatchObject({ status: 422 })
    expect(readRows(server)).toEqual([])
  })

  test('401: a stranger, even with a bad body', async () => {
    await using server = testApp()
    expect(await server.call('POST', path, { title: 5 })).toMatchObject(notAuthenticated)
    expect(readRows(server)).toEqual([])
  })
})

describe('GET /api/v1/conversations/:conversationId', () => {
  test('200: in both spellings, with and without a slash at the end', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', { title: 'T' })
    for (const id of [created.id, undashed(created.id), created.id.toUpperCase(), `${created.id}/`]) {
      expect(await server.as('ada')('GET', `${path}/${id}`)).toMatchObject({ status: 200, body: created })
    }
  })

  test('200: an imported row that is stored without dashes is found in both spellings', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    server.database.sqlite.run('UPDATE conversations SET id = ?', [undashed(id)])
    for (const spelling of [id, undashed(id)]) {
      expect((await server.as('ada')('GET', `${path}/${spelling}`)).body.id).toBe(undashed(id))
      const sent = { sender: 'user', message: spelling }
      expect((await server.as('ada')('POST', `${path}/${spelling}/messages`, sent)).body.conversation_id).toBe(
        undashed(id),
      )
    }
    expect((await server.as('ada')('GET', `${path}/${id}/with-messages`)).body.messages).toHaveLength(2)
  })

  test('404: unknown, malformed and foreign ids look alike', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    for (const asked of [id, undashed(id), unknownId, 'nonsense', "' OR 1=1 --"]) {
      expect(await server.as('bob')('GET', `${path}/${encodeURIComponent(asked)}`)).toMatchObject(notFound)
    }
  })

  test('422: an id that is too long; 401: a stranger', async () => {
    await using server = testApp()
    expect(await server.as('ada')('GET', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}/${unknownId}`)).toMatchObject(notAuthenticated)
  })
})

describe('PUT /api/v1/conversations/:conversationId', () => {
  test('200: only what was sent changes, and the conversation counts as updated', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const created = await create(server, 'ada', {
      title: 'Old',
      conversation_type: 'evaluation',
      page_id: 'p',
      persona_id: personaId,
    })
    server.clock.now += 1000
    const updated = { ...created, title: 'New', updated_at: '2026-01-02T03:04:06.678Z' }
    expect(await server.as('ada')('PUT', `${path}/${created.id}`, { title: 'New' })).toMatchObject({
      status: 200,
      body: updated,
    })
    expect((await server.as('ada')('GET', `${path}/${created.id}`)).body).toEqual(updated)
  })

  test('200: every field can be changed; an empty text is stored; both id spellings and a slash work', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const { id } = await create(server, 'ada', { title: 'Old' })
    const wanted = { title: '', page_context: '{}', page_id: 'q', model: 'm', server: 's', conversation_type: 'digest' }
    const body = { ...wanted, persona_id: dashed(personaId) }
    expect(await server.as('ada')('PUT', `${path}/${undashed(id)}/`, body)).toMatchObject({
      status: 200,
      body: { ...wanted, id, persona_id: personaId },
    })
    expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject({ ...wanted, persona_id: personaId })
  })

  test('200: null, nothing and the same again leave all as it is, the time too', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const created = await create(server, 'ada', { title: 'T', model: 'm', persona_id: personaId })
    server.clock.now += 1000
    const nulls = { title: null, page_context: null, page_id: null, model: null, server: null, persona_id: null }
    for (const body of [{}, nulls, { conversation_type: null }, { title: 'T', persona_id: dashed(personaId) }]) {
      expect((await server.as('ada')('PUT', `${path}/${created.id}`, body)).body).toEqual(created)
    }
  })

  test('404: foreign and unknown conversations and personas; nothing is written', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada', { title: 'Mine' })
    const foreign = await addPersona(server, 'bob')
    const before = readRows(server)
    expect(await server.as('bob')('PUT', `${path}/${id}`, { title: 'Stolen' })).toMatchObject(notFound)
    expect(await server.as('ada')('PUT', `${path}/${unknownId}`, { title: 'x' })).toMatchObject(notFound)
    const change = { title: 'Changed', persona_id: foreign }
    expect(await server.as('ada')('PUT', `${path}/${id}`, change)).toMatchObject(personaNotFound)
    expect(readRows(server)).toEqual(before)
  })

  test('422: wrong types and too long; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada', { title: 'Mine' })
    const before = readRows(server)
    for (const body of [{ title: 1 }, { title: 'x'.repeat(501) }, { conversation_type: ['chat'] }]) {
      expect(await server.as('ada')('PUT', `${path}/${id}`, body)).toMatchObject({ status: 422 })
    }
    expect(await server.call('PUT', `${path}/${id}`, { title: 'x' })).toMatchObject(notAuthenticated)
    expect(readRows(server)).toEqual(before)
  })
})

describe('PUT /api/v1/conversations/:conversationId/persona', () => {
  test('200: sets an own persona in either spelling, and takes it away with null, nothing or an empty text', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const { id } = await create(server, 'ada')
    for (const away of [{ persona_id: null }, {}, { persona_id: '' }]) {
      server.clock.now += 1000
      const set = await server.as('ada')('PUT', `${path}/${undashed(id)}/persona/`, { persona_id: dashed(personaId) })
      expect(set).toMatchObject({ status: 200, body: { id, persona_id: personaId } })
      expect(set.body.updated_at).toBe(new Date(server.clock.now).toISOString())
      expect(await server.as('ada')('PUT', `${path}/${id}/persona`, away)).toMatchObject({
        status: 200,
        body: { persona_id: null },
      })
      expect((await server.as('ada')('GET', `${path}/${id}`)).body.persona_id).toBeNull()
    }
  })

  test('404: foreign and unknown personas and conversations; nothing is written', async () => {
    await using server = testApp()
    const own = await addPersona(server, 'ada')
    const foreign = await addPersona(server, 'bob')
    const { id } = await create(server, 'ada', { persona_id: own })
    const before = readRows(server)
    const put = (name: string, conversation: string, persona: string | null) =>
      server.as(name)('PUT', `${path}/${conversation}/persona`, { persona_id: persona })
    expect(await put('ada', id, foreign)).toMatchObject(personaNotFound)
    expect(await put('ada', id, unknownId)).toMatchObject(personaNotFound)
    expect(await put('bob', id, foreign)).toMatchObject(notFound)
    expect(await put('bob', id, null)).toMatchObject(notFound)
    expect(await put('ada', unknownId, own)).toMatchObject(notFound)
    expect(readRows(server)).toEqual(before)
  })

  test('422: not a text, no body; 401: a stranger', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    expect(await server.as('ada')('PUT', `${path}/${id}/persona`, { persona_id: 5 })).toMatchObject({ status: 422 })
    expect(await server.as('ada')('PUT', `${path}/${id}/persona`)).toMatchObject({ status: 422 })
    expect(await server.call('PUT', `${path}/${id}/persona`, { persona_id: 5 })).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/conversations/:conversationId/with-persona', () => {
  test('200: the persona as it is read by itself, or null', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const { body: persona } = await server.as('ada')('GET', `/api/v1/personas/${personaId}`)
    const created = await create(server, 'ada', { persona_id: personaId, model: 'm', server: 'Home' })
    const without = await create(server, 'ada')
    expect((await server.as('ada')('GET', `${path}/${without.id}/with-persona`)).body).toEqual({
      ...without,
      persona: null,
    })
    for (const asked of [created.id, undashed(created.id)].flatMap((id) => [
      `${id}/with-persona`,
      `${id}/with-persona/`,
    ])) {
      const answer = await server.as('ada')('GET', `${path}/${asked}`)
      expect(answer).toMatchObject({ status: 200, body: { ...created, persona } })
    }
  })

  test("200: somebody else's persona, as an import may bring it, is not shown", async () => {
    await using server = testApp()
    const foreign = await addPersona(server, 'bob')
    const { id } = await create(server, 'ada')
    server.database.sqlite.run('UPDATE conversations SET persona_id = ?', [foreign])
    expect((await server.as('ada')('GET', `${path}/${id}/with-persona`)).body.persona).toBeNull()
  })

  test('200: a deleted persona leaves the conversation without one', async () => {
    await using server = testApp()
    const personaId = await addPersona(server, 'ada')
    const { id } = await create(server, 'ada', { persona_id: personaId })
    server.database.sqlite.run('DELETE FROM personas')
    expect((await server.as('ada')('GET', `${path}/${id}/with-persona`)).body).toMatchObject({
      persona_id: null,
      persona: null,
    })
  })

  test('404: foreign and unknown; 422: too long; 401: a stranger', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    expect(await server.as('bob')('GET', `${path}/${id}/with-persona`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${unknownId}/with-persona`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${'x'.repeat(101)}/with-persona`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}/${id}/with-persona`)).toMatchObject(notAuthenticated)
  })
})

describe('DELETE /api/v1/conversations/:conversationId', () => {
  test('204: it is gone with its messages and tag links; the tag and other conversations stay', async () => {
    await using server = testApp()
    const { sqlite } = server.database
    const gone = await create(server, 'ada')
    const kept = await create(server, 'ada')
    sqlite.run(`INSERT INTO tags (id, user_id, name, created_at, updated_at) SELECT 'tag', id, 'work', 0, 0 FROM users`)
    for (const { id } of [gone, kept]) {
      await server.as('ada')('POST', `${path}/${id}/messages`, { sender: 'user', message: 'Hi' })
      sqlite.run(`INSERT INTO conversation_tags (conversation_id, tag_id, created_at) VALUES (?, 'tag', 0)`, [id])
    }
    const answer = await server.as('ada')('DELETE', `${path}/${undashed(gone.id)}/`)
    expect(answer).toMatchObject({ status: 204, body: '' })
    expect(await server.as('ada')('GET', `${path}/${gone.id}`)).toMatchObject(notFound)
    expect(sqlite.query('SELECT conversation_id FROM messages').values()).toEqual([[kept.id]])
    expect(sqlite.query('SELECT conversation_id FROM conversation_tags').values()).toEqual([[kept.id]])
    expect(sqlite.query('SELECT id FROM tags').values()).toEqual([['tag']])
  })

  test('404: unknown, deleted before, and foreign, which survives', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    expect(await server.as('bob')('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect(await server.as('ada')('GET', `${path}/${id}`)).toMatchObject({ status: 200 })
    expect(await server.as('ada')('DELETE', `${path}/${id}`)).toMatchObject({ status: 204 })
    expect(await server.as('ada')('DELETE', `${path}/${id}`)).toMatchObject(notFound)
  })

  test('422: too long; 401: a stranger, and it survives', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    expect(await server.as('ada')('DELETE', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('DELETE', `${path}/${id}`)).toMatchObject(notAuthenticated)
    expect(readRows(server)).toHaveLength(1)
  })

  test('405: what the path does not answer to', async () => {
    await using server = testApp()
    const answer = await server.as('ada')('PATCH', `${path}/${unknownId}`, {})
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT')
  })
})

describe('a deleted user', () => {
  test('takes conversations and messages along', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    await server.as('ada')('POST', `${path}/${id}/messages`, { sender: 'user', message: 'Hi' })
    server.database.sqlite.run('DELETE FROM users')
    expect(server.database.sqlite.query('SELECT count(*) FROM messages').values()).toEqual([[0]])
    expect(readRows(server)).toEqual([])
  })
})
