import { describe, expect, test } from 'bun:test'
import { findLostDependants, listDependenciesInVain, queueDependants } from '../../src/areas/jobs/job-endings.store.ts'
import {
  claimJob,
  findAbandonedJobs,
  hasWork,
  listQueuedUsers,
  renewLeases,
} from '../../src/areas/jobs/job-queue.store.ts'
import { deleteOldestJobs, deleteSomeExpiredJobs } from '../../src/areas/jobs/job-retention.store.ts'
import { cancelJob } from '../../src/areas/jobs/jobs.service.ts'
import { JobFailure } from '../../src/areas/jobs/job-type.ts'
import { createJobRunner } from '../../src/background/job-runner.ts'
import { plansOf } from '../support/query-plans.ts'
import { type JobServer, jobServer, scriptedJobs, type ScriptedRun, until } from '../support/scripted-jobs.ts'
import { testApp } from '../support/test-app.ts'

const soon = (server: JobServer) => server.clock.now + 10
const namesOf = (runs: ScriptedRun[]) => runs.map(({ payload }) => payload.name)

/** Ends runs as they come, one after the other. */
const finishAll = async (runs: ScriptedRun[], count: number) => {
  for (let index = 0; index < count; index++) {
    await until(() => runs.length > index)
    runs[index]?.finish()
  }
}

describe('which job is next', () => {
  test('of one user: by priority, then in the order of creation', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type], { env: { JOB_CONCURRENCY: '1' } })
    const scheduledFor = soon(server)
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', -100],
      ['e', 100],
      ['f', 5],
    ] as const)
      await server.add('ada', { jobType: 'scripted', payload: { name }, priority, scheduledFor })
    server.pass(10)
    await finishAll(runs, 6)
    expect(namesOf(runs)).toEqual(['e', 'b', 'f', 'a', 'c', 'd'])
  })

  test('between users: in turns, whatever their priorities and however many they have', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type], { env: { JOB_CONCURRENCY: '1' } })
    const scheduledFor = soon(server)
    for (let index = 0; index < 20; index++)
      await server.add('ada', { jobType: 'scripted', payload: { name: 'ada' }, priority: 100, scheduledFor })
    for (const user of ['bob', 'bob', 'cleo', 'cleo'])
      await server.add(user, { jobType: 'scripted', payload: { name: user }, scheduledFor })
    server.pass(10)
    await finishAll(runs, 6)
    for (const name of ['ada', 'bob', 'cleo'])
      expect(namesOf(runs.slice(0, 6)).filter((one) => one === name)).toHaveLength(2)
  })

  test('no user has more than JOBS_PER_USER, all together no more than JOB_CONCURRENCY', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type], { env: { JOB_CONCURRENCY: '3', JOBS_PER_USER: '2' } })
    for (let index = 0; index < 5; index++) await server.add('ada', { jobType: 'scripted', payload: { name: 'ada' } })
    await until(() => runs.length === 2)
    await Bun.sleep(20)
    expect(runs).toHaveLength(2)
    for (const user of ['bob', 'cleo']) await server.add(user, { jobType: 'scripted', payload: { name: user } })
    await until(() => runs.length === 3)
    await Bun.sleep(20)
    expect(namesOf(runs)).toEqual(['ada', 'ada', 'bob'])
    // Cleo has none yet, Ada one.
    runs[0]?.finish()
    await until(() => runs.length === 4)
    expect(namesOf(runs).at(-1)).toBe('cleo')
  })

  test('one that is scheduled waits for its time, and holds up nobody', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type], { env: { JOB_CONCURRENCY: '1' } })
    const later = { jobType: 'scripted', payload: { name: 'later' }, priority: 100 }
    const job = await server.add('ada', { ...later, scheduledFor: server.clock.now + 60_000 })
    await server.add('ada', { jobType: 'scripted', payload: { name: 'now' } })
    await finishAll(runs, 1)
    server.pass(59_999)
    await Bun.sleep(20)
    expect(server.find(job).status).toBe('queued')
    server.pass(1)
    await finishAll(runs, 2)
    expect(namesOf(runs)).toEqual(['now', 'later'])
  })

  test('one that is due soon is run then, without a hint', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    await server.add('ada', { jobType: 'scripted', scheduledFor: server.clock.now + 100 })
    await Bun.sleep(20)
    server.clock.now += 100
    await until(() => runs.length === 1, 1000)
  })

  test('one that is due soon is run then, while others of the same user run', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type], { runJobs: false })
    const runner = createJobRunner(server.deps, { workerId: 'w' })
    const scheduledFor = server.clock.now + 100
    for (const fields of [{}, { scheduledFor }]) await server.add('ada', { jobType: 'scripted', ...fields })
    runner.start()
    await until(() => runs.length === 1)
    server.clock.now += 100
    await until(() => runs.length === 2, 1000)
    await runner.stop()
  })

  test('is found by indexes, from user to user', async () => {
    await using server = testApp()
    const { sqlite, db } = server.database
    const worker = { workerId: 'w', held: [], leaseUntil: 0, leaseBefore: 0 }
    const plans = plansOf(sqlite, () => {
      hasWork(db)
      listQueuedUsers(db)
      claimJob(db, 'u', worker, 0)
      renewLeases(db, 'w', 0)
      findAbandonedJobs(db, worker)
      queueDependants(db, 'j', 0)
      findLostDependants(db, 'j', 1)
      deleteSomeExpiredJobs(db, 0)
      deleteOldestJobs(db, 'u', 1)
    })
    expect(plans).toHaveLength(9)
    for (const plan of plans)
      expect(plan).not.toMatch(/SCAN (jobs|job_dependencies|job_events)(?! USING (COVERING )?INDEX)/)
    expect(plans.join('\n')).not.toContain('TEMP B-TREE')
    expect(plans[1]).toContain('SEARCH jobs USING COVERING INDEX jobs_scheduled')
    expect(plans[2]).toContain('SEARCH jobs USING INDEX jobs_due (user_id=?)')
    for (const plan of [plans[3], plans[4]]) expect(plan).toContain('INDEX jobs_running')
    const [inVain] = plansOf(sqlite, () => listDependenciesInVain(db))
    expect(inVain).toContain('jobs USING INDEX jobs_unfinished')
    expect(inVain).toContain('SEARCH job_dependencies USING')
    expect(inVain).toContain('SEARCH dependency USING')
  })
})

