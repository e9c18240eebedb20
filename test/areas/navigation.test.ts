import { describe, expect, test } from 'bun:test'
import { createRoute } from '../../src/areas/navigation/navigation.service.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { toUuid } from '../../src/shared/ids.ts'
import {
  type Account,
  addPage,
  navigationPath as path,
  openNavigation,
  parentNotFound,
  refused,
  routeNotFound,
} from '../support/navigation.ts'

const unknownId = '00000000-0000-4000-8000-000000000000'
const pageNotFound = refused('page_not_found', 'The specified page does not exist')
const fixedPage = refused('fixed_page', 'Cannot change default page for this route')
const fixedComponent = refused('fixed_component', 'Cannot change default component for this route')
const invalid = (loc: (string | number)[], type: string) => ({
  status: 422,
  body: { code: 'http.validation', detail: [{ loc, type }] },
})
const systemPaths = ['dashboard', 'plugin-studio', 'personas', 'settings', 'plugin-manager']

const pathsOf = (routes: { route: string }[]) => routes.map(({ route }) => route)

/** Everything that a body may set, with a parent and a page of the account. */
const everyField = (parentId: string, pageId: string) => ({
  name: 'Mine 🌊',
  route: '/my/Route ü',
  icon: 'Star',
  description: 'What it is',
  order: -7,
  is_visible: false,
  default_component_id: 'dashboard',
  default_page_id: pageId,
  can_change_default: true,
  parent_id: parentId,
  display_order: 9,
  is_collapsible: false,
  is_expanded: false,
})

const wrongFields: [object, string, string][] = [
  [{ name: '' }, 'name', 'string_too_short'],
  [{ name: 'x'.repeat(201) }, 'name', 'string_too_long'],
  [{ name: 7 }, 'name', 'string_type'],
  [{ route: '' }, 'route', 'string_too_short'],
  [{ route: 'x'.repeat(256) }, 'route', 'string_too_long'],
  [{ icon: 'x'.repeat(501) }, 'icon', 'string_too_long'],
  [{ description: 'x'.repeat(2001) }, 'description', 'string_too_long'],
  [{ order: 1_000_001 }, 'order', 'less_than_equal'],
  [{ order: -1_000_001 }, 'order', 'greater_than_equal'],
  [{ order: 1.5 }, 'order', 'int_parsing'],
  [{ display_order: 'first' }, 'display_order', 'int_parsing'],
  [{ display_order: 1_000_001 }, 'display_order', 'less_than_equal'],
  [{ is_visible: 'yes' }, 'is_visible', 'bool_parsing'],
  [{ can_change_default: 1 }, 'can_change_default', 'bool_parsing'],
  [{ is_collapsible: {} }, 'is_collapsible', 'bool_parsing'],
  [{ is_expanded: [] }, 'is_expanded', 'bool_parsing'],
  [{ parent_id: 'x'.repeat(101) }, 'parent_id', 'string_too_long'],
  [{ parent_id: 5 }, 'parent_id', 'string_type'],
  [{ default_component_id: 'x'.repeat(101) }, 'default_component_id', 'string_too_long'],
  [{ default_page_id: 'home' }, 'default_page_id', 'string_pattern_mismatch'],
  [{ default_page_id: 'x'.repeat(37) }, 'default_page_id', 'string_too_long'],
]

