import { describe, expect, test } from 'bun:test'
import {
  addNavigationRoute,
  addPage,
  pageNotFound,
  publish,
  routeExists,
  undashed,
  unknownId,
  unknownNavigationRoute,
} from '../support/pages.ts'
import { testApp } from '../support/test-app.ts'

const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }

describe('PUT /api/v1/pages/:pageId', () => {
  test('200: what is sent changes, what is missing or null stays', async () => {
    await using server = testApp()
    const navigationRouteId = addNavigationRoute(server, await server.idOf('ada'), 'mine')
    const page = await addPage(server, 'ada', {
      description: 'd',
      icon: 'i',
      navigation_route_id: navigationRouteId,
      is_parent_page: true,
    })
    const put = async (body: unknown) => (await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, body)).body
    server.clock.now += 1000
    expect(await put({})).toEqual(page)
    const nulls = { name: null, route: null, content: null, description: null, icon: null, is_published: null }
    expect(await put({ ...nulls, parent_route: null, parent_type: null, is_parent_page: null })).toEqual(page)
    const updatedAt = new Date(server.clock.now).toISOString()
    expect(await put({ content: { a: 1 } })).toEqual({ ...page, content: { a: 1 }, updated_at: updatedAt })
    expect(await put({ description: '', icon: '🧠' })).toMatchObject({ description: '', icon: '🧠', content: { a: 1 } })
    expect(await put({ is_parent_page: false })).toMatchObject({ is_parent_page: false, description: '' })
    expect(await put({ route: '/New Route' })).toMatchObject({ route: '/New Route', route_segment: 'New Route' })
    const last = (await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body
    expect(last).toMatchObject({ route: '/New Route', icon: '🧠', navigation_route_id: navigationRouteId })
  })

  test('200: null or an empty text takes the page off its navigation route', async () => {
    await using server = testApp()
    const id = addNavigationRoute(server, await server.idOf('ada'), 'mine')
    const page = await addPage(server, 'ada')
    const put = async (value: unknown) =>
      (await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, { navigation_route_id: value })).body
    for (const none of [null, '']) {
      expect(await put(id)).toMatchObject({ navigation_route_id: id })
      expect(await put(none)).toMatchObject({ navigation_route_id: null })
    }
    const foreign = addNavigationRoute(server, await server.idOf('bob'), 'his')
    for (const unknown of [foreign, unknownId]) expect(await put(unknown)).toMatchObject(unknownNavigationRoute.body)
  })

  test('200: a new name makes a new route and stays as it is sent', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { route: 'old' })
    const rename = async (name: string, id = page.id) =>
      (await server.as('ada')('PUT', `/api/v1/pages/${id}`, { name })).body
    server.clock.now = 1_767_000_000_999
    expect(await rename('My  Néw Page!')).toMatchObject({ name: 'My  Néw Page!', route: 'my--nw-page-1767000000' })
    expect(await rename('My  Néw Page!')).toMatchObject({ route: 'my--nw-page-1767000000' })
    expect(await rename('日本語')).toMatchObject({ name: '日本語', route: 'page-1767000000' })
    const others = [await addPage(server, 'ada'), await addPage(server, 'ada'), await addPage(server, 'bob')]
    server.clock.now = 1_767_000_000_000
    expect(await rename('page', others[0].id)).toMatchObject({ name: 'page', route: 'page-1767000000-2' })
    expect(await rename('PAGE', others[1].id)).toMatchObject({ name: 'PAGE', route: 'page-1767000000-3' })
    const slashed = await addPage(server, 'ada', { route: '/slashed' })
    server.clock.now = 1_767_000_000_000
    expect(await rename('x', slashed.id)).toMatchObject({ route: '/x-1767000000' })
  })

  test("200: a renamed page stays below its parent's route", async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: '/top', is_parent_page: true })
    addNavigationRoute(server, await server.idOf('ada'), 'nav')
    server.clock.now = 1_767_000_000_000 - 1000
    for (const [place, route] of [
      [{ parent_route: '/top' }, '/top/new-1767000000'],
      [{ parent_type: 'navigation', parent_route: 'nav' }, 'nav/new-1767000000'],
      [{ parent_type: 'plugin-studio' }, 'plugin-studio/new-1767000000'],
    ] as const) {
      const page = await addPage(server, 'ada', place)
      server.clock.now = 1_767_000_000_000
      const answer = await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, { name: 'New' })
      expect(answer.body).toMatchObject({ name: 'New', route })
    }
  })

  test('200: a route that is sent is taken as it is, with a new name, too', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { route: 'a' })
    const put = async (body: unknown) => (await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, body)).body
    expect(await put({ name: 'B', route: 'b' })).toMatchObject({ name: 'B', route: 'b' })
    expect(await put({ name: 'C', route: 'b' })).toMatchObject({ name: 'C', route: 'b' })
    expect(await put({ route: '/b' })).toMatchObject({ route: '/b' })
  })

  test('400: the route of another page of yours; nothing is changed', async () => {
    await using server = testApp()
    await addPage(server, 'ada', { route: '/taken' })
    const page = await addPage(server, 'ada', { route: 'a' })
    for (const route of ['taken', '/taken']) {
      const body = { name: 'Other', content: { lost: 1 }, route }
      expect(await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, body)).toMatchObject(routeExists)
    }
    expect((await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body).toMatchObject(page)
  })

  test('200: is_published sets the date; false keeps it', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    const put = async (isPublished: boolean) =>
      (await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, { is_published: isPublished })).body
    const publishDate = new Date(server.clock.now).toISOString()
    expect(await put(true)).toMatchObject({ is_published: true, publish_date: publishDate })
    server.clock.now += 5000
    expect(await put(false)).toMatchObject({ is_published: false, publish_date: publishDate })
  })

  test("404: unknown pages and somebody else's, published or not; 401 before 422", async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const page = await addPage(server, 'ada')
    await publish(server, 'ada', page.id)
    for (const [method, path, body] of [
      ['PUT', '', { name: 'Stolen' }],
      ['PUT', '/hierarchy', { is_parent_page: true }],
      ['POST', '/publish', { publish: false }],
      ['POST', '/backup', {}],
      ['POST', '/restore', {}],
      ['DELETE', '', undefined],
    ] as const) {
      for (const name of ['admin', 'bob']) {
        expect(await server.as(name)(method, `/api/v1/pages/${page.id}${path}`, body)).toMatchObject(pageNotFound)
      }
      expect(await server.as('ada')(method, `/api/v1/pages/${unknownId}${path}`, body)).toMatchObject(pageNotFound)
      expect(await server.call(method, `/api/v1/pages/${page.id}${path}`, body && '7')).toMatchObject(notAuthenticated)
    }
    const kept = (await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).body
    expect(kept).toMatchObject({ name: page.name, is_published: true, backup_date: null })
  })

  test('422: fields of a wrong type, empty or too long', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    for (const body of [
      { name: '' },
      { name: 'x'.repeat(201) },
      { route: '' },
      { route: 'a\tb' },
      { content: [] },
      { content: 'x' },
      { is_published: 'true' },
      { is_parent_page: 1 },
      { description: 'x'.repeat(10_001) },
      { navigation_route_id: {} },
      [],
      'null',
    ]) {
      const answer = await server.as('ada')('PUT', `/api/v1/pages/${page.id}`, body)
      expect([body, answer.status]).toEqual([body, 422])
    }
  })

  test('200: two writers at once lose nothing of each other', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    const put = (body: unknown) => server.as('ada')('PUT', `/api/v1/pages/${page.id}`, body)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => [
        put({ content: { index } }),
        put({ description: `d${index}` }),
        put({ icon: `i${index}` }),
        server.as('ada')('PUT', `/api/v1/pages/${page.id}/hierarchy`, { is_parent_page: true }),
        publish(server, 'ada', page.id),
      ]).flat(),
    )
    const { body } = await server.as('ada')('GET', `/api/v1/pages/${page.id}`)
    expect(body).toMatchObject({ is_parent_page: true, is_published: true, name: page.name, route: page.route })
    expect([body.content.index, body.description, body.icon]).not.toContain(null)
    expect(body.content.index).toBeNumber()
  })

  test('201, 400: of two who create one route at once, one wins', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    const post = (route: string) => server.as('ada')('POST', '/api/v1/pages', { name: 'x', route, content: {} })
    const answers = await Promise.all(['same', '/same', 'same', '/same'].map(post))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400, 400])
  })
})