describe('a job that depends on others', () => {
  test('waits until all of them have completed', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const first = await server.add('ada', { jobType: 'scripted', payload: { name: 'first' } })
    const second = await server.add('ada', { jobType: 'scripted', payload: { name: 'second' } })
    const both = await server.add('ada', {
      jobType: 'scripted',
      payload: { name: 'both' },
      dependsOn: [first.id, second.id],
    })
    expect(both.status).toBe('waiting')
    const told: string[] = []
    server.deps.jobFeed.listen(both.id, ({ job }) => told.push(job.status))
    await until(() => runs.length === 2)
    runs[0]?.finish()
    await until(() => server.find(first).status === 'completed')
    expect(server.find(both).status).toBe('waiting')
    runs[1]?.finish()
    await until(() => runs.length === 3)
    expect(runs[2]?.payload.name).toBe('both')
    expect(told).toEqual(['queued', 'running'])
  })

  test('fails when one of them fails, and with it who depends on it', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const first = await server.add('ada', { jobType: 'scripted' })
    const second = await server.add('ada', { jobType: 'scripted', dependsOn: [first.id] })
    const third = await server.add('ada', { jobType: 'scripted', dependsOn: [second.id, first.id] })
    const told: string[] = []
    server.deps.jobFeed.listen(third.id, (news) => told.push(`${news.job.status} ${news.event?.eventType}`))
    await until(() => runs.length === 1)
    runs[0]?.fail(new JobFailure('broken', 'Broken'))
    await server.whenStatus(third, 'failed')
    expect(server.find(second)).toMatchObject({
      status: 'failed',
      errorCode: 'dependency_failed',
      errorMessage: `Job ${first.id}, which this one depends on, has failed`,
      retryCount: 0,
    })
    expect(told).toEqual(['failed failed'])
    expect(server.events(third)).toHaveLength(1)
    expect(runs).toHaveLength(1)
  })

  test('fails when one of them is canceled, through a long chain', async () => {
    const { type } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const first = await server.add('ada', { jobType: 'scripted', scheduledFor: server.clock.now + 1000 })
    let last = first
    for (let index = 0; index < 900; index++)
      last = await server.add('ada', { jobType: 'scripted', dependsOn: [last.id] })
    cancelJob(server.deps, first.userId, first.id)
    await server.whenStatus(last, 'failed')
    expect(server.find(last).errorCode).toBe('dependency_failed')
    const [{ count } = { count: 0 }] = server.database.sqlite
      .query<{ count: number }, []>("select count(*) as count from jobs where status = 'failed'")
      .all()
    expect(count).toBe(900)
  })
})
