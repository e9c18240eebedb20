import { describe, expect, test } from 'bun:test'
import { createRoute } from '../../src/areas/navigation/navigation.service.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { toUuid } from '../../src/shared/ids.ts'
import {
  type Account,
  navigationPath as path,
  openNavigation,
  parentNotFound,
  refused,
  routeNotFound,
} from '../support/navigation.ts'

const unknownId = '00000000-0000-4000-8000-000000000000'
const ownParent = refused('own_parent', 'Invalid hierarchy move: Route cannot be its own parent')
const ownAncestor = refused(
  'own_ancestor',
  'Invalid hierarchy move: Circular reference: route would become ancestor of itself',
)
const circularChain = refused('circular_chain', 'Invalid hierarchy move: Circular reference detected in parent chain')

interface Node {
  id: string
  route: string
  depth_level: number
  children: Node[]
}

const outline = (nodes: Node[]): unknown[] =>
  nodes.map(({ route, children }) => (children.length > 0 ? [route, ...outline(children)] : route))

const readTree = async ({ call }: Account): Promise<Node[]> => (await call('GET', `${path}/tree`)).body
/** The tree without the system routes. */
const readOwnTree = async (account: Account) =>
  outline((await readTree(account)).filter(({ route }) => route !== 'dashboard'))
const read = async ({ call }: Account, id: string) => (await call('GET', `${path}/${id}`)).body

describe('GET /api/v1/navigation-routes/tree', () => {
  test('200: nested routes with every field, their depth and their children', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const top = await ada.add('top', { display_order: 1 })
    const below = await ada.add('below', { parent_id: top.id })
    const tree = await readTree(ada)
    expect(outline(tree)).toEqual([
      ['dashboard', 'settings', 'personas', 'plugin-manager', 'plugin-studio'],
      ['top', 'below'],
    ])
    expect(tree[1]).toEqual({
      ...top,
      depth_level: 0,
      children: [{ ...below, depth_level: 1, children: [] }],
    })
  })

  test('200: siblings by display_order, then age, then id', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const top = await ada.add('top')
    const child = (route: string, display_order: number) => ada.add(route, { parent_id: top.id, display_order })
    server.clock.now += 1
    await child('late', 1)
    server.clock.now -= 1
    const twins = [await child('twin 1', 1), await child('twin 2', 1)]
    await child('last', 2)
    await child('first', -1)
    const sorted = twins.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ route }) => route)
    expect(await readOwnTree(ada)).toEqual([['top', 'first', ...sorted, 'late', 'last']])
  })

  test('200: a hidden route takes its subtree along', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const top = await ada.add('top')
    const hidden = await ada.add('hidden', { parent_id: top.id, is_visible: false })
    const below = await ada.add('below', { parent_id: hidden.id })
    await ada.add('deeper', { parent_id: below.id })
    expect(await readOwnTree(ada)).toEqual(['top'])
    const system = await ada.system('dashboard')
    await ada.call('PUT', `${path}/${system.id}`, { is_visible: false })
    expect(outline(await readTree(ada))).toEqual(['top'])
  })

  test('200: never a route of somebody else, not even below a foreign parent', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const foreign = await bob.add('theirs')
    const stray = await ada.add('stray')
    // Nothing in the API does this.
    server.database.sqlite.run('UPDATE navigation_routes SET parent_id = ? WHERE id = ?', [foreign.id, stray.id])
    expect(await readOwnTree(ada)).toEqual(['stray'])
    expect(await readOwnTree(bob)).toEqual(['theirs'])
  })

  test('200: 2000 routes below each other, at once', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    inTransaction(server.deps.db, () => {
      let parent_id = ''
      for (let index = 5; index < 2000; index++) {
        parent_id = createRoute(server.deps, ada.id, { name: 'N', route: `r${index}`, parent_id }).id
      }
    })
    const start = performance.now()
    const tree = await readTree(ada)
    expect(performance.now() - start).toBeLessThan(1000)
    let node = tree.find(({ route }) => route === 'r5')
    let depth = 0
    while (node?.children[0]) {
      node = node.children[0]
      depth++
    }
    expect([depth, node?.depth_level]).toEqual([1994, 1994])
    const top = tree.find(({ route }) => route === 'r5')
    expect(await ada.call('PUT', `${path}/${top?.id}/move`, { parent_id: node?.id })).toMatchObject(ownAncestor)
  })
})

