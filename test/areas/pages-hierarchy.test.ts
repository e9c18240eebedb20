import { describe, expect, test } from 'bun:test'
import { inTransaction } from '../../src/db/transaction.ts'
import {
  addNavigationRoute,
  addPage,
  insertPage,
  readPlace,
  routeExists,
  undashed,
  withoutPages,
} from '../support/pages.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const cycle = { status: 400, body: { detail: 'A page cannot be moved below itself', code: 'pages.cycle' } }
const tooLong = { status: 400, body: { code: 'pages.route_too_long' } }

const mover =
  (server: TestServer, name = 'ada') =>
  (id: string, body: unknown) =>
    server.as(name)('PUT', `/api/v1/pages/${id}/hierarchy`, body)

describe('PUT /api/v1/pages/:pageId/hierarchy', () => {
  test("200: what the web client's dialog sends for a page without a parent changes no route", async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { name: 'My Page', route: 'my-page-17' })
    const move = mover(server)
    for (const type of ['page', '']) {
      const answer = await move(page.id, { parent_route: '', parent_type: type, is_parent_page: false })
      expect(answer).toMatchObject({ status: 200, body: { name: 'My Page', route: 'my-page-17', parent_route: null } })
    }
    expect((await move(page.id, {})).body.parent_type).toBeNull()
    expect((await move(page.id, { is_parent_page: true })).body).toMatchObject({ is_parent_page: true })
    expect((await move(page.id, { is_parent_page: null })).body).toMatchObject({ is_parent_page: true })
  })

  test('200: the body of the public reference', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: '/new-parent', is_parent_page: true })
    const page = await addPage(server, 'ada', { name: 'P', route: '/my-page', content: { a: 1 } })
    const answer = await mover(server)(undashed(page.id), {
      parent_route: '/new-parent',
      parent_type: 'page',
      route_segment: 'new-segment',
      is_parent_page: false,
    })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: page.id,
        name: 'P',
        route: '/new-parent/new-segment',
        route_segment: 'new-segment',
        parent_route: '/new-parent',
        parent_type: 'page',
        content: { a: 1 },
      },
    })
  })

  test('200: a page moves under a page, a navigation route, a section and back; it keeps the last part of its route', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    addNavigationRoute(server, await server.idOf('ada'), '/nav')
    const page = await addPage(server, 'ada', { name: 'Something Else', route: 'My Page' })
    const move = mover(server)
    const steps: [unknown, unknown][] = [
      [{ parent_route: '/top' }, { route: 'top/My Page', parent_route: 'top', parent_type: 'page' }],
      [
        { parent_type: 'navigation', parent_route: 'nav' },
        { route: '/nav/My Page', parent_route: '/nav', parent_type: 'navigation' },
      ],
      [{ parent_type: 'dashboard' }, { route: 'dashboard/My Page', parent_route: null, parent_type: 'dashboard' }],
      [
        { parent_type: 'plugin-studio', parent_route: 'top' },
        { route: 'plugin-studio/My Page', parent_route: null },
      ],
      [
        { parent_type: 'settings', parent_route: '' },
        { route: 'settings/My Page', parent_type: 'settings' },
      ],
      [{ parent_route: 'top' }, { route: 'top/My Page', parent_route: 'top', parent_type: 'page' }],
      [{ parent_type: '' }, { route: 'top/My Page', parent_route: 'top', parent_type: null }],
      [{ parent_route: '' }, { route: 'My Page', parent_route: null, parent_type: null }],
      [{ parent_type: 'navigation' }, { route: 'My Page', parent_route: null, parent_type: 'navigation' }],
    ]
    for (const [body, expected] of steps) {
      expect((await move(page.id, body)).body).toMatchObject(expected as object)
      expect((await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body).toMatchObject(expected as object)
    }
  })

  test('200: a slash at the start stays when a page leaves its parent', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: '/top', is_parent_page: true })
    const page = await addPage(server, 'ada', { route: 'a' })
    await mover(server)(page.id, { parent_route: '/top' })
    expect((await mover(server)(page.id, { parent_route: '' })).body.route).toBe('/a')
  })

  test('200: a new last part, as a slug; the same one again changes nothing', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { route: 'Old Name' })
    const rename = async (segment: unknown) => (await mover(server)(page.id, { route_segment: segment })).body.route
    for (const same of ['Old Name', '', null]) expect(await rename(same)).toBe('Old Name')
    expect(await rename('New / Näme')).toBe('new--nme')
    expect(await rename('日本')).toBe('page')
  })

  test('200: a taken route gets the time, then a number', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const pages = []
    for (const route of ['a/x', 'b/x', 'c/x', '/d/x']) pages.push(await addPage(server, 'ada', { route }))
    server.clock.now = 1_767_000_000_000
    const routes = []
    for (const { id } of pages) routes.push((await mover(server)(id, { parent_route: 'top' })).body.route)
    expect(routes).toEqual(['top/x', 'top/x-1767000000', 'top/x-1767000000-2', 'top/x-1767000000-3'])
  })

  test("400: no free route, which names the page's name", async () => {
    await using server = testApp()
    server.clock.now = 1_767_000_000_000
    const ada = await server.idOf('ada')
    const routes = Array.from({ length: 48 }, (_, index) => `x-1767000000-${index + 2}`)
    for (const route of ['x', 'x-1767000000', ...routes]) {
      insertPage(server, ada, { route })
    }
    const page = await addPage(server, 'ada', { name: 'Mine', route: 'mine' })
    server.clock.now = 1_767_000_000_000
    expect(await mover(server)(page.id, { route_segment: 'x' })).toMatchObject({
      status: 400,
      body: { detail: "Could not generate a unique route for page 'Mine'", code: 'pages.no_unique_route' },
    })
  })

  test('400: unknown types and parents, pages that are no parents; nothing is changed', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    await addPage(server, 'ada', { name: 'Plain', route: 'plain' })
    await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    await addPage(server, 'bob', { route: 'his', is_parent_page: true })
    addNavigationRoute(server, await server.idOf('bob'), 'his-nav')
    addNavigationRoute(server, await server.idOf('ada'), 'nav')
    const page = await addPage(server, 'ada', { route: 'a' })
    const parentNotFound = (route: string) => ({
      detail: `Parent route ${route} not found`,
      code: 'pages.parent_not_found',
    })
    const cases: [Record<string, unknown>, unknown][] = [
      [{ parent_type: 'Page' }, { code: 'pages.invalid_parent_type' }],
      [
        { parent_type: 'nonsense', parent_route: 'top' },
        {
          detail: 'Invalid parent type. Must be one of: page, navigation, dashboard, plugin-studio, settings, or empty',
          code: 'pages.invalid_parent_type',
        },
      ],
      [{ parent_route: 'nowhere' }, parentNotFound('nowhere')],
      [{ parent_route: 'his' }, parentNotFound('his')],
      [{ parent_route: 'nav' }, parentNotFound('nav')],
      [{ parent_route: 'top', parent_type: 'navigation' }, parentNotFound('top')],
      [{ parent_route: 'his-nav', parent_type: 'navigation' }, parentNotFound('his-nav')],
      [
        { parent_route: '/plain' },
        { detail: "Page 'Plain' is not marked as a parent page", code: 'pages.not_a_parent' },
      ],
    ]
    for (const [place, body] of cases) {
      const wanted = { ...place, is_parent_page: true }
      expect(await mover(server)(page.id, wanted)).toMatchObject({ status: 400, body: body as object })
      const put = await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, { ...wanted, name: 'Lost' })
      expect(put).toMatchObject({ status: 400, body: body as object })
      const post = await server.as('ada')('POST', '/api/v1/pages', { name: 'n', route: 'n', content: {}, ...wanted })
      expect(post).toMatchObject({ status: 400, body: body as object })
    }
    expect((await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body).toMatchObject(page)
    expect((await server.as('ada')('GET', '/api/v1/pages')).body.total).toBe(3)
  })

  test('400: below itself, a child or a grandchild, by PUT, too', async () => {
    await using server = testApp()
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    await addPage(server, 'ada', { route: 'top/child', parent_route: 'top', is_parent_page: true })
    await addPage(server, 'ada', { route: 'odd', parent_route: 'top/child', is_parent_page: true })
    for (const route of ['top', '/top', 'top/child', 'odd']) {
      expect(await mover(server)(top.id, { parent_route: route })).toMatchObject(cycle)
      expect(await server.as('ada')('PUT', `/api/v1/pages/${top.id}`, { parent_route: route })).toMatchObject(cycle)
    }
    const plain = await addPage(server, 'ada', { route: 'plain' })
    expect(await mover(server)(plain.id, { parent_route: 'plain' })).toMatchObject(cycle)
    // Below a navigation route that has the route of a page is another place.
    addNavigationRoute(server, await server.idOf('ada'), 'top')
    const below = await addPage(server, 'ada', {
      route: 'n',
      parent_type: 'navigation',
      parent_route: 'top',
      is_parent_page: true,
    })
    expect((await mover(server)(top.id, { parent_route: 'n' })).status).toBe(200)
    expect((await readPlace(server, 'ada', below.id)).parent_route).toBe('top')
  })

  test('200: an unchanged parent passes, also when it is no parent any more', async () => {
    await using server = testApp()
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const page = await addPage(server, 'ada', { route: 'a', parent_route: 'top' })
    await mover(server)(top.id, { is_parent_page: false })
    const body = { parent_route: 'top', parent_type: 'page', is_parent_page: true }
    expect((await mover(server)(page.id, body)).body).toMatchObject({ route: 'a', parent_route: 'top' })
  })

  test('422: texts that are too long, fields of a wrong type', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    for (const body of [
      { parent_route: 'x'.repeat(1001) },
      { parent_type: 'x'.repeat(51) },
      { route_segment: 'x'.repeat(201) },
      { is_parent_page: 'true' },
      { parent_route: 7 },
      undefined,
      [],
    ]) {
      const answer = await mover(server)(page.id, body)
      expect([body, answer.status]).toEqual([body, 422])
    }
  })
})

