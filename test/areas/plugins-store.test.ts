import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import * as store from '../../src/areas/plugins/plugins.store.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { plansOf } from '../support/query-plans.ts'

test('what an installation, update and removal ask for is found by an index', () => {
  const sqlite = new Database(':memory:', { strict: true })
  migrate(sqlite)
  const db = openDrizzle(sqlite)
  const plans = plansOf(sqlite, () => {
    store.findPluginBySlug(db, 'u', 'Lamp')
    store.isContentUsed(db, 'hash')
    store.updatePluginFields(db, 'u', 'p', { latestVersion: '1' })
    store.replaceModules(db, 'u', 'p', [])
    store.replaceServices(db, 'u', 'p', [])
    store.deletePlugin(db, 'u', 'p')
  })
  expect(plans).toHaveLength(6)
  for (const plan of plans) {
    expect(plan).toContain('SEARCH')
    expect(plan).not.toContain('SCAN')
  }
})
