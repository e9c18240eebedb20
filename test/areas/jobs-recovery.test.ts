import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { hasWork } from '../../src/areas/jobs/job-queue.store.ts'
import { deleteSomeExpiredJobs } from '../../src/areas/jobs/job-retention.store.ts'
import type { JobType } from '../../src/areas/jobs/job-type.ts'
import { jobServer, scriptedJobs, until, withJobs } from '../support/scripted-jobs.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { testApp } from '../support/test-app.ts'

const toTypes = (types: JobType[]) => new Map(types.map((type) => [type.name, type]))

/** Jobs as a runner leaves them that dies with its process: `job` begins a run for each of these names. */
const leaveRunning = async (databasePath: string, types: JobType[], jobs: { jobType: string; sql?: string }[]) => {
  await using server = withJobs(testApp({ databasePath, overrides: { jobTypes: toTypes(types) } }))
  const rows = []
  for (const { jobType, sql = '' } of jobs) {
    const job = await server.add('ada', { jobType, payload: { secret: 'hidden' } })
    server.database.sqlite.run(
      `update jobs set status = 'running', worker_id = 'dead', lease_until = 9e15, attempts = 1 ${sql} where id = '${job.id}'`,
    )
    rows.push(job)
  }
  return rows
}

test('at the start all that ran is resumed, failed or canceled at once, whatever its lease says', async () => {
  using folder = temporaryFolder()
  const databasePath = join(folder.path, 'test.db')
  const resumable = scriptedJobs('resumable', { isResumable: true })
  const fragile = scriptedJobs('fragile')
  const types = [resumable.type, fragile.type]
  const [resumed, failed, canceled, exhausted, crashing, unknown] = await leaveRunning(databasePath, types, [
    { jobType: 'resumable' },
    { jobType: 'fragile' },
    { jobType: 'resumable', sql: ', cancel_requested = 1' },
    { jobType: 'resumable', sql: ', attempts = 4, retry_count = 3' },
    { jobType: 'resumable', sql: ', attempts = 2, retry_count = 1' },
    { jobType: 'resumable', sql: ", job_type = 'gone'" },
  ])
  if (!resumed || !failed || !canceled || !exhausted || !crashing || !unknown) throw new Error('jobs are missing')
  await using server = jobServer(types, { databasePath, env: { JOBS_PER_USER: '3' } })
  const message = 'Job interrupted during restart; please retry'
  for (const job of [failed, exhausted, unknown])
    expect(server.find(job)).toMatchObject({ status: 'failed', message, errorMessage: message, secrets: null })
  expect(server.find(failed)).toMatchObject({ errorCode: 'interrupted', retryCount: 0 })
  expect(server.find(canceled)).toMatchObject({ status: 'canceled', message: 'Canceled' })
  expect(server.events(failed).at(-1)?.eventType).toBe('failed')
  // It may be what crashes the process.
  expect(server.find(crashing)).toMatchObject({ status: 'queued' })
  expect(server.find(crashing).scheduledFor - server.clock.now).toBeWithin(4000, 6001)
  await until(() => resumable.runs.length === 1)
  expect(resumable.runs[0]).toMatchObject({
    payload: { secret: 'hidden' },
    context: { jobId: resumed.id, attempt: 2 },
  })
  expect(server.events(resumed).map(({ eventType }) => eventType)).toEqual(['retry', 'stage'])
  expect(fragile.runs).toEqual([])
  expect(server.logged()).not.toContain('hidden')
})

test('who was left waiting in vain by a crash fails at the start', async () => {
  using folder = temporaryFolder()
  const databasePath = join(folder.path, 'test.db')
  const { type } = scriptedJobs('scripted')
  const overrides = { jobTypes: toTypes([type]) }
  const [canceled, ...waiting] = await (async () => {
    await using server = withJobs(testApp({ databasePath, overrides }))
    const first = await server.add('ada', { jobType: 'scripted' })
    const rows = [first]
    for (let count = 0; count < 30; count++)
      rows.push(await server.add('ada', { jobType: 'scripted', dependsOn: [first.id] }))
    server.database.sqlite.run(`update jobs set status = 'canceled', expires_at = 1 where id = '${first.id}'`)
    // Housekeeping leaves it until then.
    expect(deleteSomeExpiredJobs(server.deps.db, server.clock.now)).toBe(0)
    expect(hasWork(server.deps.db)).toBe(true)
    return rows
  })()
  await using server = jobServer([type], { databasePath })
  await until(() => waiting.every((job) => server.find(job).status === 'failed'))
  expect(hasWork(server.deps.db)).toBe(false)
  if (canceled) expect(server.find(canceled).status).toBe('canceled')
  expect(deleteSomeExpiredJobs(server.deps.db, server.clock.now)).toBe(1)
})

test('another worker keeps its jobs while its lease lasts', async () => {
  const { type, runs } = scriptedJobs('scripted', { isResumable: true })
  await using server = jobServer([type])
  const job = await server.add('ada', { jobType: 'scripted' })
  await until(() => runs.length === 1)
  server.database.sqlite.run(
    `update jobs set worker_id = 'another', lease_until = ${server.clock.now + 1000} where id = '${job.id}'`,
  )
  await until(() => runs[0]?.context.signal.aborted, 7000)
  expect(server.find(job)).toMatchObject({ status: 'running', workerId: 'another' })
  server.clock.now += 1001
  await until(() => runs.length === 2, 7000)
}, 20_000)

test('a lease is renewed while the job runs', async () => {
  const { type, runs } = scriptedJobs('scripted')
  await using server = jobServer([type])
  const job = await server.add('ada', { jobType: 'scripted' })
  await until(() => runs.length === 1)
  expect(server.find(job).leaseUntil).toBe(server.clock.now + 30_000)
  server.clock.now += 20_000
  await until(() => server.find(job).leaseUntil === server.clock.now + 30_000, 7000)
}, 10_000)

test('a job whose end could not be stored does not run for ever', async () => {
  const { type, runs } = scriptedJobs('scripted')
  await using server = jobServer([type])
  const job = await server.add('ada', { jobType: 'scripted' })
  await until(() => runs.length === 1)
  server.database.sqlite.run("create trigger full before insert on job_events begin select raise(abort, 'full'); end")
  runs[0]?.finish()
  await until(() => server.logged().includes('the end of a job was not stored'))
  expect(server.find(job).status).toBe('running')
  server.database.sqlite.run('drop trigger full')
  await until(() => server.find(job).status === 'failed', 7000)
  expect(server.find(job).errorCode).toBe('interrupted')
}, 10_000)
