import { describe, expect, test } from 'bun:test'
import {
  addNavigationRoute,
  addPage,
  emptyContent,
  pageNotFound,
  publish,
  routeExists,
  undashed,
  unknownId,
  unknownNavigationRoute,
  withoutPages,
} from '../support/pages.ts'
import { testApp } from '../support/test-app.ts'

const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

describe('POST /api/v1/pages', () => {
  test('201: the page, with every field of the contract and no other', async () => {
    await using server = testApp()
    const answer = await server.as('ada')('POST', '/api/v1/pages', { name: 'P1', route: 'p1', content: emptyContent })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('x-request-id')).toBeTruthy()
    const { id, creator_id: creatorId, ...rest } = answer.body
    expect(id).toMatch(uuid)
    expect(undashed(creatorId)).toBe(undashed(await server.idOf('ada')))
    expect(creatorId).toMatch(uuid)
    expect(rest).toEqual({
      name: 'P1',
      route: 'p1',
      route_segment: 'p1',
      parent_route: null,
      parent_type: 'page',
      is_parent_page: false,
      description: null,
      icon: null,
      navigation_route_id: null,
      content: emptyContent,
      is_published: false,
      publish_date: null,
      backup_date: null,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('201: the body of the public reference; the route stays as it is sent', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: '/parent', is_parent_page: true })
    const answer = await server.as('ada')('POST', '/api/v1/pages', {
      name: 'My Page',
      route: '/my-page',
      route_segment: 'my-page',
      parent_route: '/parent',
      parent_type: 'page',
      is_parent_page: true,
      description: 'Page description',
      icon: 'icon-name',
      content: { layout: {}, components: [] },
      is_published: true,
      unknown: 1,
    })
    expect(answer).toMatchObject({
      status: 201,
      body: {
        route: '/my-page',
        route_segment: 'my-page',
        parent_route: '/parent',
        parent_type: 'page',
        is_parent_page: true,
        description: 'Page description',
        icon: 'icon-name',
        content: { layout: {}, components: [] },
        is_published: false,
        publish_date: null,
      },
    })
  })

  test('201: emoji and other scripts in every text, an empty content, nulls for what may be left out', async () => {
    await using server = testApp()
    const text = '🧠 Idées — 日本語 \u0000 \u202e'
    const page = await addPage(server, 'ada', {
      name: text,
      route: '🧠/日本 語',
      description: text,
      icon: '🧠',
      content: {},
    })
    expect(page).toMatchObject({
      name: text,
      route: '🧠/日本 語',
      route_segment: '日本 語',
      description: text,
      icon: '🧠',
    })
    expect(page.content).toEqual({})
    const nulls = { description: null, icon: null, parent_route: null, parent_type: null, is_parent_page: null }
    expect(await addPage(server, 'ada', { ...nulls, navigation_route_id: null })).toMatchObject({
      description: null,
      parent_type: 'page',
      is_parent_page: false,
    })
  })

  test('201: half a character is stored as U+FFFD, and the answer says so', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', {
      name: 'a\ud800',
      route: 'b\udfff',
      description: '\ud800',
      icon: '\ud800',
    })
    expect(page).toMatchObject({ name: 'a\ufffd', route: 'b\ufffd', description: '\ufffd', icon: '\ufffd' })
    expect((await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body).toMatchObject({ name: 'a\ufffd' })
    const again = { name: 'x', route: 'b\ud800', content: {} }
    expect(await server.as('ada')('POST', '/api/v1/pages', again)).toMatchObject(routeExists)
  })

  test('201: an own navigation route, in either spelling; the answer has none of the dashes', async () => {
    await using server = testApp()
    const id = addNavigationRoute(server, await server.idOf('ada'), 'mine')
    const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    for (const sent of [id, dashed, dashed.toUpperCase()]) {
      expect((await addPage(server, 'ada', { navigation_route_id: sent })).navigation_route_id).toBe(id)
    }
    expect((await addPage(server, 'ada', { navigation_route_id: '' })).navigation_route_id).toBeNull()
  })

  test("400: an unknown navigation route and somebody else's look alike", async () => {
    await using server = testApp()
    const foreign = addNavigationRoute(server, await server.idOf('bob'), 'his')
    for (const id of [foreign, unknownId, 'nonsense']) {
      const body = { name: 'x', route: 'x', content: {}, navigation_route_id: id }
      expect(await server.as('ada')('POST', '/api/v1/pages', body)).toMatchObject(unknownNavigationRoute)
    }
  })

  test('400: a route that you have already, with or without a slash at the start; others may have it', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: 'a' })
    await addPage(server, 'ada', { route: '/b' })
    for (const route of ['a', '/a', 'b', '/b']) {
      const answer = await server.as('ada')('POST', '/api/v1/pages', { name: 'x', route, content: {} })
      expect(answer).toMatchObject(routeExists)
      expect((await addPage(server, `user-${route.replace('/', 's')}`, { route })).route).toBe(route)
    }
    expect((await addPage(server, 'ada', { route: 'A' })).route).toBe('A')
  })

  test('422: fields that are missing, of a wrong type, empty or too long', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    const good = { name: 'n', route: 'r', content: {} }
    const long = (length: number) => 'x'.repeat(length)
    const bad: Record<string, unknown>[] = [
      { name: undefined },
      { name: '' },
      { name: null },
      { name: 7 },
      { name: long(201) },
      { route: undefined },
      { route: '' },
      { route: null },
      { route: long(1001) },
      { route: '//a' },
      { route: 'a\u0000b' },
      { route: 'a\nb' },
      { route: 'a\u007f' },
      { content: undefined },
      { content: null },
      { content: [] },
      { content: '{}' },
      { content: 1 },
      { description: long(2001) },
      { description: 1 },
      { icon: long(501) },
      { route_segment: long(1001) },
      { route_segment: 5 },
      { parent_route: long(1001) },
      { parent_type: long(51) },
      { parent_type: 1 },
      { is_parent_page: 'yes' },
      { navigation_route_id: long(101) },
      { navigation_route_id: 5 },
    ]
    for (const fields of bad) {
      const answer = await server.as('ada')('POST', '/api/v1/pages', { ...good, ...fields })
      expect([fields, answer.status]).toEqual([fields, 422])
    }
    for (const body of ['[]', '"x"', 'null', '', '7', '{'])
      expect((await server.as('ada')('POST', '/api/v1/pages', body)).status).toBe(422)
    expect((await server.as('ada')('GET', '/api/v1/pages')).body.total).toBe(0)
  })

  test('422: a route with a segment that clients would resolve; 201: one that only looks like it', async () => {
    await using server = testApp()
    const { id } = await addPage(server, 'ada', { route: 'mine' })
    for (const route of ['.', '..', '/.', '/..', 'a/..', 'a/../b', './a', '../a', 'a/.', 'a/./b', '%2e', 'a/%2E./b']) {
      const body = { name: 'n', route, content: {} }
      for (const answer of [
        await server.as('ada')('POST', '/api/v1/pages', body),
        await server.as('ada')('PUT', `/api/v1/pages/${id}`, { route }),
      ]) {
        expect([route, answer.status]).toEqual([route, 422])
      }
    }
    for (const route of ['...', '.a', 'a.', '..a/b', 'a/..b', 'a/b..', '/.../a', '%2ea', '/']) {
      expect((await addPage(server, 'ada', { route })).route).toBe(route)
    }
  })

  test('201: route_segment is not used: it is the last part of the route', async () => {
    await using server = testApp()
    for (const route_segment of ['other', '', null]) {
      const page = await addPage(server, 'ada', { route: `a/b-${route_segment}`, route_segment })
      expect([page.route, page.route_segment]).toEqual([`a/b-${route_segment}`, `b-${route_segment}`])
    }
  })

  test('201: every text at its limit', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', {
      name: 'n'.repeat(200),
      route: 'r'.repeat(1000),
      description: 'd'.repeat(2000),
      icon: 'i'.repeat(500),
    })
    expect([page.name.length, page.route.length, page.description.length]).toEqual([200, 1000, 2000])
    const answer = await server.as('ada')('GET', `/api/v1/pages/route/${page.route}`)
    expect(answer.body.id).toBe(page.id)
  })
})