describe('pages below a page whose route changes', () => {
  const addFamily = async (server: TestServer) => {
    await addPage(server, 'ada', { route: 'other', is_parent_page: true })
    const top = await addPage(server, 'ada', { name: 'Top', route: 'top', is_parent_page: true })
    const below = (route: string, parentRoute: string) =>
      addPage(server, 'ada', { route, parent_route: parentRoute, is_parent_page: true })
    const child = await below('top/child', 'top')
    const grandchild = await below('top/child/grand', 'top/child')
    const odd = await below('elsewhere', 'top')
    const belowOdd = await below('elsewhere/x', 'elsewhere')
    const namesake = await addPage(server, 'ada', { route: 'top/child/no-relation' })
    await addPage(server, 'bob', { route: 'top', is_parent_page: true })
    const foreign = await addPage(server, 'bob', { route: 'top/child', parent_route: 'top' })
    return { top, child, grandchild, odd, belowOdd, namesake, foreign }
  }

  const expectMoved = async (server: TestServer, family: Awaited<ReturnType<typeof addFamily>>, to: string) => {
    const place = (page: { id: string }, name = 'ada') => readPlace(server, name, page.id)
    expect(await place(family.top)).toMatchObject({ route: to })
    expect(await place(family.child)).toMatchObject({ route: `${to}/child`, parent_route: to })
    expect(await place(family.grandchild)).toMatchObject({ route: `${to}/child/grand`, parent_route: `${to}/child` })
    expect(await place(family.odd)).toMatchObject({ route: 'elsewhere', parent_route: to })
    expect(await place(family.belowOdd)).toMatchObject({ route: 'elsewhere/x', parent_route: 'elsewhere' })
    expect(await place(family.namesake)).toMatchObject({ route: 'top/child/no-relation', parent_route: null })
    expect(await place(family.foreign, 'bob')).toMatchObject({ route: 'top/child', parent_route: 'top' })
  }

  test('200: come along when it is moved, gets another last part, another name or another route', async () => {
    await using server = testApp()
    const family = await addFamily(server)
    const put = (body: unknown) => server.as('ada')('PUT', `/api/v1/pages/${family.top.id}`, body)
    await mover(server)(family.top.id, { parent_route: 'other' })
    await expectMoved(server, family, 'other/top')
    await mover(server)(family.top.id, { route_segment: 'up' })
    await expectMoved(server, family, 'other/up')
    await put({ route: '/🧠 neu' })
    await expectMoved(server, family, '/🧠 neu')
    server.clock.now = 1_767_000_000_000
    await put({ name: 'Named' })
    await expectMoved(server, family, 'other/named-1767000000')
    await put({ route: 'ends/' })
    await server.as('ada')('PUT', `/api/v1/pages/${family.top.id}`, { route: 'top' })
    await expectMoved(server, family, 'top')
    const { body } = await server.as('ada')('GET', `/api/v1/pages/${family.child.id}`)
    expect(body.updated_at).toBe(new Date(server.clock.now).toISOString())
  })

  test('200: a page may move to where one of its children is now', async () => {
    await using server = testApp()
    const top = await addPage(server, 'ada', { route: 'p', is_parent_page: true })
    const ids = []
    for (const route of ['p/p', 'p/x', 'p/p/x']) {
      ids.push((await addPage(server, 'ada', { route, parent_route: 'p' })).id)
    }
    expect((await mover(server)(top.id, { parent_type: 'dashboard' })).body.route).toBe('dashboard/p')
    await server.as('ada')('PUT', `/api/v1/pages/${ids[0]}`, { route: 'free' })
    const answer = await server.as('ada')('PUT', `/api/v1/pages/${top.id}`, { route: 'dashboard/p/p' })
    expect(answer.status).toBe(200)
    expect((await readPlace(server, 'ada', ids[1])).route).toBe('dashboard/p/p/x')
    expect((await readPlace(server, 'ada', ids[2])).route).toBe('dashboard/p/p/p/x')
  })

  test('400: one of their routes is taken, with or without a slash at the start; nothing is changed', async () => {
    await using server = testApp()
    const family = await addFamily(server)
    await addPage(server, 'ada', { route: '/new/child/grand' })
    const before = (await server.as('ada')('GET', '/api/v1/pages')).body
    const put = (body: unknown) => server.as('ada')('PUT', `/api/v1/pages/${family.top.id}`, body)
    expect(await put({ route: 'new', description: 'lost' })).toMatchObject(routeExists)
    expect(await mover(server)(family.top.id, { route_segment: 'new' })).toMatchObject(routeExists)
    expect((await server.as('ada')('GET', '/api/v1/pages')).body).toEqual(before)
  })

  test('400: a route that would become longer than 1000 characters; nothing is changed', async () => {
    await using server = testApp()
    const family = await addFamily(server)
    const before = (await server.as('ada')('GET', '/api/v1/pages')).body
    const put = (route: string) => server.as('ada')('PUT', `/api/v1/pages/${family.top.id}`, { route })
    expect(await put('x'.repeat(990))).toMatchObject(tooLong)
    await addPage(server, 'ada', { route: 'y'.repeat(1000), is_parent_page: true })
    expect(await mover(server)(family.namesake.id, { parent_route: 'y'.repeat(1000) })).toMatchObject(tooLong)
    expect((await server.as('ada')('GET', '/api/v1/pages')).body.pages.slice(0, -1)).toEqual(before.pages)
    expect((await put('x'.repeat(988))).status).toBe(200)
  })

  test('400: taken below the shortest route there is, too', async () => {
    await using server = testApp()
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const child = await addPage(server, 'ada', { route: 'top/x', parent_route: 'top' })
    const other = await addPage(server, 'ada', { route: 'x' })
    const rename = () => server.as('ada')('PUT', `/api/v1/pages/${top.id}`, { route: '/' })
    expect(await rename()).toMatchObject(routeExists)
    await server.as('ada')('PUT', `/api/v1/pages/${other.id}`, { route: 'y' })
    expect((await rename()).status).toBe(200)
    expect(await readPlace(server, 'ada', child.id)).toMatchObject({ route: '/x', parent_route: '/' })
  })

  test('200: rings among imported parents do not hang', async () => {
    await using server = testApp()
    const [a, b] = [
      await addPage(server, 'ada', { route: 'a', is_parent_page: true }),
      await addPage(server, 'ada', { route: 'a/b', is_parent_page: true }),
    ]
    const { sqlite } = server.database
    sqlite.run(`UPDATE pages SET parent_route = 'a/b' WHERE route = 'a'`)
    sqlite.run(`UPDATE pages SET parent_route = 'a' WHERE route = 'a/b'`)
    const other = await addPage(server, 'ada', { route: 'c' })
    expect((await mover(server)(other.id, { parent_route: 'a/b' })).status).toBe(200)
    expect((await mover(server)(a.id, { parent_route: '' })).status).toBe(200)
    sqlite.run(`UPDATE pages SET parent_route = 'a/b' WHERE route = 'a/b'`)
    expect((await server.as('ada')('PUT', `/api/v1/pages/${b.id}`, { route: 'z' })).status).toBe(200)
  })

  test('200: 10,000 of them within a second; a stranger’s pages of the same routes are untouched', async () => {
    await using server = testApp()
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const { sqlite } = server.database
    const users = [await server.idOf('ada'), await server.idOf('bob')]
    inTransaction(server.deps.db, () => {
      for (const user of users) {
        for (let index = 0; index < 100; index++) {
          insertPage(server, user, { route: `top/${index}`, parent_route: 'top' })
          for (let inner = 0; inner < 99; inner++) {
            insertPage(server, user, { route: `top/${index}/${inner}`, parent_route: `top/${index}` })
          }
        }
      }
    })
    const startedAt = performance.now()
    expect((await mover(server)(top.id, { route_segment: 'new' })).status).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(1000)
    const count = (user: string | undefined, pattern: string) =>
      sqlite.query('SELECT count(*) FROM pages WHERE creator_id = ? AND route LIKE ?').values(user!, pattern)[0]?.[0]
    expect([count(users[0], 'new/%'), count(users[0], 'top/%')]).toEqual([10_000, 0])
    expect([count(users[1], 'new/%'), count(users[1], 'top/%')]).toEqual([0, 10_000])
  })

  test('200: sixty of five megabytes each are not written; nor when their parent goes', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const content = JSON.stringify({ text: 'x'.repeat(5_000_000) })
    for (let index = 0; index < 60; index++) {
      insertPage(server, ada, { route: `top/${index}`, parent_route: 'top', content })
    }
    const time = async (run: () => Promise<{ status: number }>) => {
      const startedAt = performance.now()
      expect((await run()).status).toBeLessThan(300)
      return performance.now() - startedAt
    }
    // Writing the contents takes a second; without them it is a few milliseconds.
    expect(await time(() => mover(server)(top.id, { route_segment: 'new' }))).toBeLessThan(600)
    expect(await time(() => server.as('ada')('DELETE', `/api/v1/pages/${top.id}`))).toBeLessThan(600)
    const { body } = await server.as('ada')('GET', '/api/v1/pages/route/new/59')
    expect([body.parent_route, body.content.text.length]).toEqual([null, 5_000_000])
  })
})
