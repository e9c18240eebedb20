import { describe, expect, test } from 'bun:test'
import { createJob } from '../../src/areas/jobs/create-job.service.ts'
import type { JobNews } from '../../src/areas/jobs/job-news.ts'
import { cancelJob, retryJob } from '../../src/areas/jobs/jobs.service.ts'
import { jobsPath, postJob, setJob } from '../support/jobs.ts'
import { jobServer, scriptedJobs, until } from '../support/scripted-jobs.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const absent = { status: 404, body: { detail: 'Job not found', code: 'jobs.not_found' } }
const eventsOf = async (server: TestServer, id: string) =>
  (await server.as('ada')('GET', `${jobsPath}/${id}/events`)).body.map(
    ({ event_type, data }: { event_type: string; data: unknown }) => [event_type, data],
  )
const audited = ({ database }: TestServer) =>
  database.sqlite
    .query(`SELECT event_type FROM audit_logs WHERE event_type LIKE 'job.%' ORDER BY rowid`)
    .values()
    .flat()

const hears = (server: TestServer, id: string) => {
  const heard: JobNews[] = []
  server.deps.jobFeed.listen(id, (news) => heard.push(news))
  return heard
}

describe('POST /api/v1/jobs/{job_id}/cancel', () => {
  test('ends at once what has not begun, and fails what waits for it', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const first = await postJob(call)
    const second = await postJob(call, { depends_on: [first.id] })
    const third = await postJob(call, { depends_on: [second.id] })
    const heard = hears(server, first.id)
    expect(await call('POST', `${jobsPath}/${first.id.replaceAll('-', '')}/cancel`)).toMatchObject({
      status: 202,
      body: { status: 'cancellation_requested' },
    })
    expect((await call('GET', `${jobsPath}/${first.id}`)).body).toMatchObject({
      status: 'cancelled',
      message: 'Canceled before execution',
      completed_at: '2026-01-02T03:04:05.678Z',
      error: null,
    })
    for (const { id } of [second, third])
      expect((await call('GET', `${jobsPath}/${id}`)).body).toMatchObject({
        status: 'failed',
        error_code: 'dependency_failed',
      })
    expect(heard).toMatchObject([{ job: { status: 'canceled' }, event: { eventType: 'canceled', sequenceNumber: 1 } }])
    expect(audited(server).slice(3)).toEqual(['job.canceled', 'job.failed', 'job.failed'])
  })

  test('of many that wait for it only some fail at once: nobody is held up for long', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const { id, user_id: userId } = await postJob(call)
    const waiting = { jobType: 'system.sleep', payload: {}, dependsOn: [id] }
    for (let count = 0; count < 100; count++) createJob(server.deps, userId, waiting)
    const { id: nextId } = await postJob(call, { depends_on: [(await postJob(call, { depends_on: [id] })).id] })
    const count = (status: string) =>
      server.database.sqlite.query('SELECT count(*) FROM jobs WHERE status = ?').values(status)[0]?.[0]
    cancelJob(server.deps, userId, id)
    expect([count('canceled'), count('failed'), count('waiting')]).toEqual([1, 20, 82])
    // Without it nobody would know that they wait in vain.
    expect(await call('DELETE', `${jobsPath}/${id}`)).toMatchObject({ status: 400 })
    await until(() => count('failed') === 102)
    expect((await call('GET', `${jobsPath}/${nextId}`)).body.error_code).toBe('dependency_failed')
    expect((await call('DELETE', `${jobsPath}/${id}`)).status).toBe(204)
  })

  test('who still waits goes on waiting when it is queued again in between', async () => {
    await using server = testApp()
    const { id, user_id: userId } = await postJob(server.as('ada'))
    const waiting = { jobType: 'system.sleep', payload: {}, dependsOn: [id] }
    for (let count = 0; count < 50; count++) createJob(server.deps, userId, waiting)
    cancelJob(server.deps, userId, id)
    retryJob(server.deps, userId, id)
    await Bun.sleep(50)
    const { sqlite } = server.database
    expect(sqlite.query('SELECT status, count(*) FROM jobs GROUP BY 1 ORDER BY 1').values()).toEqual([
      ['failed', 20],
      ['queued', 1],
      ['waiting', 30],
    ])
  })

  test('413 for a body of which nobody would read anything', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const { id } = await postJob(call)
    for (const what of ['cancel', 'retry'])
      expect(await call('POST', `${jobsPath}/${id}/${what}`, { x: 'x'.repeat(65_536) })).toMatchObject({
        status: 413,
        body: { code: 'http.body_too_large' },
      })
    expect((await call('POST', `${jobsPath}/${id}/cancel`, { reason: 'mine' })).status).toBe(202)
  })

  test('a waiting job can be canceled, and what it waits for goes on', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const first = await postJob(call)
    const second = await postJob(call, { depends_on: [first.id] })
    expect((await call('POST', `${jobsPath}/${second.id}/cancel`)).status).toBe(202)
    expect((await call('GET', `${jobsPath}/${second.id}`)).body.status).toBe('cancelled')
    expect((await call('GET', `${jobsPath}/${first.id}`)).body.status).toBe('pending')
  })

  test('tells a running job, once, and the worker each time', async () => {
    const canceled: string[] = []
    await using server = testApp({
      overrides: { jobWorker: { wake: () => {}, cancel: (id) => void canceled.push(id) } },
    })
    const call = server.as('ada')
    const { id } = await postJob(call)
    setJob(server, id, { status: 'running', worker_id: 'w' })
    const heard = hears(server, id)
    for (let times = 0; times < 2; times++) expect((await call('POST', `${jobsPath}/${id}/cancel`)).status).toBe(202)
    expect((await call('GET', `${jobsPath}/${id}`)).body).toMatchObject({
      status: 'running',
      message: 'Cancellation requested',
    })
    expect(await eventsOf(server, id)).toEqual([['cancel_requested', { message: 'Cancellation requested' }]])
    expect(canceled).toEqual([id, id])
    expect(heard).toMatchObject([{ job: { status: 'running' }, event: { eventType: 'cancel_requested' } }])
    expect(server.database.sqlite.query('SELECT cancel_requested FROM jobs').values()).toEqual([[1]])
  })

  test('a job that runs ends as canceled', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const call = server.as('ada')
    const { id } = await postJob(call, { job_type: 'scripted', payload: {} })
    await until(() => runs.length === 1)
    await call('POST', `${jobsPath}/${id}/cancel`)
    await until(() => runs[0]?.context.signal.aborted)
    const read = async () => (await call('GET', `${jobsPath}/${id}`)).body
    while ((await read()).status === 'running') await Bun.sleep(1)
    expect(await read()).toMatchObject({ status: 'cancelled', message: 'Canceled', error: null })
    expect((await eventsOf(server, id)).at(-1)?.[0]).toBe('canceled')
  })

  test('400 for what is over, 404 for what is not one’s own', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    for (const status of ['completed', 'failed', 'canceled']) {
      setJob(server, id, { status })
      expect(await server.as('ada')('POST', `${jobsPath}/${id}/cancel`)).toMatchObject({
        status: 400,
        body: { detail: 'Unable to cancel job', code: 'jobs.cannot_cancel' },
      })
    }
    expect(await server.as('bob')('POST', `${jobsPath}/${id}/cancel`)).toMatchObject(absent)
    expect(await server.as('ada')('POST', `${jobsPath}/x/cancel`)).toMatchObject(absent)
  })
})