describe('POST /api/v1/navigation-routes', () => {
  test('201: a name and a path are enough', async () => {
    await using opened = await openNavigation()
    const { status, body } = await opened.ada.call('POST', path, { name: 'Mine', route: 'mine' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      creator_id: opened.ada.id,
      name: 'Mine',
      route: 'mine',
      icon: null,
      description: null,
      order: 0,
      is_visible: true,
      is_system_route: false,
      default_component_id: null,
      default_page_id: null,
      can_change_default: false,
      parent_id: null,
      display_order: 0,
      is_collapsible: true,
      is_expanded: true,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('201: everything that is sent is stored; the rest of a body is ignored', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const parent = await ada.add('parent')
    const sent = everyField(parent.id, addPage(server, ada.id))
    const ignored = { is_system_route: true, id: 'x', creator_id: 'x', created_at: 'x', constructor: 1 }
    const { status, body } = await ada.call('POST', path, { ...sent, ...ignored })
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...sent, is_system_route: false, creator_id: ada.id })
    expect((await ada.call('GET', `${path}/${body.id}`)).body).toMatchObject(body)
  })

  test('201: nulls and empty references are the defaults', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const plain = await ada.add('plain')
    const nulls = Object.fromEntries(Object.keys(everyField('', '')).map((field) => [field, null]))
    expect(await ada.add('nulls', { ...nulls, name: 'plain', route: 'nulls' })).toEqual({
      ...plain,
      route: 'nulls',
      id: expect.any(String),
    })
    const empty = { parent_id: '', default_page_id: '', default_component_id: '' }
    expect(await ada.add('empty', empty)).toMatchObject({
      parent_id: null,
      default_page_id: null,
      default_component_id: null,
    })
  })

  test('201: ids in any spelling; parents are shown without dashes, pages with', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const parent = await ada.add('parent')
    const pageId = addPage(server, ada.id)
    const spellings = [(id: string) => id, toUuid, (id: string) => toUuid(id).toUpperCase()]
    for (const [index, spell] of spellings.entries()) {
      const sent = { parent_id: spell(parent.id), default_page_id: spell(pageId.replaceAll('-', '')) }
      expect(await ada.add(`r${index}`, sent)).toMatchObject({ parent_id: parent.id, default_page_id: pageId })
    }
  })

  test('400: a path is taken once for each user, as it is written', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    for (const route of ['mine', '/mine', 'Mine', 'mine/', "it's 🌊"]) {
      await ada.add(route)
      await bob.add(route)
      expect(await ada.call('POST', path, { name: 'N', route })).toMatchObject(
        refused('route_exists', `Route with path '${route}' already exists`),
      )
    }
    expect(await ada.call('POST', path, { name: 'N', route: 'dashboard' })).toMatchObject({ status: 400 })
  })

  test('400: parents must be your own', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const foreign = await bob.add('theirs')
    for (const parent_id of [foreign.id, toUuid(foreign.id), unknownId, 'x', '__proto__']) {
      expect(await ada.call('POST', path, { name: 'N', route: 'n', parent_id })).toMatchObject(parentNotFound)
    }
    expect(pathsOf((await ada.call('GET', path)).body)).toEqual(systemPaths)
  })

  test('default pages: your own or a published one; 400 for any other', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const allowed = [addPage(server, ada.id), addPage(server, bob.id, { published: true })]
    for (const default_page_id of allowed)
      expect((await ada.add(default_page_id, { default_page_id })).default_page_id).toBe(default_page_id)
    for (const default_page_id of [addPage(server, bob.id), unknownId]) {
      expect(await ada.call('POST', path, { name: 'N', route: 'n', default_page_id })).toMatchObject(pageNotFound)
    }
  })

  test('400: at most 2000 for each user', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    inTransaction(server.deps.db, () => {
      for (let index = 5; index < 2000; index++) {
        createRoute(server.deps, ada.id, { name: 'N', route: `r${index}` })
      }
    })
    expect(await ada.call('POST', path, { name: 'N', route: 'one more' })).toMatchObject(
      refused('too_many', 'You already have 2000 navigation routes: delete some first'),
    )
    await bob.add('room')
    expect((await ada.call('GET', path)).body).toHaveLength(2000)
  })

  test('422: lengths, ranges and types; the limits themselves fit', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const missing: typeof wrongFields = [
      [{ name: undefined }, 'name', 'missing'],
      [{ name: null }, 'name', 'string_type'],
      [{ route: undefined }, 'route', 'missing'],
    ]
    for (const [fields, field, type] of [...missing, ...wrongFields]) {
      expect(await ada.call('POST', path, { name: 'N', route: 'n', ...fields })).toMatchObject(
        invalid(['body', field], type),
      )
    }
    expect(await ada.call('POST', path, [])).toMatchObject({ status: 422 })
    const longest = {
      name: 'x'.repeat(200),
      route: 'x'.repeat(255),
      icon: 'x'.repeat(500),
      description: 'x'.repeat(2000),
      order: 1_000_000,
      display_order: -1_000_000,
      default_component_id: 'x'.repeat(100),
    }
    expect(await ada.add('n', longest)).toMatchObject(longest)
  })
})

