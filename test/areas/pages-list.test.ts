import { describe, expect, test } from 'bun:test'
import { inTransaction } from '../../src/db/transaction.ts'
import {
  addNavigationRoute,
  addPage,
  insertPage,
  publish,
  undashed,
  unknownId,
  withoutPages,
} from '../support/pages.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const lister =
  (server: TestServer, name = 'ada') =>
  async (query = '') =>
    (await server.as(name)('GET', `/api/v1/pages?${query}`)).body

const routes = (body: { pages: { route: string }[] }) => body.pages.map(({ route }) => route)

describe('GET /api/v1/pages', () => {
  test('200: your pages in order of creation, whole, without backups', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    expect(await lister(server)()).toEqual({ pages: [], total: 0 })
    const added = []
    for (const content of [{ a: '🧠' }, {}, { layouts: { desktop: [] } }]) {
      added.push(await addPage(server, 'ada', { content }))
    }
    await addPage(server, 'bob')
    await server.as('ada')('POST', `/api/v1/pages/${added[1].id}/backup`, {})
    const answer = await server.as('ada')('GET', '/api/v1/pages/')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('x-request-id')).toBeTruthy()
    const backupDate = new Date(server.clock.now).toISOString()
    expect(answer.body).toEqual({
      pages: [added[0], { ...added[1], backup_date: backupDate }, added[2]],
      total: 3,
    })
  })

  test('200: an answer of megabytes has the same headers and form', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    const content = { text: '🧠'.repeat(100_000) }
    const added = [await addPage(server, 'ada', { content }), await addPage(server, 'ada', { content })]
    const answer = await server.as('ada')('GET', '/api/v1/pages', undefined, { origin: 'http://localhost:3000' })
    expect(answer.body).toEqual({ pages: added, total: 2 })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
    expect(answer.headers.get('x-request-id')).toBeTruthy()
  })

  test('200: skip and limit, with the total before both; 100 by default, up to 1000', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    const all = []
    for (let index = 0; index < 103; index++) all.push((await addPage(server, 'ada')).route)
    const list = lister(server)
    expect(routes(await list())).toEqual(all.slice(0, 100))
    expect(routes(await list('limit=1000'))).toEqual(all)
    expect(routes(await list('skip=100'))).toEqual(all.slice(100))
    expect(routes(await list('skip=1&limit=2'))).toEqual(all.slice(1, 3))
    expect(await list('skip=500')).toEqual({ pages: [], total: 103 })
  })

  test('200: filters are exact and combine; an empty one filters nothing', async () => {
    await using server = testApp()
    const navigationRouteId = addNavigationRoute(server, await withoutPages(server, 'ada'), 'nav')
    const top = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const child = await addPage(server, 'ada', { route: 'child', parent_route: 'top' })
    await addPage(server, 'ada', { route: 'dash', parent_type: 'dashboard', navigation_route_id: navigationRouteId })
    await addPage(server, 'ada', { route: 'inner', parent_route: 'top', is_parent_page: true })
    await publish(server, 'ada', top.id)
    await publish(server, 'ada', child.id)
    const list = lister(server)
    const cases: [string, string[]][] = [
      ['published_only=true', ['top', 'child']],
      ['published_only=false', ['top', 'child', 'dash', 'inner']],
      ['published_only=', ['top', 'child', 'dash', 'inner']],
      ['published_only=True', ['top', 'child']],
      ['published_only=on&is_parent_page=No', ['child']],
      ['published_only=0&is_parent_page=1', ['top', 'inner']],
      ['is_parent_page=true', ['top', 'inner']],
      ['is_parent_page=false', ['child', 'dash']],
      ['is_parent_page=true&published_only=true', ['top']],
      ['parent_type=page', ['top', 'child', 'inner']],
      ['parent_type=dashboard', ['dash']],
      ['parent_type=nonsense', []],
      ['parent_route=top', ['child', 'inner']],
      ['parent_route=%2Ftop', ['child', 'inner']],
      ['parent_route=top&published_only=true', ['child']],
      ['parent_route=top&is_parent_page=true', ['inner']],
      ['parent_route=top&parent_type=dashboard', []],
      ['parent_route=%25', []],
      [`navigation_route_id=${navigationRouteId}`, ['dash']],
      [`navigation_route_id=${dashed(navigationRouteId).toUpperCase()}`, ['dash']],
      [`navigation_route_id=${navigationRouteId}&published_only=true`, []],
      [
        'parent_type=&parent_route=&is_parent_page=&navigation_route_id=&creator_id=',
        ['top', 'child', 'dash', 'inner'],
      ],
    ]
    for (const [query, expected] of cases) {
      const body = await list(query)
      expect([query, routes(body), body.total]).toEqual([query, expected, expected.length])
    }
  })

  test('200: your own id is no filter; of somebody else only what is published', async () => {
    await using server = testApp()
    const [ada, bob] = [await withoutPages(server, 'ada'), await withoutPages(server, 'bob')]
    await addPage(server, 'ada', { route: 'mine' })
    await addPage(server, 'bob', { route: 'hidden' })
    const shown = await addPage(server, 'bob', { route: 'shown', content: { old: 1 } })
    await server.as('bob')('POST', `/api/v1/pages/${shown.id}/backup`, {})
    await publish(server, 'bob', shown.id)
    const list = lister(server)
    for (const id of [ada, undashed(ada), dashed(undashed(ada)).toUpperCase(), 'current']) {
      expect(routes(await list(`creator_id=${id}`))).toEqual(['mine'])
    }
    for (const query of ['', '&published_only=true', '&published_only=false']) {
      const body = await list(`creator_id=${bob}${query}`)
      expect([routes(body), body.total]).toEqual([['shown'], 1])
      expect(body.pages[0]).not.toHaveProperty('content_backup')
    }
    for (const id of [unknownId, 'nonsense']) expect(await list(`creator_id=${id}`)).toEqual({ pages: [], total: 0 })
  })

  test("404: an unknown navigation route and somebody else's look alike", async () => {
    await using server = testApp()
    const foreign = addNavigationRoute(server, await server.idOf('bob'), 'his')
    for (const id of [foreign, unknownId, 'nonsense']) {
      expect(await server.as('ada')('GET', `/api/v1/pages?navigation_route_id=${id}`)).toMatchObject({
        status: 404,
        body: { detail: 'Navigation route not found', code: 'pages.navigation_route_not_found' },
      })
    }
  })

  test('422: beyond the bounds, no booleans; 401: a stranger', async () => {
    await using server = testApp()
    for (const query of [
      'skip=-1',
      'skip=x',
      'limit=0',
      'limit=1001',
      'limit=1.5',
      'published_only=maybe',
      'is_parent_page=2',
      `parent_type=${'x'.repeat(51)}`,
      `parent_route=${'x'.repeat(1001)}`,
      `creator_id=${'x'.repeat(101)}`,
      `navigation_route_id=${'x'.repeat(101)}`,
    ]) {
      const answer = await server.as('ada')('GET', `/api/v1/pages?${query}`)
      expect([query, answer.status]).toEqual([query, 422])
    }
    expect(await server.call('GET', '/api/v1/pages?limit=0')).toMatchObject({ status: 401 })
  })
})