describe('POST /api/v1/jobs/{job_id}/retry', () => {
  const ended = {
    message: 'Went wrong',
    error_message: 'Went wrong',
    error_code: 'x',
    current_stage: 'sleeping',
    progress_percent: 50,
    result: '{"a":1}',
    started_at: 1,
    completed_at: 2,
    expires_at: 3,
    attempts: 1,
    retry_count: 1,
    cancel_requested: 1,
  }

  for (const status of ['failed', 'canceled']) {
    test(`queues a ${status} job again`, async () => {
      let wakes = 0
      await using server = testApp({ overrides: { jobWorker: { wake: () => void wakes++, cancel: () => {} } } })
      const call = server.as('ada')
      const job = await postJob(call)
      setJob(server, job.id, { status, ...ended })
      server.clock.now += 1000
      wakes = 0
      const heard = hears(server, job.id)
      const { status: code, body } = await call('POST', `${jobsPath}/${job.id}/retry`)
      expect([code, body]).toEqual([
        200,
        {
          ...job,
          message: 'Queued for retry',
          current_stage: 'sleeping',
          result: { a: 1 },
          retry_count: 1,
          updated_at: '2026-01-02T03:04:06.678Z',
        },
      ])
      expect(await eventsOf(server, job.id)).toEqual([['retry', { message: 'Queued for retry', progress_percent: 0 }]])
      expect(heard).toMatchObject([{ job: { status: 'queued' }, event: { eventType: 'retry' } }])
      expect(wakes).toBe(1)
      const row = server.database.sqlite.query('SELECT attempts, expires_at, cancel_requested AS told FROM jobs').get()
      expect(row).toEqual({ attempts: 0, expires_at: null, told: 0 })
    })
  }

  for (const status of ['waiting', 'queued', 'running', 'completed']) {
    test(`a ${status} job stays as it is`, async () => {
      await using server = testApp()
      const call = server.as('ada')
      const { id } = await postJob(call)
      setJob(server, id, { status })
      const before = (await call('GET', `${jobsPath}/${id}`)).body
      expect(await call('POST', `${jobsPath}/${id}/retry`)).toMatchObject({ status: 200, body: before })
      expect(await eventsOf(server, id)).toEqual([])
    })
  }

  test('waits for what it depends on; 400 when that failed, until it is deleted', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const first = await postJob(call)
    const second = await postJob(call, { depends_on: [first.id] })
    setJob(server, second.id, { status: 'failed' })
    const retry = () => call('POST', `${jobsPath}/${second.id}/retry`)
    expect((await retry()).body.status).toBe('waiting')
    await call('POST', `${jobsPath}/${first.id}/cancel`)
    expect(await retry()).toMatchObject({
      status: 400,
      body: {
        code: 'jobs.failed_dependency',
        detail: `Job ${first.id}, which this one depends on, has not completed and is over`,
      },
    })
    expect((await call('GET', `${jobsPath}/${second.id}`)).body.status).toBe('failed')
    expect((await call('DELETE', `${jobsPath}/${first.id}`)).status).toBe(204)
    expect((await retry()).body.status).toBe('pending')
  })

  test('is not held up by the pause after a failure, but by a time of its own', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const later = '2027-01-01T00:00:00.000Z'
    const { id } = await postJob(call, { scheduled_for: later })
    setJob(server, id, { status: 'canceled', attempts: 0 })
    expect((await call('POST', `${jobsPath}/${id}/retry`)).body.scheduled_for).toBe(later)
    setJob(server, id, { status: 'canceled', attempts: 1 })
    expect((await call('POST', `${jobsPath}/${id}/retry`)).body.scheduled_for).toBe('2026-01-02T03:04:05.678Z')
  })

  test('404 for what is not one’s own', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    setJob(server, id, { status: 'failed' })
    expect(await server.as('bob')('POST', `${jobsPath}/${id}/retry`)).toMatchObject(absent)
  })
})