describe('PUT /api/v1/navigation-routes/:routeId/move', () => {
  test('200: below another route at a given place, ids in either spelling', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const [top, route] = [await ada.add('top'), await ada.add('mine')]
    server.clock.now += 1000
    const sent = { parent_id: toUuid(top.id).toUpperCase(), display_order: 2, name: 'ignored' }
    expect(await ada.call('PUT', `${path}/${toUuid(route.id)}/move`, sent)).toMatchObject({
      status: 200,
      body: { ...route, parent_id: top.id, display_order: 2, updated_at: '2026-01-02T03:04:06.678Z' },
    })
    server.clock.now += 1000
    const { body } = await ada.call('PUT', `${path}/${route.id}/move`, { parent_id: top.id, display_order: 2 })
    expect(body.updated_at).toBe('2026-01-02T03:04:06.678Z')
  })

  test('200: without a parent it goes to the root; without a place behind the others', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    await bob.add('theirs', { display_order: 500 })
    const top = await ada.add('top', { display_order: 3 })
    const [one, two] = [await ada.add('one', { parent_id: top.id }), await ada.add('two', { parent_id: top.id })]
    const move = async (id: string, body: object) => (await ada.call('PUT', `${path}/${id}/move`, body)).body
    expect(await move(one.id, {})).toMatchObject({ parent_id: null, display_order: 4 })
    expect(await move(two.id, { parent_id: '', display_order: null })).toMatchObject({
      parent_id: null,
      display_order: 5,
    })
    // Nobody is there yet; then the route itself counts.
    expect(await move(one.id, { parent_id: two.id })).toMatchObject({ parent_id: two.id, display_order: 0 })
    expect(await move(one.id, { parent_id: two.id })).toMatchObject({ display_order: 1 })
    await move(two.id, { parent_id: top.id, display_order: 1_000_000 })
    expect(await move(one.id, { parent_id: top.id })).toMatchObject({ display_order: 1_000_000 })
    await move(one.id, { parent_id: two.id, display_order: -5 })
    expect(await move(top.id, { parent_id: null, display_order: -9 })).toMatchObject({ display_order: -9 })
  })

  test('200: a system route may move', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const route = await ada.system('settings')
    expect(await ada.call('PUT', `${path}/${route.id}/move`, { parent_id: null })).toMatchObject({
      status: 200,
      body: { parent_id: null, is_system_route: true },
    })
  })

  test('400: not below itself, nor below what is below it', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const top = await ada.add('top')
    const middle = await ada.add('middle', { parent_id: top.id })
    const leaf = await ada.add('leaf', { parent_id: middle.id })
    const move = (id: string, parent_id: string) => ada.call('PUT', `${path}/${id}/move`, { parent_id })
    expect(await move(top.id, toUuid(top.id))).toMatchObject(ownParent)
    expect(await move(top.id, middle.id)).toMatchObject(ownAncestor)
    expect(await move(top.id, leaf.id)).toMatchObject(ownAncestor)
    expect(await readOwnTree(ada)).toEqual([['top', ['middle', 'leaf']]])
    // Nothing in the API makes such a circle.
    server.database.sqlite.run('UPDATE navigation_routes SET parent_id = ? WHERE id = ?', [leaf.id, middle.id])
    expect(await move(top.id, leaf.id)).toMatchObject(circularChain)
    expect(await move(middle.id, top.id)).toMatchObject({ status: 200 })
  })

  test('400: parents must be your own', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const [route, foreign] = [await ada.add('mine'), await bob.add('theirs')]
    for (const parent_id of [foreign.id, toUuid(foreign.id), unknownId, 'x']) {
      expect(await ada.call('PUT', `${path}/${route.id}/move`, { parent_id })).toMatchObject(parentNotFound)
    }
    expect(await read(ada, route.id)).toMatchObject(route)
  })

  test('404: unknown and foreign routes alike', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const foreign = await bob.add('theirs')
    for (const id of [foreign.id, toUuid(foreign.id), unknownId]) {
      expect(await ada.call('PUT', `${path}/${id}/move`, {})).toMatchObject(routeNotFound(toUuid(id)))
    }
    expect(await read(bob, foreign.id)).toMatchObject(foreign)
  })

  test('422: the body', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const { id } = await ada.add('mine')
    for (const body of [[], null, { parent_id: 5 }, { parent_id: 'x'.repeat(101) }, { display_order: '1' }]) {
      expect((await ada.call('PUT', `${path}/${id}/move`, body)).status).toBe(422)
    }
  })

  test('two moves at once never make a circle together', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const [one, two] = [await ada.add('one'), await ada.add('two')]
    const answers = await Promise.all([
      ada.call('PUT', `${path}/${one.id}/move`, { parent_id: two.id }),
      ada.call('PUT', `${path}/${two.id}/move`, { parent_id: one.id }),
    ])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    expect(JSON.stringify(await readOwnTree(ada))).toMatch(/^\[\["(one","two|two","one)"\]\]$/)
  })
})

