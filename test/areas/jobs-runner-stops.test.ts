import { describe, expect, test } from 'bun:test'
import { cancelJob, retryJob } from '../../src/areas/jobs/jobs.service.ts'
import { markCancelRequested } from '../../src/areas/jobs/jobs.store.ts'
import { systemSleep } from '../../src/areas/jobs/system-sleep.jobs.ts'
import type { JobType } from '../../src/areas/jobs/job-type.ts'
import { createJobRunner } from '../../src/background/job-runner.ts'
import { jobServer, scriptedJobs, until } from '../support/scripted-jobs.ts'

describe('cancel', () => {
  test('ends a running job at once, also while it waits', async () => {
    await using server = jobServer([systemSleep as unknown as JobType])
    const job = await server.add('ada', { jobType: 'system.sleep', payload: { seconds: 3600 } })
    await server.whenStatus(job, 'running')
    const startedAt = performance.now()
    cancelJob(server.deps, job.userId, job.id)
    await server.whenStatus(job, 'canceled')
    expect(performance.now() - startedAt).toBeLessThan(100)
    expect(server.find(job)).toMatchObject({
      message: 'Canceled',
      completedAt: server.clock.now,
      errorMessage: null,
      cancelRequested: false,
      retryCount: 0,
    })
    expect(server.events(job).map(({ eventType }) => eventType)).toEqual(['stage', 'cancel_requested', 'canceled'])
  })

  test('ends a job that is queued or waits without running it', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const queued = await server.add('ada', { jobType: 'scripted', scheduledFor: server.clock.now + 1000 })
    const waiting = await server.add('ada', { jobType: 'scripted', dependsOn: [queued.id] })
    expect(waiting.status).toBe('waiting')
    cancelJob(server.deps, waiting.userId, waiting.id)
    cancelJob(server.deps, queued.userId, queued.id)
    for (const job of [queued, waiting])
      expect(server.find(job)).toMatchObject({ status: 'canceled', message: 'Canceled before execution' })
    server.pass(1000)
    await Bun.sleep(20)
    expect(runs).toEqual([])
  })

  test('a handler that does not listen keeps its place, and its job does not run twice at once', async () => {
    const { type, runs } = scriptedJobs('scripted', { isDeaf: true })
    await using server = jobServer([type], { env: { JOB_CONCURRENCY: '2', JOBS_PER_USER: '2' } })
    const job = await server.add('ada', { jobType: 'scripted', payload: { name: 'deaf' } })
    await until(() => runs.length === 1)
    cancelJob(server.deps, job.userId, job.id)
    await server.whenStatus(job, 'canceled')
    retryJob(server.deps, job.userId, job.id)
    await server.add('ada', { jobType: 'scripted', payload: { name: 'next' } })
    await server.add('ada', { jobType: 'scripted', payload: { name: 'last' } })
    await until(() => runs.length === 2)
    await Bun.sleep(20)
    expect(runs.map(({ payload }) => payload.name)).toEqual(['deaf', 'next'])
    // What it still says and does counts for nothing.
    runs[0]?.context.report({ percent: 50, message: 'still here' })
    runs[0]?.finish({ late: true })
    await until(() => runs.length === 3)
    expect(runs[2]?.context).toMatchObject({ jobId: job.id, attempt: 2 })
    expect(server.find(job)).toMatchObject({ status: 'running', progressPercent: 0, result: null })
    expect(server.events(job).map(({ eventType }) => eventType)).toEqual([
      'stage',
      'cancel_requested',
      'canceled',
      'retry',
      'stage',
    ])
    for (const run of runs) run.finish()
  })

  test('that was not heard is seen within seconds', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    markCancelRequested(server.deps.db, job.id, 'Cancellation requested', server.clock.now)
    await until(() => server.find(job).status === 'canceled', 7000)
  }, 10_000)
})