describe('GET /api/v1/pages/:pageId', () => {
  test('200: your page by its id in any spelling, with a slash at the end', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    for (const id of [page.id, undashed(page.id), page.id.toUpperCase(), `${page.id}/`]) {
      const answer = await server.as('ada')('GET', `/api/v1/pages/${id}`)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({ ...page, creator: null, navigation_route: null, content_backup: null })
    }
  })

  test('200: a published page of somebody else, without the backup', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { content: { secret: 1 } })
    await server.as('ada')('POST', `/api/v1/pages/${page.id}/backup`, {})
    await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, { content: { clean: 1 } })
    await publish(server, 'ada', page.id)
    const [own, foreign] = [
      await server.as('ada')('GET', `/api/v1/pages/${page.id}`),
      await server.as('bob')('GET', `/api/v1/pages/${page.id}`),
    ]
    expect(own.body.content_backup).toEqual({ secret: 1 })
    expect(foreign.body).toEqual({ ...own.body, content_backup: null })
    await server.as('ada')('POST', `/api/v1/pages/${page.id}/publish`, { publish: false })
    expect(await server.as('bob')('GET', `/api/v1/pages/${page.id}`)).toMatchObject(pageNotFound)
  })

  test("404: unknown ids and somebody else's, also for the administrator; 401: a stranger, even of a published page", async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const page = await addPage(server, 'ada')
    for (const id of [unknownId, 'nonsense', '%00', 'x'.repeat(100), 'route']) {
      expect(await server.as('ada')('GET', `/api/v1/pages/${id}`)).toMatchObject(pageNotFound)
    }
    for (const name of ['admin', 'bob']) {
      expect(await server.as(name)('GET', `/api/v1/pages/${page.id}`)).toMatchObject(pageNotFound)
    }
    expect(await server.as('ada')('GET', `/api/v1/pages/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    await publish(server, 'ada', page.id)
    expect(await server.call('GET', `/api/v1/pages/${page.id}`)).toMatchObject(notAuthenticated)
    expect(await server.call('GET', `/api/v1/pages/route/${page.route}`)).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/pages/route/*', () => {
  test('200: routes with slashes, spaces and any script, encoded or not', async () => {
    await using server = testApp()
    const find = async (path: string) => (await server.as('ada')('GET', `/api/v1/pages/route/${path}`)).body.route
    const asked: Record<string, string[]> = {
      simple: ['simple', '/simple', '%2Fsimple', 'simple/', 'simple?x=1'],
      'a/b/c': ['a/b/c', '/a/b/c', 'a%2Fb%2fc', 'a/b/c/', '%2fa/b%2Fc'],
      '/my-page': ['my-page', '/my-page', '%2Fmy-page', 'my-page/'],
      'My Page': ['My%20Page'],
      '100%': ['100%', '100%25'],
      'a%20b': ['a%2520b'],
      '日本/🧠': ['日本/🧠', encodeURIComponent('日本/🧠'), encodeURI('日本/🧠')],
      'ends/': ['ends/'],
      hierarchy: ['hierarchy'],
      '1+1': ['1+1', '1%2B1'],
    }
    for (const route of Object.keys(asked)) await addPage(server, 'ada', { route })
    for (const [route, paths] of Object.entries(asked)) {
      for (const path of paths) expect([path, await find(path)]).toEqual([path, route])
    }
  })

  test('200: your own page comes first, then a published one, the one that was published first', async () => {
    await using server = testApp()
    const find = async (name: string) => (await server.as(name)('GET', '/api/v1/pages/route/home')).body.creator_id
    const [ada, bob, eve] = [
      await addPage(server, 'ada', { route: 'home' }),
      await addPage(server, 'bob', { route: 'home' }),
      await addPage(server, 'eve', { route: '/home' }),
    ]
    expect(await server.as('kim')('GET', '/api/v1/pages/route/home')).toMatchObject(pageNotFound)
    server.clock.now += 1000
    await publish(server, 'bob', bob.id)
    server.clock.now += 1000
    await publish(server, 'ada', ada.id)
    await publish(server, 'eve', eve.id)
    expect(await find('kim')).toBe(bob.creator_id)
    expect(await find('ada')).toBe(ada.creator_id)
    expect(await find('eve')).toBe(eve.creator_id)
    await server.as('bob')('POST', `/api/v1/pages/${bob.id}/publish`, { publish: false })
    expect(await find('kim')).toBe(ada.creator_id)
    expect(await find('bob')).toBe(bob.creator_id)
  })

  test('200: the backup for its owner only', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { route: 'x/y', content: { a: 1 } })
    await server.as('ada')('POST', `/api/v1/pages/${page.id}/backup`, {})
    await publish(server, 'ada', page.id)
    const [own, foreign] = [
      await server.as('ada')('GET', '/api/v1/pages/route/x/y'),
      await server.as('bob')('GET', '/api/v1/pages/route/x/y'),
    ]
    expect(own.body).toMatchObject({ content_backup: { a: 1 }, creator: null, navigation_route: null })
    expect(foreign.body).toEqual({ ...own.body, content_backup: null })
  })

  test('404: unknown, empty, endless and malformed routes, and other users’ own pages', async () => {
    await using server = testApp()
    await addPage(server, 'bob', { route: 'his' })
    for (const path of ['his', 'nothing', '', '/', '%', '%00', '%E0%A4%A', 'x'.repeat(5000), '/'.repeat(5000)]) {
      expect(await server.as('ada')('GET', `/api/v1/pages/route/${path}`)).toMatchObject({ status: 404 })
    }
  })
})

test('405: a wrong method says which ones there are', async () => {
  await using server = testApp()
  const answer = await server.as('ada')('PATCH', `/api/v1/pages/${unknownId}`, {})
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, PUT'])
})
