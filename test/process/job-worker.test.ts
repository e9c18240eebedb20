import { describe, expect, test } from 'bun:test'
import { cancelJob } from '../../src/areas/jobs/jobs.service.ts'
import { startFakeOllamaModels } from '../support/fake-ollama-models.ts'
import { type JobServer, until, withJobs } from '../support/scripted-jobs.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { startServerWithWorker, watchThreads } from '../support/worker-threads.ts'

const startWithJobs = (folder: string, options = {}) => {
  const server = startServerWithWorker(folder, options)
  return { ...server, ...withJobs(server), [Symbol.asyncDispose]: server.stop }
}

const sleepJob = (seconds: number) => ({ jobType: 'system.sleep', payload: { seconds } })
const pullJob = (url: string) => ({ jobType: 'ollama.install', payload: { model_name: 'llama3', server_url: url } })

const typesOf = (server: JobServer, job: { id: string }) => server.events(job).map(({ eventType }) => eventType)

describe('a job in the worker thread', () => {
  test('runs, and its news reach the server', async () => {
    using root = temporaryFolder()
    await using server = startWithJobs(root.path)
    const job = await server.add('ada', sleepJob(1))
    const told: string[] = []
    server.deps.jobFeed.listen(job.id, (news) => told.push(`${news.job.status} ${news.event?.eventType}`))
    await server.whenStatus(job, 'completed')
    expect(server.find(job)).toMatchObject({ result: '{"slept_seconds":1}', progressPercent: 100 })
    await until(() => told.length === 3)
    expect(told).toEqual(['running stage', 'running progress', 'completed completed'])
  })

  test('is canceled at once', async () => {
    using root = temporaryFolder()
    await using server = startWithJobs(root.path)
    const job = await server.add('ada', sleepJob(3600))
    await server.whenStatus(job, 'running')
    const startedAt = performance.now()
    cancelJob(server.deps, job.userId, job.id)
    await server.whenStatus(job, 'canceled')
    expect(performance.now() - startedAt).toBeLessThan(200)
  })

  test('waits for others, and fails with them', async () => {
    using root = temporaryFolder()
    await using server = startWithJobs(root.path)
    const first = await server.add('ada', sleepJob(0))
    const second = await server.add('ada', { ...sleepJob(3600), dependsOn: [first.id] })
    const third = await server.add('ada', { ...sleepJob(0), dependsOn: [second.id] })
    await server.whenStatus(second, 'running')
    expect(server.find(third).status).toBe('waiting')
    cancelJob(server.deps, second.userId, second.id)
    await server.whenStatus(third, 'failed')
  })

  test('is not run before its time', async () => {
    using root = temporaryFolder()
    await using server = startWithJobs(root.path)
    const job = await server.add('ada', { ...sleepJob(0), scheduledFor: Date.now() + 700 })
    await server.whenStatus(job, 'completed')
    const { startedAt, scheduledFor } = server.find(job)
    expect(startedAt).toBeWithin(scheduledFor, scheduledFor + 300)
  })

  test('whose server is down is tried again later', async () => {
    using root = temporaryFolder()
    await using server = startWithJobs(root.path)
    const job = await server.add('ada', pullJob('http://127.0.0.1:1'))
    await until(() => typesOf(server, job).at(-1) === 'retry')
    expect(server.find(job)).toMatchObject({ status: 'queued', retryCount: 1, errorMessage: null })
    expect(server.find(job).scheduledFor).toBeWithin(Date.now() + 3000, Date.now() + 6001)
  })
})