describe('a job that takes too long', () => {
  test('fails, its signal aborted', async () => {
    const { type, runs } = scriptedJobs('scripted', { timeoutMs: () => 30 })
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({ errorCode: 'timeout', errorMessage: 'The job took too long' })
    expect(runs[0]?.context.signal.aborted).toBe(true)
    await Bun.sleep(20)
    expect(runs).toHaveLength(1)
  })

  test('is tried again if it can go on where it was', async () => {
    const { type, runs } = scriptedJobs('scripted', { timeoutMs: () => 30, isResumable: true })
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', maxRetries: 1 })
    await until(() => server.events(job).at(-1)?.eventType === 'retry')
    server.pass(6000)
    await server.whenStatus(job, 'failed')
    expect(runs).toHaveLength(2)
  })
})

describe('a job whose row is not its own any more', () => {
  test('neither reports nor ends it, and is stopped', async () => {
    const { type, runs } = scriptedJobs('scripted', { isDeaf: true })
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    server.database.sqlite.run("update jobs set worker_id = 'another', lease_until = 9e15")
    runs[0]?.context.report({ percent: 50 })
    await until(() => runs[0]?.context.signal.aborted)
    runs[0]?.finish({ answer: 42 })
    await Bun.sleep(20)
    expect(server.find(job)).toMatchObject({ status: 'running', progressPercent: 0, result: null, workerId: 'another' })
    expect(server.events(job)).toHaveLength(1)
  })

  test('is stopped when it was deleted with its user', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    server.database.sqlite.run('delete from users')
    runs[0]?.context.report({ percent: 50 })
    await until(() => runs[0]?.context.signal.aborted)
  })

  test('cannot end twice', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    runs[0]?.finish()
    cancelJob(server.deps, job.userId, job.id)
    await until(() => server.find(job).status !== 'running')
    await Bun.sleep(20)
    const endings = server.events(job).filter(({ eventType }) => ['completed', 'canceled'].includes(eventType))
    expect(endings).toHaveLength(1)
  })
})

test('a handler that goes on long after its run has ended is told of', async () => {
  const { type, runs } = scriptedJobs('scripted', { isDeaf: true })
  await using server = jobServer([type], { runJobs: false })
  const stuck: string[] = []
  const runner = createJobRunner(server.deps, { workerId: 'w', letGoMs: 50, onStuck: ({ id }) => stuck.push(id) })
  const job = await server.add('ada', { jobType: 'scripted' })
  runner.start()
  await until(() => runs.length === 1)
  runner.cancel(job.id)
  await server.whenStatus(job, 'canceled')
  expect(stuck).toEqual([])
  await until(() => stuck.length === 1)
  expect(stuck).toEqual([job.id])
  await runner.stop()
})

test('a stop queues what runs again, uncounted, and runs nothing more', async () => {
  const { type, runs } = scriptedJobs('scripted')
  await using server = jobServer([type], { runJobs: false })
  const runner = createJobRunner(server.deps, { workerId: 'w' })
  const job = await server.add('ada', { jobType: 'scripted' })
  runner.start()
  await until(() => runs.length === 1)
  runs[0]?.context.report({ percent: 3, message: 'a bit' })
  await runner.stop()
  expect(server.find(job)).toMatchObject({
    status: 'queued',
    attempts: 0,
    workerId: null,
    leaseUntil: null,
    message: 'Interrupted by a stop of the server',
    scheduledFor: server.clock.now,
  })
  expect(server.events(job).map(({ eventType }) => eventType)).toEqual(['stage', 'progress', 'retry'])
  runner.wake()
  await Bun.sleep(20)
  expect(runs).toHaveLength(1)

  const next = createJobRunner(server.deps, { workerId: 'x' })
  next.start()
  await until(() => runs.length === 2)
  // What the first run left behind is no error.
  expect(runs[1]?.context.attempt).toBe(2)
  runs[1]?.finish()
  await server.whenStatus(job, 'completed')
  await next.stop()
})
