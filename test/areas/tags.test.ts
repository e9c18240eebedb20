import { describe, expect, test } from 'bun:test'
import * as store from '../../src/areas/tags/tags.store.ts'
import { plansOf } from '../support/query-plans.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/tags'
const notFound = { status: 404, body: { detail: 'Tag not found', code: 'tags.not_found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000000040008000000000000000'
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const create = async (server: TestServer, name: string, body: object = {}) => {
  const answer = await server.as(name)('POST', path, { name: 'work', ...body })
  expect(answer.status).toBe(200)
  return answer.body
}

const list = async (server: TestServer, name: string) =>
  (await server.as(name)('GET', '/api/v1/users/current/tags')).body

const readRows = (server: TestServer) => server.database.sqlite.query('SELECT * FROM tags ORDER BY id').all()

const badColors = ['red', '#fff', '#12345', '#1234567', '#gggggg', 'ff0000', '', '#ff0000\n', 5, {}]

describe('POST /api/v1/tags', () => {
  test('200: a tag of your own, as the document shows it', async () => {
    await using server = testApp()
    const user_id = await server.idOf('ada')
    expect(await create(server, 'ada', { name: 'important', color: '#ff0000', user_id })).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'important',
      color: '#ff0000',
      user_id,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
      conversation_count: 0,
    })
  })

  test('200: user_id in either spelling, `current`, null or left out; color null or in any case', async () => {
    await using server = testApp()
    const id = await server.idOf('ada')
    for (const user_id of [id, dashed(id), id.toUpperCase(), 'current', '', null, undefined]) {
      expect(await create(server, 'ada', { user_id, color: null })).toMatchObject({ user_id: id, color: null })
    }
    expect(await create(server, 'ada', { color: '#aBcDeF' })).toMatchObject({ color: '#aBcDeF' })
  })

  test('200: names are not unique, may be of any script, and show what is stored', async () => {
    await using server = testApp()
    for (const name of ['🌊', '🌊', ' ', 'x'.repeat(50), `'"%_\\`]) {
      expect(await create(server, 'ada', { name, id: unknownId })).toMatchObject({ name })
    }
    expect(await create(server, 'ada', { name: 'a\ud800' })).toMatchObject({ name: 'a�' })
    expect(readRows(server)).toHaveLength(6)
  })

  test("403: somebody else's user_id, the administrator's wish too; nothing is written", async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const bob = await server.idOf('bob')
    for (const name of ['admin', 'ada']) {
      for (const user_id of [bob, dashed(bob), unknownId, 'nobody']) {
        expect(await server.as(name)('POST', path, { name: 'x', user_id })).toMatchObject({
          status: 403,
          body: { detail: 'Not authorized to create tags for another user', code: 'tags.foreign_owner' },
        })
      }
    }
    expect(readRows(server)).toEqual([])
  })

  test('422: bad names and colors; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    for (const name of ['', 'x'.repeat(51), null, 5, undefined]) {
      expect(await server.as('ada')('POST', path, { name })).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['body', 'name'] }] },
      })
    }
    for (const color of badColors) {
      expect(await server.as('ada')('POST', path, { name: 'x', color })).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['body', 'color'] }] },
      })
    }
    expect(await server.as('ada')('POST', path)).toMatchObject({ status: 422 })
    expect(await server.as('ada')('POST', path, ['x'])).toMatchObject({ status: 422 })
    expect(await server.call('POST', path, { name: 5 })).toMatchObject(notAuthenticated)
    expect(readRows(server)).toEqual([])
  })

  test('400: the 1001st tag; others and what is there are not concerned', async () => {
    await using server = testApp()
    const userId = await server.idOf('ada')
    const row = { userId, name: 'n', color: null, createdAt: 0, updatedAt: 0 }
    for (let index = 0; index < 999; index++) store.insertTag(server.deps.db, { ...row, id: `t${index}` })
    const { id } = await create(server, 'ada')
    expect(await server.as('ada')('POST', path, { name: 'x' })).toMatchObject({
      status: 400,
      body: { code: 'tags.too_many' },
    })
    expect(await list(server, 'ada')).toHaveLength(1000)
    await create(server, 'bob')
    expect(await server.as('ada')('PUT', `${path}/${id}`, { name: 'y' })).toMatchObject({ status: 200 })
    await server.as('ada')('DELETE', `${path}/${id}`)
    await create(server, 'ada')
  })
})

