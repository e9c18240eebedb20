import { expect, test } from 'bun:test'
import { listUnfinishedPulls } from '../../src/areas/ollama/model-pulls.store.ts'
import { plansOf } from '../support/query-plans.ts'
import { testApp } from '../support/test-app.ts'

test('the unfinished pulls of a user are found by an index, however many jobs there are', async () => {
  await using server = testApp()
  const userId = await server.idOf('ada')
  const insert = server.database.sqlite.prepare(
    `insert into jobs (id, user_id, job_type, status, payload, scheduled_for, created_at, updated_at)
     values (?, ?, 'ollama.install', ?, ?, 0, ?, 0)`,
  )
  server.database.sqlite.transaction(() => {
    for (let index = 0; index < 10_000; index++) {
      const payload = JSON.stringify({ model_name: `m${index}`, server_url: 'http://h' })
      insert.run(`job${index}`, userId, index < 9_990 ? 'completed' : 'queued', payload, index)
    }
  })()
  const { db, clock } = server.deps
  let found: string[] = []
  const plans = plansOf(server.database.sqlite, () => {
    found = listUnfinishedPulls(db, userId, 'http://h', clock()).map(({ id }) => id)
  })
  expect(plans.join()).toContain('USING INDEX jobs_unfinished (user_id=?')
  expect(found).toEqual(Array.from({ length: 10 }, (_, index) => `job${9_990 + index}`))
  expect(listUnfinishedPulls(db, userId, 'http://other', clock())).toEqual([])
  expect(listUnfinishedPulls(db, 'another', 'http://h', clock())).toEqual([])
})
