import { describe, expect, test } from 'bun:test'
import * as store from '../../src/areas/navigation/navigation.store.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { navigationPath as path, openNavigation, seedRoutes } from '../support/navigation.ts'
import { plansOf } from '../support/query-plans.ts'

describe('statements', () => {
  test('search by an index and sort nothing', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const { sqlite } = server.database
    // Of its own, so that nothing is prepared yet.
    const db = openDrizzle(sqlite)
    const route = await ada.add('mine')
    const row = store.findRoute(server.deps.db, ada.id, route.id)
    if (!row) throw new Error('the route is gone')
    const list = plansOf(sqlite, () => store.listRoutes(db, ada.id))
    expect(list).toEqual(['SEARCH navigation_routes USING INDEX navigation_routes_order (creator_id=?)'])
    const run = () => {
      store.findRoute(db, ada.id, route.id)
      store.readPlaces(db, ada.id)
      store.findIdOfPath(db, ada.id, 'mine')
      store.countRoutes(db, ada.id)
      store.canReadPage(db, ada.id, route.id)
      store.countPagesOfRoute(db, row)
      store.renameParentOfPages(db, row, 'other', 1)
      store.findCreator(db, ada.id)
      store.placeRoute(db, row)
      store.deleteRoute(db, row, 1)
    }
    const plans = plansOf(sqlite, run)
    expect(plans).toHaveLength(11)
    for (const plan of plans) {
      expect(plan).toStartWith('SEARCH')
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
    }
    store.insertRoute(db, row)
    expect(plansOf(sqlite, run)).toEqual([])
  })

  test('writes reach the owner’s rows only', async () => {
    await using opened = await openNavigation()
    const { server, ada, bob } = opened
    const { db } = server.deps
    const route = await ada.add('mine')
    const child = await ada.add('child', { parent_id: route.id })
    const row = store.findRoute(db, ada.id, route.id)
    if (!row) throw new Error('the route is gone')
    expect(store.findRoute(db, bob.id, route.id)).toBeUndefined()
    store.updateRoute(db, bob.id, route.id, { name: 'Stolen' })
    store.placeRoute(db, { ...row, creatorId: bob.id, displayOrder: 7 })
    store.deleteRoute(db, { ...row, creatorId: bob.id }, 1)
    expect(store.findRoute(db, ada.id, route.id)).toEqual(row)
    expect(store.findRoute(db, ada.id, child.id)).toMatchObject({ parentId: route.id })
  })
})

describe('seedNavigation', () => {
  const readAccount = async (opened: Awaited<ReturnType<typeof openNavigation>>) =>
    (await opened.ada.call('GET', path)).body

  test('an account starts with five system routes', async () => {
    await using opened = await openNavigation()
    const routes = await readAccount(opened)
    const root = routes[0].id
    const fields = ['name', 'route', 'icon', 'order', 'parent_id', 'display_order', 'is_collapsible'] as const
    expect(routes.map((route: Record<string, unknown>) => fields.map((field) => route[field]))).toEqual([
      ['Your BrainDrive', 'dashboard', 'AccountTree', 0, null, 0, true],
      ['Page Builder', 'plugin-studio', 'AccountTree', 20, root, 4, false],
      ['Personas', 'personas', 'Person', 25, root, 2, false],
      ['Settings', 'settings', 'Settings', 30, root, 1, false],
      ['Plugin Manager', 'plugin-manager', 'Extension', 40, root, 3, false],
    ])
    for (const route of routes) {
      expect(route).toMatchObject({
        creator_id: opened.ada.id,
        default_component_id: route.route,
        default_page_id: null,
        can_change_default: false,
        is_system_route: true,
        is_visible: true,
        is_expanded: true,
      })
    }
  })

  test('again: writes nothing when all is there', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const settings = await ada.system('settings')
    await ada.call('PUT', `${path}/${settings.id}`, { icon: 'Mine', parent_id: null, is_visible: false })
    const changes = () => server.database.sqlite.query('SELECT total_changes() AS n').get()
    const before = [await readAccount(opened), changes()]
    seedRoutes(server, ada.id)
    expect([await readAccount(opened), changes()]).toEqual(before)
  })

  test('a repaired account gets what lacks, below the root that it has', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    const remove = (route: string) =>
      server.database.sqlite.run('DELETE FROM navigation_routes WHERE route = ? AND creator_id = ?', [route, ada.id])
    const root = await ada.system('dashboard')
    remove('personas')
    const mine = await ada.add('mine')
    const others = await readAccount(opened)
    seedRoutes(server, ada.id)
    const personas = await ada.system('personas')
    expect(personas).toMatchObject({ parent_id: root.id, is_system_route: true })
    expect((await readAccount(opened)).filter(({ id }: { id: string }) => id !== personas.id)).toEqual(others)
    remove('dashboard')
    remove('settings')
    seedRoutes(server, ada.id)
    const newRoot = await ada.system('dashboard')
    expect(await ada.system('settings')).toMatchObject({ parent_id: newRoot.id })
    // Those that lost their parent stay where they are.
    expect(await ada.system('personas')).toMatchObject({ id: personas.id, parent_id: null })
    expect(await ada.system('mine')).toEqual(mine)
  })

  test('a route of the user’s own with the path of a system route stays as it is', async () => {
    await using opened = await openNavigation()
    const { server, ada } = opened
    server.database.sqlite.run("DELETE FROM navigation_routes WHERE route = 'settings' AND creator_id = ?", [ada.id])
    const own = await ada.add('settings')
    seedRoutes(server, ada.id)
    expect(await ada.system('settings')).toEqual(own)
    expect(await readAccount(opened)).toHaveLength(5)
  })
})