describe('GET /api/v1/users/:userId/tags', () => {
  test('200: your own tags by name, whoever you say you are', async () => {
    await using server = testApp()
    const id = await server.idOf('ada')
    expect(await list(server, 'ada')).toEqual([])
    for (const name of ['work', 'ärger', 'home', 'Work']) await create(server, 'ada', { name })
    await create(server, 'bob', { name: 'foreign' })
    for (const asked of [id, dashed(id), id.toUpperCase(), 'current', `${id}/`]) {
      const answer = await server.as('ada')('GET', `/api/v1/users/${asked.replace(/\/$/, '')}/tags`)
      expect(answer.status).toBe(200)
      expect(answer.body.map(({ name }: { name: string }) => name)).toEqual(['Work', 'home', 'work', 'ärger'])
    }
    expect(await server.as('ada')('GET', '/api/v1/users/current/tags/')).toMatchObject({ status: 200 })
  })

  test('200: each with the number of its conversations', async () => {
    await using server = testApp()
    const [work, home] = [await create(server, 'ada', { name: 'work' }), await create(server, 'ada', { name: 'home' })]
    const conversations = await Promise.all(
      [1, 2, 3].map(async () => (await server.as('ada')('POST', '/api/v1/conversations', {})).body.id),
    )
    for (const id of conversations) {
      await server.as('ada')('POST', `/api/v1/conversations/${id}/tags`, { tag_id: work.id })
    }
    const counts = async () =>
      Object.fromEntries(
        (await list(server, 'ada')).map((tag: { id: string; conversation_count: number }) => [
          tag.id,
          tag.conversation_count,
        ]),
      )
    expect(await counts()).toEqual({ [work.id]: 3, [home.id]: 0 })
    await server.as('ada')('DELETE', `/api/v1/conversations/${conversations[0]}`)
    await server.as('ada')('DELETE', `/api/v1/conversations/${conversations[1]}/tags/${work.id}`)
    expect(await counts()).toEqual({ [work.id]: 1, [home.id]: 0 })
    const renamed = await server.as('ada')('PUT', `${path}/${work.id}`, { name: 'job' })
    expect(renamed.body).toMatchObject({ name: 'job', conversation_count: 1 })
  })

  test("403: somebody else's and unknown users, for the administrator too; 422: no id; 401: a stranger", async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const ada = await server.idOf('ada')
    for (const asked of [ada, dashed(ada), unknownId]) {
      for (const name of ['admin', 'bob']) {
        expect(await server.as(name)('GET', `/api/v1/users/${asked}/tags`)).toMatchObject({
          status: 403,
          body: { detail: 'Not authorized to access these tags', code: 'tags.foreign_user' },
        })
      }
    }
    for (const asked of ['nobody', `${ada}0`, ada.slice(1), `${ada.slice(0, 8)}-${ada.slice(8)}`, '%27']) {
      expect(await server.as('ada')('GET', `/api/v1/users/${asked}/tags`)).toMatchObject({ status: 422 })
    }
    expect(await server.call('GET', '/api/v1/users/nobody/tags')).toMatchObject(notAuthenticated)
  })
})

describe('PUT /api/v1/tags/:tagId', () => {
  test('200: changes what is sent; null and nothing leave as it is, the time too', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', { color: '#ff0000' })
    server.clock.now += 1000
    const put = async (body: object) => (await server.as('ada')('PUT', `${path}/${dashed(created.id)}/`, body)).body
    for (const body of [{}, { name: null, color: null }, { name: 'work', color: '#ff0000' }, { id: unknownId }]) {
      expect(await put(body)).toEqual(created)
    }
    const updated = { ...created, name: 'home 🏠', updated_at: '2026-01-02T03:04:06.678Z' }
    expect(await put({ name: 'home 🏠' })).toEqual(updated)
    expect(await put({ color: '#00ff00', user_id: unknownId })).toEqual({ ...updated, color: '#00ff00' })
    expect(await list(server, 'ada')).toEqual([{ ...updated, color: '#00ff00' }])
  })

  test('404: foreign, unknown and malformed; 422: bad names and colors; 401; nothing is written', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const { id } = await create(server, 'ada', { color: '#ff0000' })
    const before = readRows(server)
    for (const name of ['bob', 'admin']) {
      expect(await server.as(name)('PUT', `${path}/${id}`, { name: 'Stolen' })).toMatchObject(notFound)
    }
    for (const asked of [unknownId, 'nonsense']) {
      expect(await server.as('ada')('PUT', `${path}/${asked}`, { name: 'x' })).toMatchObject(notFound)
    }
    const bad = [...badColors.map((color) => ({ color })), { name: '' }, { name: 'x'.repeat(51) }, { name: 5 }]
    for (const body of bad) {
      expect(await server.as('ada')('PUT', `${path}/${id}`, body)).toMatchObject({ status: 422 })
    }
    expect(await server.as('ada')('PUT', `${path}/${id}`)).toMatchObject({ status: 422 })
    expect(await server.as('ada')('PUT', `${path}/${'x'.repeat(101)}`, {})).toMatchObject({ status: 422 })
    expect(await server.call('PUT', `${path}/${id}`, { name: 5 })).toMatchObject(notAuthenticated)
    expect(readRows(server)).toEqual(before)
  })

  test('200: a junk color, as an import may bring it, is shown and can be mended', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    server.database.sqlite.run(`UPDATE tags SET color = 'reddish'`)
    expect(await list(server, 'ada')).toMatchObject([{ color: 'reddish' }])
    expect((await server.as('ada')('PUT', `${path}/${id}`, { color: '#123456' })).body.color).toBe('#123456')
  })
})

