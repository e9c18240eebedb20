import { expect, test } from 'bun:test'
import { newUuid } from '../../src/shared/ids.ts'
import { tidyUp } from '../../src/background/housekeeping.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const addJobs = (
  { database }: TestServer,
  userId: string,
  count: number,
  { status = 'completed', expiresAt = null as number | null, createdAt = 1 } = {},
) =>
  database.sqlite.transaction(() => {
    for (let index = 0; index < count; index++) {
      const id = newUuid()
      database.sqlite.run(
        `insert into jobs (id, user_id, job_type, status, payload, scheduled_for, expires_at, created_at, updated_at)
         values (?, ?, 'system.sleep', ?, '{}', 0, ?, ?, 0)`,
        [id, userId, status, expiresAt, createdAt + index],
      )
      database.sqlite.run(`insert into job_events values (?, 1, ?, 'stage', 0, '{}')`, [id, newUuid()])
    }
  })()

const count = ({ database }: TestServer, table: string, where = 'true') =>
  database.sqlite.query<{ n: number }, []>(`select count(*) as n from ${table} where ${where}`).get()?.n

test('jobs that ended long ago are deleted with their events, in batches', async () => {
  await using server = testApp()
  const userId = await server.idOf('ada')
  const { now } = server.clock
  addJobs(server, userId, 250, { expiresAt: now })
  addJobs(server, userId, 1, { expiresAt: now + 1 })
  addJobs(server, userId, 1, { status: 'running', expiresAt: now })
  expect(await tidyUp(server.deps.db, now)).toMatchObject({ expiredJobs: 250, surplusJobs: 0 })
  expect(count(server, 'jobs')).toBe(2)
  expect(count(server, 'job_events')).toBe(2)
})

test('of those that ended a user keeps the newest 5,000', async () => {
  await using server = testApp()
  const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
  addJobs(server, ada, 10, { status: 'queued', createdAt: 0 })
  addJobs(server, ada, 5150, { createdAt: 100 })
  addJobs(server, bob, 5000)
  expect(await tidyUp(server.deps.db, server.clock.now)).toMatchObject({ expiredJobs: 0, surplusJobs: 150 })
  expect(count(server, 'jobs', `user_id = '${ada}' and status = 'queued'`)).toBe(10)
  expect(count(server, 'jobs', `user_id = '${ada}' and status = 'completed' and created_at >= 250`)).toBe(5000)
  expect(count(server, 'jobs', `user_id = '${bob}'`)).toBe(5000)
}, 20_000)