describe('GET /api/v1/navigation-routes', () => {
  test('200: your own by order, then age, then id', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    await bob.add('theirs', { order: 1 })
    server.clock.now += 1
    await ada.add('later', { order: 1 })
    server.clock.now -= 1
    const twins = [await ada.add('twin 1', { order: 1 }), await ada.add('twin 2', { order: 1 })]
    await ada.add('first', { order: -1 })
    const sorted = pathsOf(twins.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    expect(pathsOf((await ada.call('GET', path)).body)).toEqual([
      'first',
      'dashboard',
      ...sorted,
      'later',
      ...systemPaths.slice(1),
    ])
  })

  test('200: hidden ones only without visible_only', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    await ada.add('hidden', { is_visible: false, order: 99 })
    for (const query of ['', '?visible_only=false', '?visible_only=', '?visible_only=No', '?visible_only=OFF']) {
      expect(pathsOf((await ada.call('GET', path + query)).body)).toEqual([...systemPaths, 'hidden'])
    }
    for (const value of ['true', 'True', 'TRUE', '1', 'yes', 'on', 'oN']) {
      expect(pathsOf((await ada.call('GET', `${path}?visible_only=${value}`)).body)).toEqual(systemPaths)
    }
    for (const value of ['x', '2', 'null', '-1', 'true,true', '%20', '__proto__']) {
      expect(await ada.call('GET', `${path}?visible_only=${value}`)).toMatchObject(
        invalid(['query', 'visible_only'], 'bool_parsing'),
      )
    }
  })
})

describe('GET /api/v1/navigation-routes/:routeId', () => {
  test('200: the route with its creator, by either spelling', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const route = await ada.add('mine')
    for (const id of [route.id, toUuid(route.id), toUuid(route.id).toUpperCase()]) {
      expect(await ada.call('GET', `${path}/${id}`)).toMatchObject({
        status: 200,
        body: { ...route, creator: { id: ada.id, username: 'ada', email: 'ada@home.test' }, pages: null },
      })
    }
  })

  test('404: unknown and foreign ones alike, named with dashes', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const foreign = (await bob.add('theirs')).id
    expect(await ada.call('GET', `${path}/${foreign}`)).toMatchObject(routeNotFound(toUuid(foreign)))
    expect(await ada.call('GET', `${path}/${unknownId}`)).toMatchObject(routeNotFound(unknownId))
    expect(await ada.call('GET', `${path}/x`)).toMatchObject(routeNotFound('x'))
    expect(await ada.call('GET', `${path}/${'x'.repeat(101)}`)).toMatchObject(
      invalid(['path', 'routeId'], 'string_too_long'),
    )
  })
})