test('10,000 pages of one user and as many of another: every filter answers quickly', async () => {
  await using server = testApp()
  const [ada, bob] = [await withoutPages(server, 'ada'), await withoutPages(server, 'bob')]
  const navigationRouteId = addNavigationRoute(server, ada, 'nav')
  const content = JSON.stringify({ layouts: { desktop: 'x'.repeat(2000) } })
  inTransaction(server.deps.db, () => {
    for (const user of [ada, bob]) {
      for (let index = 0; index < 10_000; index++) {
        insertPage(server, user, {
          route: `page-${index}`,
          parent_route: index % 100 === 0 ? 'top' : null,
          parent_type: 'page',
          navigation_route_id: index === 7 ? navigationRouteId : null,
          is_parent_page: Number(index % 10 === 0),
          is_published: Number(index % 2 === 0),
          created_at: index,
          content,
        })
      }
    }
  })
  for (const [query, count, total] of [
    ['', 100, 10_000],
    ['published_only=true', 100, 5000],
    ['is_parent_page=true&published_only=true', 100, 1000],
    ['parent_route=top', 100, 100],
    ['parent_type=dashboard', 0, 0],
    [`navigation_route_id=${navigationRouteId}&skip=0`, 1, 1],
    [`creator_id=${bob}`, 100, 5000],
    ['skip=9990', 10, 10_000],
  ] as const) {
    const startedAt = performance.now()
    const { body } = await server.as('ada')('GET', `/api/v1/pages?${query}`)
    // Generous for a busy machine; it takes a few milliseconds.
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect([query, body.pages.length, body.total]).toEqual([query, count, total])
  }
  const startedAt = performance.now()
  expect((await server.as('ada')('GET', '/api/v1/pages/route/page-9999')).status).toBe(200)
  expect((await server.as('kim')('GET', '/api/v1/pages/route/page-9998')).status).toBe(200)
  expect(performance.now() - startedAt).toBeLessThan(500)
})
