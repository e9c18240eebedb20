import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import * as contents from '../../src/areas/pages/page-contents.store.ts'
import { listPageIds } from '../../src/areas/pages/page-list.store.ts'
import * as tree from '../../src/areas/pages/page-tree.store.ts'
import * as store from '../../src/areas/pages/pages.store.ts'
import { hasPages } from '../../src/areas/pages/start-page.store.ts'
import { deletePageSettings } from '../../src/areas/settings/settings.service.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { plansOf } from '../support/query-plans.ts'

const userId = 'a'.repeat(32)

const openStore = () => {
  const sqlite = new Database(':memory:', { strict: true })
  migrate(sqlite)
  return { sqlite, db: openDrizzle(sqlite) }
}

describe('query plans', () => {
  test('a list is filtered, counted and put in order by one index, without reading a row', () => {
    const { sqlite, db } = openStore()
    const filters = { publishedOnly: true, parentType: 'page', isParentPage: true, navigationRouteId: 'x' }
    const plans = plansOf(sqlite, () => {
      listPageIds(db, userId, { ...filters, parentRoutes: ['a', '/a'] }, { skip: 0, limit: 10 })
    })
    expect(plans).toEqual([
      'SEARCH pages USING COVERING INDEX pages_list (creator_id=?)',
      'SEARCH pages USING COVERING INDEX pages_list (creator_id=?)',
    ])
  })

  test('every other statement searches by an index and sorts nothing', () => {
    const { sqlite, db } = openStore()
    const plans = plansOf(sqlite, () => {
      store.findOwnPage(db, userId, 'id')
      store.findReadablePage(db, userId, 'id')
      contents.findContentBackup(db, userId, 'id')
      store.findOwnPageByRoute(db, userId, 'route')
      store.findPublishedPageId(db, 'route')
      store.updatePage(db, userId, 'id', { name: 'x' })
      contents.updateContent(db, userId, 'id', '{}')
      contents.copyContentToBackup(db, userId, 'id')
      contents.copyBackupToContent(db, userId, 'id')
      contents.readUsage(db, userId)
      store.hasNavigationRoute(db, userId, 'id')
      store.findNavigationRouteByRoute(db, userId, 'route')
      store.deletePage(db, userId, 'id')
      tree.detachChildren(db, userId, 'route', 1)
      hasPages(db, userId)
    })
    expect(plans).toHaveLength(15)
    for (const plan of plans) {
      expect(plan).toStartWith('SEARCH')
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
    }
    expect(plans[4]).toContain('pages_published_route')
    expect(plans[9]).toBe('SEARCH page_contents USING COVERING INDEX page_contents_usage (creator_id=?)')
    expect(plans[13]).toContain('pages_parent (creator_id=? AND parent_route=?)')
  })

  test('pages that move are found level by level and written by their ids', () => {
    const { sqlite, db } = openStore()
    const plans = plansOf(sqlite, () => {
      tree.isAtOrAbove(db, userId, 'id', 'route')
      tree.findMovedPages(db, userId, { id: 'id', from: 'a', to: 'b' })
      tree.setRoutesAside(db, userId, ['id'])
      tree.findPagesByPrefix(db, userId, 'a/')
      tree.writeMovedPages(db, userId, [], 1)
    })
    expect(plans).toHaveLength(5)
    for (const plan of plans) expect(plan).not.toMatch(/SCAN pages/)
    const [above, moved, aside, found, written] = plans
    expect(above).toContain('SCAN line; SEARCH pages USING INDEX pages_creator_route (creator_id=? AND route=?)')
    expect(moved).toContain('SCAN moved; SEARCH pages USING INDEX pages_parent (creator_id=? AND parent_route=?)')
    expect(aside).toContain('SEARCH pages USING INDEX sqlite_autoindex_pages_1 (id=?)')
    expect(found).toContain('pages_creator_route (creator_id=? AND route>? AND route<?)')
    expect(written).toContain('SEARCH pages USING INDEX sqlite_autoindex_pages_1 (id=?)')
  })

  test('settings of a page are found by an index', () => {
    const { sqlite, db } = openStore()
    const [settings, definitions] = plansOf(sqlite, () => deletePageSettings({ db }, 'id'))
    expect(settings).toContain('INDEX settings_instances_page (page_id=?)')
    expect(definitions).toStartWith('SEARCH settings_definitions USING')
    expect(definitions).not.toContain('CORRELATED')
  })
})