describe('DELETE /api/v1/jobs/{job_id}', () => {
  for (const status of ['completed', 'failed', 'canceled']) {
    test(`removes a ${status} job with its events and links`, async () => {
      await using server = testApp()
      const call = server.as('ada')
      const job = await postJob(call)
      const dependant = await postJob(call, { depends_on: [job.id] })
      await call('POST', `${jobsPath}/${job.id}/cancel`)
      setJob(server, job.id, { status })
      const answer = await call('DELETE', `${jobsPath}/${job.id.replaceAll('-', '').toUpperCase()}`)
      expect([answer.status, answer.body]).toEqual([204, ''])
      expect(await call('GET', `${jobsPath}/${job.id}`)).toMatchObject(absent)
      expect(await call('DELETE', `${jobsPath}/${job.id}`)).toMatchObject(absent)
      const { sqlite } = server.database
      expect(sqlite.query('SELECT job_id FROM job_events').values()).toEqual([[dependant.id]])
      expect(sqlite.query('SELECT * FROM job_dependencies').values()).toEqual([])
    })
  }

  test('400 for what is not over, 404 for what is not one’s own', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    for (const status of ['waiting', 'queued', 'running']) {
      setJob(server, id, { status })
      expect(await server.as('ada')('DELETE', `${jobsPath}/${id}`)).toMatchObject({
        status: 400,
        body: { detail: 'Unable to delete job', code: 'jobs.cannot_delete' },
      })
    }
    setJob(server, id, { status: 'failed' })
    expect(await server.as('bob')('DELETE', `${jobsPath}/${id}`)).toMatchObject(absent)
    expect((await server.as('ada')('GET', `${jobsPath}/${id}`)).status).toBe(200)
  })
})