describe('POST /api/v1/pages/:pageId/publish', () => {
  test('200: the page itself; publishing again renews the date, withdrawing keeps it', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    const call = async (isPublished: boolean) =>
      (await server.as('ada')('POST', `/api/v1/pages/${undashed(page.id)}/publish`, { publish: isPublished })).body
    const now = () => new Date(server.clock.now).toISOString()
    server.clock.now += 1000
    const published = { ...page, is_published: true, publish_date: now(), updated_at: now() }
    expect(await call(true)).toEqual(published)
    server.clock.now += 1000
    expect(await call(true)).toMatchObject({ publish_date: now() })
    const last = now()
    server.clock.now += 1000
    expect(await call(false)).toMatchObject({ is_published: false, publish_date: last, content: page.content })
  })

  test('422: no publish, or no boolean', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    for (const body of [undefined, {}, { publish: null }, { publish: 'true' }]) {
      const answer = await server.as('ada')('POST', `/api/v1/pages/${page.id}/publish`, body)
      expect(answer.status).toBe(422)
    }
  })
})

describe('POST /api/v1/pages/:pageId/backup and restore', () => {
  test('200: a copy, put back as often as wanted; a new one replaces it', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { content: { version: 1 } })
    const at = `/api/v1/pages/${page.id}`
    const ada = server.as('ada')
    server.clock.now += 1000
    const backupDate = new Date(server.clock.now).toISOString()
    const backedUp = await ada('POST', `${at}/backup`, { create_backup: true })
    expect(backedUp).toMatchObject({ status: 200, body: { ...page, backup_date: backupDate } })
    for (const version of [2, 3]) {
      await ada('PUT', at, { content: { version } })
      expect((await ada('GET', at)).body).toMatchObject({ content: { version }, content_backup: { version: 1 } })
      server.clock.now += 1000
      const restored = await ada('POST', `${at}/restore`, {})
      expect(restored).toMatchObject({ status: 200, body: { content: { version: 1 }, backup_date: backupDate } })
      expect(restored.body.updated_at).toBe(new Date(server.clock.now).toISOString())
    }
    await ada('PUT', at, { content: { version: 4 } })
    await ada('POST', `${at}/backup`, {})
    expect((await ada('GET', at)).body.content_backup).toEqual({ version: 4 })
    expect((await ada('POST', `${at}/restore`)).body.content).toEqual({ version: 4 })
  })

  test('200: create_backup false does nothing', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    const answer = await server.as('ada')('POST', `/api/v1/pages/${page.id}/backup`, { create_backup: false })
    expect(answer).toMatchObject({ status: 200, body: page })
  })

  test('400: nothing to restore; 422: no body for a backup', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    expect(await server.as('ada')('POST', `/api/v1/pages/${page.id}/restore`, {})).toMatchObject({
      status: 400,
      body: { detail: 'No backup available for this page', code: 'pages.no_backup' },
    })
    for (const body of [undefined, 'null', '[]', { create_backup: 'x' }]) {
      expect((await server.as('ada')('POST', `/api/v1/pages/${page.id}/backup`, body)).status).toBe(422)
    }
  })
})