describe('when the thread ends', () => {
  test('what can go on goes on, what cannot fails with the reason, what was to be canceled is', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using ollama = startFakeOllamaModels({ chunkMs: 100 })
    await using server = startWithJobs(root.path, { env: { JOBS_PER_USER: '3' } })
    const lost = await server.add('ada', sleepJob(3600))
    const resumed = await server.add('ada', pullJob(ollama.url))
    const canceled = await server.add('ada', sleepJob(3600))
    await server.whenStatus(canceled, 'running')
    await until(() => server.find(resumed).progressPercent > 5)
    server.database.sqlite.run(`update jobs set cancel_requested = 1 where id = '${canceled.id}'`)

    watched.endLatest()
    const endedAt = performance.now()
    await until(() => ![lost, canceled].some((job) => server.find(job).status === 'running'))
    await until(() => typesOf(server, resumed).filter((type) => type === 'stage').length === 2)
    expect(performance.now() - endedAt).toBeLessThan(2000)
    expect(server.find(lost)).toMatchObject({
      status: 'failed',
      errorMessage: 'Job interrupted during restart; please retry',
      errorCode: 'interrupted',
      retryCount: 0,
    })
    expect(server.find(canceled).status).toBe('canceled')
    await server.whenStatus(resumed, 'completed')
    expect(server.find(resumed)).toMatchObject({ retryCount: 1, attempts: 2 })
  })

  test('a job that ends it again and again is left alone ever longer, and fails in the end', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using ollama = startFakeOllamaModels({ chunkMs: 1000 })
    await using server = startWithJobs(root.path)
    const job = await server.add('ada', { ...pullJob(ollama.url), maxRetries: 2 })
    for (const attempt of [1, 2, 3]) {
      await until(() => typesOf(server, job).filter((type) => type === 'stage').length === attempt, 15_000)
      watched.endLatest()
      // The thread itself is started again ever more slowly.
      await until(() => server.find(job).status !== 'running', 15_000)
      if (attempt !== 2) continue
      expect(server.find(job).scheduledFor).toBeGreaterThan(Date.now() + 2000)
      server.database.sqlite.run('update jobs set scheduled_for = 0')
      server.deps.jobWorker.wake()
    }
    expect(server.find(job)).toMatchObject({ status: 'failed', errorCode: 'interrupted' })
  }, 60_000)
})

describe('a thread that hangs', () => {
  test('in a loop is ended and started again', async () => {
    using root = temporaryFolder()
    using watched = watchThreads(new URL('../support/looping-worker.ts', import.meta.url).href)
    await using server = startWithJobs(root.path, { hungAfterMs: 1000 })
    const job = await server.add('ada', sleepJob(0))
    await server.whenStatus(job, 'completed')
    expect(watched.threads).toHaveLength(2)
    expect(server.logEntries('worker thread hangs, ending it')).toHaveLength(1)
  }, 10_000)

  test('in a wait for the database is ended, and the next one takes up its jobs', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using server = startWithJobs(root.path, { hungAfterMs: 1000 })
    const job = await server.add('ada', sleepJob(0))
    await server.whenStatus(job, 'completed')
    const next = await server.add('ada', sleepJob(2))
    await server.whenStatus(next, 'running')
    server.database.sqlite.run('begin immediate')
    await until(() => watched.threads.length > 1, 8000)
    server.database.sqlite.run('commit')
    await server.whenStatus(next, 'failed')
    expect(server.find(next).errorCode).toBe('interrupted')
    const last = await server.add('ada', sleepJob(0))
    await server.whenStatus(last, 'completed')
  }, 20_000)
})

describe('when the server stops', () => {
  test('running jobs are queued again, uncounted, and run after the next start', async () => {
    using root = temporaryFolder()
    await using ollama = startFakeOllamaModels({ chunkMs: 100 })
    const first = startWithJobs(root.path)
    const jobs = [await first.add('ada', sleepJob(1)), await first.add('ada', pullJob(ollama.url))]
    for (const job of jobs) await first.whenStatus(job, 'running')
    await until(() => ollama.pulls === 1)
    const startedAt = performance.now()
    await first.host.stop()
    expect(performance.now() - startedAt).toBeLessThan(1500)
    for (const job of jobs) {
      expect(first.find(job)).toMatchObject({ status: 'queued', attempts: 0, workerId: null })
      expect(typesOf(first, job).at(-1)).toBe('retry')
    }
    await first.stop()

    await using again = startWithJobs(root.path)
    for (const job of jobs) await again.whenStatus(job, 'completed')
  }, 20_000)
})