describe('GET /api/v1/jobs/{job_id}/events and /logs', () => {
  const fill = (server: TestServer, id: string, count: number) => {
    const insert = server.database.sqlite.query(
      'INSERT INTO job_events (job_id, sequence_number, id, event_type, timestamp, data) VALUES (?, ?, ?, ?, ?, ?)',
    )
    server.database.sqlite.transaction(() => {
      for (let index = 1; index <= count; index++) {
        const type = index % 10 === 0 ? 'log' : 'progress'
        insert.run(id, index, crypto.randomUUID(), type, index, JSON.stringify({ message: `é ${index}` }))
      }
    })()
  }

  test('ascending, whole, after a number, and a thousand at most', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const { id } = await postJob(call)
    fill(server, id, 1100)
    const read = async (query = '', what = 'events') => (await call('GET', `${jobsPath}/${id}/${what}?${query}`)).body
    const numbers = async (query?: string, what?: string) =>
      (await read(query, what)).map((one: { sequence_number: number }) => one.sequence_number)
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
    expect(await numbers()).toEqual(range(1, 1000))
    expect(await numbers('since_sequence=0')).toEqual(range(1, 1000))
    expect(await numbers('since_sequence=1000')).toEqual(range(1001, 1100))
    expect(await numbers('since_sequence=1100')).toEqual([])
    expect(await numbers('limit=3&since_sequence=49')).toEqual([50, 51, 52])
    expect(await numbers('limit=100')).toEqual(range(1, 100))
    expect(await numbers('limit=2&since_sequence=15', 'logs')).toEqual([20, 30])
    expect(await numbers('', 'logs')).toHaveLength(110)
    expect((await read('limit=1'))[0]).toEqual({
      id: expect.any(String),
      job_id: id,
      event_type: 'progress',
      timestamp: '1970-01-01T00:00:00.001Z',
      sequence_number: 1,
      data: { message: 'é 1' },
    })
  })

  test('nothing at first; 404 for somebody else’s; 422 for wrong numbers', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    for (const what of ['events', 'logs', 'events/stream']) {
      const path = `${jobsPath}/${id}/${what}`
      if (what !== 'events/stream') expect((await server.as('ada')('GET', path)).body).toEqual([])
      expect(await server.as('bob')('GET', path)).toMatchObject(absent)
      for (const number of ['-1', 'x', '1.5', '99999999999999999999'])
        expect((await server.as('ada')('GET', `${path}?since_sequence=${number}`)).status).toBe(422)
    }
    expect((await server.as('ada')('GET', `${jobsPath}/${id}/events?limit=1001`)).status).toBe(422)
  })
})