describe('DELETE /api/v1/pages/:pageId', () => {
  test('204: the page is gone, its route is free; 404: the second time', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { route: 'r' })
    const answer = await server.as('ada')('DELETE', `/api/v1/pages/${undashed(page.id).toUpperCase()}`)
    expect([answer.status, answer.body]).toEqual([204, ''])
    expect(await server.as('ada')('GET', `/api/v1/pages/${page.id}`)).toMatchObject(pageNotFound)
    expect(await server.as('ada')('DELETE', `/api/v1/pages/${page.id}`)).toMatchObject(pageNotFound)
    await addPage(server, 'ada', { route: 'r' })
  })

  test('204: children lose their parent, navigation routes their default page', async () => {
    await using server = testApp()
    const navigationRouteId = addNavigationRoute(server, await server.idOf('ada'), 'top')
    const parent = await addPage(server, 'ada', { route: 'top', is_parent_page: true })
    const child = await addPage(server, 'ada', { route: 'top/child', parent_route: 'top', is_parent_page: true })
    const grandchild = await addPage(server, 'ada', { route: 'g', parent_route: 'top/child' })
    const below = await addPage(server, 'ada', { route: 'n', parent_type: 'navigation', parent_route: 'top' })
    const foreign = await addPage(server, 'bob', { route: 'top', is_parent_page: true })
    const { sqlite } = server.database
    sqlite.run('UPDATE navigation_routes SET default_page_id = ? WHERE id = ?', [
      undashed(parent.id),
      navigationRouteId,
    ])
    expect((await server.as('ada')('DELETE', `/api/v1/pages/${parent.id}`)).status).toBe(204)
    const read = async (name: string, id: string) => (await server.as(name)('GET', `/api/v1/pages/${id}`)).body
    expect(await read('ada', child.id)).toMatchObject({ route: 'top/child', parent_route: null })
    expect(await read('ada', grandchild.id)).toMatchObject({ parent_route: 'top/child' })
    expect(await read('ada', below.id)).toMatchObject({ parent_route: 'top', parent_type: 'navigation' })
    expect(await read('bob', foreign.id)).toMatchObject({ route: 'top' })
    expect(
      sqlite.query('SELECT default_page_id FROM navigation_routes WHERE id = ?').values(navigationRouteId),
    ).toEqual([[null]])
  })

  test('204: settings of the page go, with definitions that nobody else uses; others stay', async () => {
    await using server = testApp()
    const [page, other] = [await addPage(server, 'ada'), await addPage(server, 'ada')]
    const save = (name: string, definition: string, scope: string, pageId?: string) =>
      server.as(name)('POST', '/api/v1/settings/instances', {
        definition_id: definition,
        name: definition,
        value: { a: 1 },
        scope,
        page_id: pageId,
      })
    await save('ada', 'only_here', 'page', page.id)
    await save('ada', 'shared', 'user_page', undashed(page.id))
    await save('ada', 'shared', 'user_page', other.id)
    await save('ada', 'plain', 'user')
    await save('bob', 'his', 'user_page', page.id)
    await server.as('ada')('DELETE', `/api/v1/pages/${page.id}`)
    const { sqlite } = server.database
    const mine = `WHERE definition_id IN ('only_here', 'shared', 'plain', 'his')`
    expect(sqlite.query(`SELECT definition_id, page_id FROM settings_instances ${mine}`).values()).toEqual([
      ['shared', undashed(other.id)],
      ['plain', null],
    ])
    const auto = `SELECT id FROM settings_definitions WHERE id IN ('only_here', 'shared', 'plain', 'his') ORDER BY id`
    expect(sqlite.query(auto).values()).toEqual([['plain'], ['shared']])
  })

  test('204: conversations about the page stay', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada')
    const { body } = await server.as('ada')('POST', '/api/v1/conversations', { page_id: page.id })
    await server.as('ada')('DELETE', `/api/v1/pages/${page.id}`)
    expect((await server.as('ada')('GET', `/api/v1/conversations/${body.id}`)).body.page_id).toBe(page.id)
  })
})
