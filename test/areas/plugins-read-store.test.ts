import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import * as lists from '../../src/areas/plugins/module-list.store.ts'
import { readPluginUsage } from '../../src/areas/plugins/plugin-usage.store.ts'
import * as change from '../../src/areas/plugins/plugins-change.store.ts'
import * as store from '../../src/areas/plugins/plugins-read.store.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { moduleRow, pluginRow } from '../support/plugins-rows.ts'
import { plansOf } from '../support/query-plans.ts'

const userId = 'a'.repeat(32)

test('every query finds its rows by an index', () => {
  const sqlite = new Database(':memory:', { strict: true })
  migrate(sqlite)
  const db = openDrizzle(sqlite)
  const page = { skip: 0, limit: 16 }
  const plugin = pluginRow(userId, 'Chat')
  const plans = plansOf(sqlite, () => {
    store.findPlugin(db, userId, 'id', 'slug')
    store.findPluginByName(db, userId, 'name')
    store.listEnabledPlugins(db, userId)
    store.countEnabledPlugins(db, userId)
    store.findModule(db, userId, 'p', 'm')
    store.listModulesOfPlugin(db, userId, 'p')
    store.listModulesOfUser(db, userId)
    store.listPluginSummaries(db, userId)
    lists.listModules(db, userId, undefined, page)
    lists.listModules(db, userId, 'ai', page)
    lists.listModuleTexts(db, userId, 'ai')
    lists.listModulesByKey(db, userId, [1])
    lists.listCategories(db, userId)
    lists.listModuleTags(db, userId)
    readPluginUsage(db, userId)
    change.switchPlugin(db, plugin, true, 1)
    change.switchModule(db, moduleRow(plugin, 'Main'), true, 1)
  })
  expect(plans).toHaveLength(20)
  for (const plan of plans) {
    expect(plan).toMatch(/SEARCH plugin(s|_modules) USING/)
    expect(plan).not.toMatch(/SCAN plugin/)
  }
  expect(plans[0]).toContain('plugins_user_slug (user_id=? AND plugin_slug=?)')
  expect(plans[0]).toContain('(id=?)')
})
