import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import * as history from '../../src/areas/plugin-state/plugin-state-history.store.ts'
import { listStateIds } from '../../src/areas/plugin-state/plugin-state-list.store.ts'
import * as store from '../../src/areas/plugin-state/plugin-state.store.ts'
import * as usage from '../../src/areas/plugin-state/state-usage.store.ts'
import { type Db, openDrizzle } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'

const userId = 'a'.repeat(32)
const id = '11111111-2222-4333-8444-555555555555'

/** How SQLite plans each statement that `work` prepares. */
const plansOf = (work: (db: Db) => void): string[] => {
  const sqlite = new Database(':memory:', { strict: true })
  migrate(sqlite)
  const texts: string[] = []
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = (text: string) => {
    texts.push(text)
    return prepare(text)
  }
  work(openDrizzle(sqlite))
  return texts.map((text) => {
    const rows = prepare<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${text}`).all()
    return rows.map(({ detail }) => detail).join('; ')
  })
}

test('lists are read in order from an index, those of one plugin through its own', () => {
  const page = { limit: 100, offset: 0, now: 1 }
  const rare = { pageId: 'p', stateKey: 'k', deviceId: 'd', isActive: true }
  const plans = plansOf((db) => {
    listStateIds(db, userId, rare, page)
    listStateIds(db, userId, { pluginId: 'notes', ...rare }, page)
  })
  expect(plans).toEqual([
    'SEARCH plugin_states USING INDEX plugin_states_accessed (user_id=?)',
    'SEARCH plugin_states USING INDEX plugin_states_key (user_id=? AND plugin_id=?); USE TEMP B-TREE FOR ORDER BY',
  ])
})

test('what a user takes up is read from an index alone', () => {
  const plans = plansOf((db) => {
    usage.readUsage(db, userId)
    history.readHistoryUsage(db, userId)
  })
  expect(plans).toEqual([
    'SEARCH plugin_states USING COVERING INDEX plugin_states_size (user_id=?)',
    'SEARCH plugin_state_history USING COVERING INDEX plugin_state_history_age (user_id=?)',
  ])
})

test('every other statement searches by an index', () => {
  const plans = plansOf((db) => {
    store.findLiveState(db, userId, id, 1)
    store.findStateOfKey(db, userId, { pluginId: 'p', pageId: '', stateKey: '' })
    store.touchState(db, userId, id, 1)
    store.markConflict(db, userId, id)
    store.deleteState(db, userId, id)
    usage.deleteSomeExpiredStatesOf(db, userId, 1)
    usage.deleteExpiredStates(db, 1)
    usage.readStats(db, userId, 1)
    history.trimChangesOfState(db, userId, id, 10)
    history.deleteOldestChange(db, userId)
    history.deleteOldStateHistory(db, 1)
  })
  expect(plans).toHaveLength(11)
  for (const plan of plans) {
    expect(plan).toContain('SEARCH plugin_state')
    expect(plan).not.toMatch(/SCAN|FOR ORDER BY/)
  }
})