describe('POST /api/v1/navigation-routes/batch-update', () => {
  const batch = ({ call }: Account, items: unknown) => call('POST', `${path}/batch-update`, items)

  test('200: the routes in the order of the items, with what each leaves alone', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const top = await ada.add('top')
    const [one, two] = [await ada.add('one', { display_order: 4 }), await ada.add('two', { parent_id: top.id })]
    server.clock.now += 1000
    const updated_at = '2026-01-02T03:04:06.678Z'
    const { status, body } = await batch(ada, [
      { id: toUuid(two.id), display_order: 7 },
      { id: one.id.toUpperCase(), parent_id: toUuid(top.id), display_order: null, is_expanded: false },
      { id: top.id, is_expanded: null },
    ])
    expect(status).toBe(200)
    expect(body).toEqual([
      { ...two, display_order: 7, updated_at },
      { ...one, parent_id: top.id, is_expanded: false, updated_at },
      top,
    ])
    for (const route of body) expect(await read(ada, route.id)).toMatchObject(route)
  })

  test('200: null and an empty text take the parent away', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const top = await ada.add('top')
    const [one, two] = [await ada.add('one', { parent_id: top.id }), await ada.add('two', { parent_id: top.id })]
    await batch(ada, [
      { id: one.id, parent_id: null },
      { id: two.id, parent_id: '' },
    ])
    expect(await readOwnTree(ada)).toHaveLength(3)
  })

  test('200: what the sidebar sends when somebody unfolds an entry', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const { id } = await ada.system('dashboard')
    expect(await batch(ada, [{ id, is_expanded: false }])).toMatchObject({
      status: 200,
      body: [{ id, is_expanded: false }],
    })
    expect((await readTree(ada))[0]).toMatchObject({ id, is_expanded: false })
  })

  test('200: unknown and foreign routes are skipped; later items of one route win, and it is answered once', async () => {
    await using opened = await openNavigation()
    const { ada, bob } = opened
    const [mine, foreign] = [await ada.add('mine'), await bob.add('theirs')]
    const { body } = await batch(ada, [
      { id: foreign.id, display_order: 5, parent_id: unknownId },
      { id: 'x' },
      { id: '' },
      { id: '__proto__', display_order: 5 },
      { id: mine.id, display_order: 1, is_expanded: false },
      { id: toUuid(mine.id), display_order: 2 },
    ])
    const expected = { id: mine.id, display_order: 2, is_expanded: false }
    expect(body).toMatchObject([expected])
    expect(await read(bob, foreign.id)).toMatchObject(foreign)
    expect((await batch(ada, [])).body).toEqual([])
    expect((await batch(ada, [{ id: foreign.id, is_expanded: false }])).body).toEqual([])
  })

  test('200: only the result must be a tree: a parent and its child may swap', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const top = await ada.add('top')
    const middle = await ada.add('middle', { parent_id: top.id })
    const leaf = await ada.add('leaf', { parent_id: middle.id })
    const { status } = await batch(ada, [
      { id: top.id, parent_id: leaf.id },
      { id: middle.id, parent_id: top.id },
      { id: leaf.id, parent_id: null },
    ])
    expect(status).toBe(200)
    expect(await readOwnTree(ada)).toEqual([['leaf', ['top', 'middle']]])
  })

  test('400: one bad item, and nothing changes', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const [one, two, three] = [await ada.add('one'), await ada.add('two'), await ada.add('three')]
    const foreign = await bob.add('theirs')
    const rows = () => server.database.sqlite.query('SELECT * FROM navigation_routes ORDER BY id').all()
    const before = rows()
    const good = { id: three.id, display_order: 9, is_expanded: false, parent_id: one.id }
    server.clock.now += 1000
    const wrong: [object[], object][] = [
      [[{ id: two.id, parent_id: two.id }], ownParent],
      [[{ id: one.id, parent_id: three.id }], ownAncestor],
      [[{ id: two.id, parent_id: foreign.id }], parentNotFound],
      [[{ id: two.id, parent_id: unknownId }], parentNotFound],
      [[{ id: two.id, parent_id: 'x' }], parentNotFound],
      [
        [
          { id: one.id, parent_id: two.id },
          { id: two.id, parent_id: three.id },
        ],
        ownAncestor,
      ],
      [
        [
          { id: one.id, parent_id: two.id },
          { id: two.id, parent_id: one.id },
        ],
        circularChain,
      ],
    ]
    for (const [items, expected] of wrong) {
      expect(await batch(ada, [good, ...items])).toMatchObject(expected)
      expect(rows()).toEqual(before)
    }
  })

  test('422: the body', async () => {
    await using opened = await openNavigation()
    const { ada } = opened
    const { id } = await ada.add('mine')
    const wrong = [
      {},
      null,
      'x',
      [{}],
      ['x'],
      [null],
      [{ id: 5 }],
      [{ id: 'x'.repeat(101) }],
      [{ id, parent_id: 5 }],
      [{ id, display_order: 1.5 }],
      [{ id, display_order: 1_000_001 }],
      [{ id, is_expanded: 'yes' }],
      [{ id, display_order: 3 }, { id: 5 }],
      Array.from({ length: 1001 }, () => ({ id })),
    ]
    for (const body of wrong) expect((await batch(ada, body)).status).toBe(422)
    expect(
      (
        await batch(
          ada,
          Array.from({ length: 1000 }, () => ({ id })),
        )
      ).body,
    ).toHaveLength(1)
    expect(await read(ada, id)).toMatchObject({ display_order: 0 })
  })
})