describe('PUT /api/v1/navigation-routes/:routeId', () => {
  test('200: everything can change, and only what is sent does', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const [parent, route] = [await ada.add('parent'), await ada.add('mine')]
    const sent = everyField(parent.id, addPage(server, ada.id))
    let expected = route
    for (const [field, wanted] of Object.entries(sent)) {
      server.clock.now += 1000
      const { status, body } = await ada.call('PUT', `${path}/${toUuid(route.id)}`, { [field]: wanted })
      expected = { ...expected, [field]: wanted, updated_at: new Date(server.clock.now).toISOString() }
      expect([status, body]).toEqual([200, expected])
    }
  })

  test('200: null leaves alone what refers to nothing, and clears what does', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const parent = await ada.add('parent')
    const route = await ada.add('mine', everyField(parent.id, addPage(server, ada.id)))
    const nulls = Object.fromEntries(Object.keys(everyField('', '')).map((field) => [field, null]))
    expect((await ada.call('PUT', `${path}/${route.id}`, nulls)).body).toEqual({
      ...route,
      parent_id: null,
      default_page_id: null,
      default_component_id: null,
    })
    await ada.call('PUT', `${path}/${route.id}`, { parent_id: parent.id, default_component_id: 'settings' })
    const empty = { parent_id: '', default_component_id: '', default_page_id: '', icon: '', description: '' }
    expect((await ada.call('PUT', `${path}/${route.id}`, empty)).body).toMatchObject({
      parent_id: null,
      default_component_id: null,
      icon: '',
      description: '',
    })
  })

  test('200: nothing new changes nothing, not even updated_at', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const parent = await ada.add('parent')
    const route = await ada.add('mine', everyField(parent.id, addPage(server, ada.id)))
    server.clock.now += 1000
    const same = { ...route, parent_id: toUuid(parent.id), default_page_id: route.default_page_id.toUpperCase() }
    for (const body of [{}, same, { is_system_route: true, creator_id: 'x', id: 'x' }]) {
      expect((await ada.call('PUT', `${path}/${route.id}`, body)).body).toEqual(route)
    }
  })

  test('400: the path of another route of yours', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const [route] = [await ada.add('mine'), await ada.add('taken'), await bob.add('free')]
    expect(await ada.call('PUT', `${path}/${route.id}`, { route: 'taken' })).toMatchObject(
      refused('route_exists', "Route with path 'taken' already exists"),
    )
    expect(await ada.call('PUT', `${path}/${route.id}`, { route: 'free' })).toMatchObject({ status: 200 })
  })

  test('200: pages below the route follow its new path, and block its deletion', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const [mine, theirs] = [await ada.add('mine'), await bob.add('mine')]
    const place = { parent_type: 'navigation', parent_route: 'mine' }
    const addBelow = async ({ call }: Account) =>
      (await call('POST', '/api/v1/pages', { name: 'P', route: 'mine/p', content: {}, ...place })).body
    const [page, foreign] = [await addBelow(ada), await addBelow(bob)]
    await ada.call('PUT', `${path}/${mine.id}`, { route: 'new' })
    expect((await ada.call('GET', `/api/v1/pages/${page.id}`)).body).toMatchObject({
      route: page.route,
      parent_type: 'navigation',
      parent_route: 'new',
    })
    expect((await bob.call('GET', `/api/v1/pages/${foreign.id}`)).body).toMatchObject(place)
    for (const [account, route] of [[ada, mine] as const, [bob, theirs] as const]) {
      expect(await account.call('DELETE', `${path}/${route.id}`)).toMatchObject(
        refused('route_in_use', 'Cannot delete route: 1 page(s) are using this route'),
      )
    }
    await ada.call('DELETE', `/api/v1/pages/${page.id}`)
    expect((await ada.call('DELETE', `${path}/${mine.id}`)).status).toBe(204)
  })

  test('400: default page and component stay once set, unless the route says otherwise', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const [page, other] = [addPage(server, ada.id), addPage(server, ada.id)]
    const route = await ada.add('mine')
    const put = (body: object) => ada.call('PUT', `${path}/${route.id}`, body)
    const defaults = { default_page_id: page, default_component_id: 'settings' }
    expect((await put(defaults)).body).toMatchObject(defaults)
    for (const default_page_id of [other, null, '']) expect(await put({ default_page_id })).toMatchObject(fixedPage)
    for (const default_component_id of ['dashboard', null, '']) {
      expect(await put({ default_component_id })).toMatchObject(fixedComponent)
    }
    // The flag counts as it was before.
    expect(await put({ default_page_id: other, can_change_default: true })).toMatchObject(fixedPage)
    expect(await put({ ...defaults, name: 'Renamed', can_change_default: true })).toMatchObject({ status: 200 })
    expect((await put({ default_page_id: other, can_change_default: false })).body.default_page_id).toBe(other)
    expect(await put({ default_page_id: page })).toMatchObject(fixedPage)
  })

  test('a default page: 400 for a foreign draft; one that was unpublished since blocks nothing', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const published = addPage(server, bob.id, { published: true })
    const route = await ada.add('mine', { default_page_id: published, can_change_default: true })
    server.database.sqlite.run('UPDATE pages SET is_published = 0')
    const put = (body: object) => ada.call('PUT', `${path}/${route.id}`, body)
    expect((await put({ name: 'New', default_page_id: published })).body).toMatchObject({ name: 'New' })
    expect(await put({ default_page_id: addPage(server, bob.id) })).toMatchObject(pageNotFound)
    expect(await put({ default_page_id: unknownId })).toMatchObject(pageNotFound)
    server.database.sqlite.run('DELETE FROM pages')
    expect((await ada.call('GET', `${path}/${route.id}`)).body.default_page_id).toBeNull()
  })

  test('a system route: 400 for another name or path, also when the rest is fine; the dialog may send both again', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const route = await ada.system('settings')
    const put = (body: object) => ada.call('PUT', `${path}/${toUuid(route.id)}`, body)
    expect(await put({ name: 'Mine', icon: 'X' })).toMatchObject(
      refused('fixed_name', 'Cannot change name for system routes'),
    )
    expect(await put({ route: 'mine' })).toMatchObject(
      refused('fixed_path', 'Cannot change route path for system routes'),
    )
    const dialog = {
      name: 'Settings',
      route: 'settings',
      icon: 'Gear',
      description: '',
      order: 3,
      is_visible: false,
      default_component_id: 'settings',
      default_page_id: null,
      can_change_default: false,
    }
    expect(await put(dialog)).toMatchObject({ status: 200, body: { ...dialog, is_system_route: true } })
    expect((await put({ parent_id: null, is_system_route: false })).body).toMatchObject({
      parent_id: null,
      is_system_route: true,
    })
  })

  test('400: parents must be your own and not below the route', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const top = await ada.add('top')
    const below = await ada.add('below', { parent_id: top.id })
    const foreign = await bob.add('theirs')
    const put = (parent_id: string) => ada.call('PUT', `${path}/${top.id}`, { name: 'New', parent_id })
    expect(await put(toUuid(top.id))).toMatchObject(
      refused('own_parent', 'Invalid hierarchy move: Route cannot be its own parent'),
    )
    expect(await put(below.id)).toMatchObject(
      refused('own_ancestor', 'Invalid hierarchy move: Circular reference: route would become ancestor of itself'),
    )
    for (const id of [foreign.id, unknownId, 'x']) expect(await put(id)).toMatchObject(parentNotFound)
    expect((await ada.call('GET', `${path}/${top.id}`)).body).toMatchObject(top)
  })

  test('404: unknown and foreign ones alike', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const foreign = await bob.add('theirs')
    expect(await ada.call('PUT', `${path}/${foreign.id}`, { name: 'Stolen' })).toMatchObject(
      routeNotFound(toUuid(foreign.id)),
    )
    expect(await ada.call('PUT', `${path}/${unknownId}`, { name: 'N' })).toMatchObject(routeNotFound(unknownId))
    expect((await bob.call('GET', `${path}/${foreign.id}`)).body.name).toBe('theirs')
  })

  test('422: lengths, ranges and types', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const route = await ada.add('mine')
    for (const [fields, field, type] of wrongFields) {
      expect(await ada.call('PUT', `${path}/${route.id}`, fields)).toMatchObject(invalid(['body', field], type))
    }
    expect(await ada.call('PUT', `${path}/${route.id}`, [])).toMatchObject(invalid(['body'], 'dict_type'))
    expect((await ada.call('GET', `${path}/${route.id}`)).body).toMatchObject(route)
  })

  test('stores Unicode only, and answers with what is stored', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const route = await ada.add('half \uD83C')
    expect(route.route).toBe('half \uFFFD')
    const { body } = await ada.call('PUT', `${path}/${route.id}`, { icon: '\uDF0A', description: 'a\u0000b' })
    expect(body).toMatchObject({ icon: '\uFFFD', description: 'a\u0000b' })
  })
})