describe('DELETE /api/v1/tags/:tagId', () => {
  test('204: it is gone, also from its conversations, which stay', async () => {
    await using server = testApp()
    const [gone, kept] = [await create(server, 'ada', { name: 'a' }), await create(server, 'ada', { name: 'b' })]
    const { id } = (await server.as('ada')('POST', '/api/v1/conversations', {})).body
    for (const tag of [gone, kept]) {
      await server.as('ada')('POST', `/api/v1/conversations/${id}/tags`, { tag_id: tag.id })
    }
    expect(await server.as('ada')('DELETE', `${path}/${dashed(gone.id)}/`)).toMatchObject({ status: 204, body: '' })
    expect(await server.as('ada')('DELETE', `${path}/${gone.id}`)).toMatchObject(notFound)
    expect((await server.as('ada')('GET', `/api/v1/conversations/${id}`)).body.tags).toMatchObject([{ id: kept.id }])
    expect(server.database.sqlite.query('SELECT tag_id FROM conversation_tags').values()).toEqual([[kept.id]])
  })

  test('204: thousands of conversations lose it bit by bit, while others have their turn', async () => {
    await using server = testApp()
    const [gone, kept] = [await create(server, 'ada', { name: 'a' }), await create(server, 'ada', { name: 'b' })]
    const userId = await server.idOf('ada')
    const { sqlite } = server.database
    sqlite.transaction(() => {
      for (let index = 0; index < 20_000; index++) {
        sqlite
          .query(
            `INSERT INTO conversations (id, user_id, conversation_type, created_at, updated_at) VALUES (?, ?, 'chat', 0, 7)`,
          )
          .run(`${index}`, userId)
        const link = sqlite.query('INSERT INTO conversation_tags VALUES (?, ?, 0)')
        link.run(`${index}`, gone.id)
        if (index < 3) link.run(`${index}`, kept.id)
      }
    })()
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    expect(await server.as('bob')('DELETE', `${path}/${gone.id}`)).toMatchObject(notFound)
    expect(await server.as('ada')('DELETE', `${path}/${gone.id}`)).toMatchObject({ status: 204 })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
    expect(sqlite.query('SELECT tag_id, count(*) FROM conversation_tags').values()).toEqual([[kept.id, 3]])
    expect(sqlite.query('SELECT count(*) FROM conversations WHERE updated_at = 7').values()).toEqual([[20_000]])
  })

  test('404: foreign, which survives; 422: too long; 401: a stranger', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    expect(await server.as('bob')('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect(await server.as('ada')('DELETE', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('DELETE', `${path}/${id}`)).toMatchObject(notAuthenticated)
    expect(readRows(server)).toHaveLength(1)
  })

  test('405: what the path does not answer to', async () => {
    await using server = testApp()
    expect(await server.as('ada')('GET', `${path}/${unknownId}`)).toMatchObject({ status: 405 })
  })
})

describe('query plans', () => {
  test('every statement searches by an index', async () => {
    await using server = testApp()
    const { db } = server.deps
    const row = { id: 'a', userId: await server.idOf('ada'), name: 'n', color: null, createdAt: 0, updatedAt: 0 }
    const plans = plansOf(server.database.sqlite, () => {
      store.listTags(db, row.userId)
      store.findTag(db, row.userId, row.id)
      store.countTags(db, row.userId)
      store.updateTag(db, row)
      store.deleteTag(db, row.userId, row.id)
    })
    expect(plans).toHaveLength(5)
    for (const plan of plans) {
      expect(plan).toStartWith('SEARCH tags USING')
      expect(plan).not.toContain('SCAN')
    }
    const [links] = plansOf(server.database.sqlite, () => store.deleteSomeLinks(db, row.userId, row.id))
    expect(links).toContain('SEARCH conversation_tags USING COVERING INDEX conversation_tags_tag (tag_id=?)')
    expect(links).not.toMatch(/SCAN (?!json_each)/)
    for (const plan of plans.slice(0, 2)) {
      expect(plan).toContain('SEARCH link USING COVERING INDEX conversation_tags_tag (tag_id=?)')
    }
  })
})