describe('DELETE /api/v1/navigation-routes/:routeId', () => {
  test('204: gone; its children move up and keep their places', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const top = await ada.add('top')
    const middle = await ada.add('middle', { parent_id: top.id })
    const leaf = await ada.add('leaf', { parent_id: middle.id, display_order: 8 })
    const deeper = await ada.add('deeper', { parent_id: leaf.id })
    server.clock.now += 1000
    const get = async (id: string) => (await ada.call('GET', `${path}/${id}`)).body
    expect(await ada.call('DELETE', `${path}/${toUuid(middle.id)}`)).toMatchObject({ status: 204, body: '' })
    expect(await ada.call('DELETE', `${path}/${middle.id}`)).toMatchObject(routeNotFound(toUuid(middle.id)))
    const moved = { ...leaf, parent_id: top.id, updated_at: '2026-01-02T03:04:06.678Z' }
    expect([await get(leaf.id), await get(deeper.id)]).toMatchObject([moved, deeper])
    await ada.call('DELETE', `${path}/${top.id}`)
    expect(await get(leaf.id)).toMatchObject({ parent_id: null, display_order: 8 })
  })

  test('400: system routes, and routes that your pages use; pages of others do not count', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const system = await ada.system('personas')
    expect(await ada.call('DELETE', `${path}/${system.id}`)).toMatchObject(
      refused('system_route', 'Cannot delete system routes'),
    )
    const route = await ada.add('mine')
    addPage(server, bob.id, { under: route.id })
    addPage(server, ada.id, { under: route.id })
    addPage(server, ada.id, { under: route.id })
    expect(await ada.call('DELETE', `${path}/${route.id}`)).toMatchObject(
      refused('route_in_use', 'Cannot delete route: 2 page(s) are using this route'),
    )
    server.database.sqlite.run('DELETE FROM pages WHERE creator_id = ?', [ada.id])
    expect(await ada.call('DELETE', `${path}/${route.id}`)).toMatchObject({ status: 204 })
  })

  test('404: a foreign route stays', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const remains = async ({ call }: Account, id: string) => (await call('GET', `${path}/${id}`)).status
    const foreign = await bob.add('theirs')
    expect(await ada.call('DELETE', `${path}/${foreign.id}`)).toMatchObject(routeNotFound(toUuid(foreign.id)))
    expect(await remains(bob, foreign.id)).toBe(200)
    expect(await ada.call('DELETE', `${path}/${unknownId}`)).toMatchObject(routeNotFound(unknownId))
  })
})
