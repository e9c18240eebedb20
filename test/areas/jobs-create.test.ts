import { describe, expect, test } from 'bun:test'
import { defineJob } from '../../src/areas/jobs/job-type.ts'
import { t } from 'elysia'
import { jobsPath, postJob, setJob, sleepJob } from '../support/jobs.ts'
import { scriptedJobs } from '../support/scripted-jobs.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const create = (server: TestServer, body: unknown) => server.as('ada')('POST', jobsPath, body)
const withTypes = (...types: ReturnType<typeof scriptedJobs>['type'][]) =>
  testApp({ overrides: { jobTypes: new Map(types.map((type) => [type.name, type])) } })

describe('POST /api/v1/jobs', () => {
  test('202 with the whole job and nothing else', async () => {
    await using server = testApp()
    const { status, body } = await create(server, sleepJob())
    expect(status).toBe(202)
    const now = '2026-01-02T03:04:05.678Z'
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      job_type: 'system.sleep',
      status: 'pending',
      priority: 0,
      progress_percent: 0,
      current_stage: null,
      message: null,
      created_at: now,
      updated_at: now,
      scheduled_for: now,
      started_at: null,
      completed_at: null,
      user_id: await server.idOf('ada'),
      workspace_id: null,
      result: null,
      error: null,
      error_message: null,
      error_code: null,
      retry_count: 0,
      max_retries: 3,
    })
    expect((await server.as('ada')('GET', `${jobsPath}/${body.id}`)).body).toEqual(body)
  })

  test('writes an audit row, once', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'), { priority: 7, idempotency_key: 'k' })
    await postJob(server.as('ada'), { priority: 7, idempotency_key: 'k' })
    const rows = server.database.sqlite
      .query(`SELECT actor_id, resource_type, resource_id, extra_data FROM audit_logs WHERE event_type = 'job.created'`)
      .values()
    expect(rows).toEqual([[await server.idOf('ada'), 'job', id, '{"job_type":"system.sleep","priority":7}']])
  })

  test('413 for a body that no job needs, before any of it is looked at', async () => {
    await using server = testApp()
    const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]))
    for (const body of [
      sleepJob(fields),
      sleepJob({ payload: fields }),
      sleepJob({ payload: { x: 'x'.repeat(65_536) } }),
    ])
      expect(await create(server, body)).toMatchObject({ status: 413, body: { code: 'http.body_too_large' } })
    expect((await create(server, sleepJob({ payload: { x: 'x'.repeat(60_000) } }))).status).toBe(202)
  })

  const badFields: [name: string, fields: Record<string, unknown>, loc: (string | number)[]][] = [
    ['no type', { job_type: undefined }, ['body', 'job_type']],
    ['an empty type', { job_type: '' }, ['body', 'job_type']],
    ['a long type', { job_type: 'x'.repeat(51) }, ['body', 'job_type']],
    ['no payload', { payload: undefined }, ['body', 'payload']],
    ['a list for the payload', { payload: [] }, ['body', 'payload']],
    ['a text for the payload', { payload: 'seconds' }, ['body', 'payload']],
    ['a wrong field in the payload', { payload: { seconds: 'abc' } }, ['body', 'payload', 'seconds']],
    ['a payload out of bounds', { payload: { seconds: 3601 } }, ['body', 'payload', 'seconds']],
    ['a fraction in the payload', { payload: { seconds: 1.5 } }, ['body', 'payload', 'seconds']],
    ['a low priority', { priority: -101 }, ['body', 'priority']],
    ['a high priority', { priority: 101 }, ['body', 'priority']],
    ['a priority between', { priority: 0.5 }, ['body', 'priority']],
    ['no number for the priority', { priority: true }, ['body', 'priority']],
    ['few retries', { max_retries: -1 }, ['body', 'max_retries']],
    ['many retries', { max_retries: 11 }, ['body', 'max_retries']],
    ['a long key', { idempotency_key: 'x'.repeat(101) }, ['body', 'idempotency_key']],
    ['no time', { scheduled_for: 'tomorrow' }, ['body', 'scheduled_for']],
    ['a time that does not exist', { scheduled_for: '2026-02-30T00:00:00Z' }, ['body', 'scheduled_for']],
    ['a time too far away', { scheduled_for: 1e15 }, ['body', 'scheduled_for']],
    ['a truth value for a time', { scheduled_for: true }, ['body', 'scheduled_for']],
    ['a text for a list', { depends_on: 'x' }, ['body', 'depends_on']],
    ['a number in the list', { depends_on: [1] }, ['body', 'depends_on', 0]],
    ['too many dependencies', { depends_on: Array.from({ length: 51 }, () => 'x') }, ['body', 'depends_on']],
  ]
  for (const [name, fields, loc] of badFields) {
    test(`422 for ${name}`, async () => {
      await using server = testApp()
      const { status, body } = await create(server, sleepJob(fields))
      expect([status, body.detail?.[0]?.loc]).toEqual([422, loc])
      expect(server.database.sqlite.query('SELECT count(*) AS n FROM jobs').get()).toEqual({ n: 0 })
    })
  }

  test('400 for an unknown type, with those that are known', async () => {
    await using server = withTypes(scriptedJobs('one').type, scriptedJobs('two').type)
    for (const name of ['service.install', '__proto__', 'constructor', 'ONE']) {
      expect(await create(server, sleepJob({ job_type: name }))).toMatchObject({
        status: 400,
        body: { detail: `Unknown job type '${name}'. Known types: one, two`, code: 'jobs.unknown_type' },
      })
    }
  })

  test('takes numbers as text, and null for what may be left out', async () => {
    await using server = testApp()
    const job = await postJob(server.as('ada'), {
      priority: '-100',
      max_retries: '0',
      payload: { seconds: '5' },
      idempotency_key: null,
      scheduled_for: null,
      depends_on: null,
    })
    expect(job).toMatchObject({ priority: -100, max_retries: 0, status: 'pending' })
    expect(server.database.sqlite.query('SELECT payload FROM jobs').get()).toEqual({ payload: '{"seconds":5}' })
  })

  const times: [sent: unknown, kept: string][] = [
    ['2026-11-23T10:00:00+02:00', '2026-11-23T08:00:00.000Z'],
    ['2026-11-23T10:00:00-0330', '2026-11-23T13:30:00.000Z'],
    ['2026-11-23T10:00:00', '2026-11-23T10:00:00.000Z'],
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    [1_795_420_800, '2026-11-23T08:00:00.000Z'],
    [1_795_420_800.25, '2026-11-23T08:00:00.250Z'],
    [1_795_420_800_123, '2026-11-23T08:00:00.123Z'],
    ['1795420800', '2026-11-23T08:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
  ]
  for (const [sent, kept] of times) {
    test(`scheduled_for ${JSON.stringify(sent)} is ${kept}`, async () => {
      await using server = testApp()
      expect((await postJob(server.as('ada'), { scheduled_for: sent })).scheduled_for).toBe(kept)
    })
  }

  test('leaves out what the type does not know, however much of it', async () => {
    await using server = testApp()
    const junk = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`field ${index}`, index]))
    await postJob(server.as('ada'), { payload: { ...junk, seconds: 2, ['__proto__']: { polluted: 1 } } })
    expect(server.database.sqlite.query('SELECT payload FROM jobs').get()).toEqual({ payload: '{"seconds":2}' })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('a type may refuse or change a payload', async () => {
    const type = defineJob({
      name: 'even',
      payload: t.Object({ n: t.Number() }),
      secretFields: [],
      timeoutMs: () => 1,
      isResumable: false,
      check: ({ n }) => ({ n: n * 2 }),
      run: async () => ({}),
    })
    await using server = withTypes(type as never)
    await create(server, { job_type: 'even', payload: { n: 4 } })
    expect(server.database.sqlite.query('SELECT payload FROM jobs').get()).toEqual({ payload: '{"n":8}' })
  })
})

describe('secret fields of a payload', () => {
  const secret = 'sk-very-secret-0123456789'
  const request = { job_type: 'scripted', payload: { name: 'n', secret } }

  test('are sealed for this job alone, and shown nowhere', async () => {
    await using server = withTypes(scriptedJobs('scripted').type)
    const call = server.as('ada')
    const { body } = await create(server, { ...request, idempotency_key: 'k' })
    const [row] = server.database.sqlite.query<Record<string, string>, []>('SELECT * FROM jobs').all()
    expect(row?.['payload']).toBe('{"name":"n"}')
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(JSON.parse(server.deps.secretBox.open(row?.['secrets'] ?? '', `jobs/${body.id}`))).toEqual({ secret })
    const answers = [
      body,
      await create(server, { ...request, idempotency_key: 'k' }),
      await create(server, { ...request, payload: { name: 7, secret } }),
      await create(server, { ...request, payload: { secret: [secret] } }),
      await call('GET', jobsPath),
      await call('GET', `${jobsPath}/${body.id}`),
      await call('GET', `${jobsPath}/${body.id}/events`),
      await call('GET', `${jobsPath}/${body.id}/logs`),
      await call('POST', `${jobsPath}/${body.id}/cancel`),
      await call('GET', `${jobsPath}/${body.id}/events/stream`),
      await call('POST', `${jobsPath}/${body.id}/retry`),
    ]
    expect(JSON.stringify(answers.map((one) => one.body ?? one))).not.toContain(secret)
    const tables = ['jobs', 'job_events', 'audit_logs'].map((name) =>
      server.database.sqlite.query(`SELECT * FROM ${name}`).values(),
    )
    expect(JSON.stringify(tables)).not.toContain(secret)
    expect(server.logged()).not.toContain(secret)
  })

  test('are gone when the job has ended, which does not keep it from being tried again', async () => {
    await using server = withTypes(scriptedJobs('scripted').type)
    const { id } = (await create(server, request)).body
    await server.as('ada')('POST', `${jobsPath}/${id}/cancel`)
    const sealed = () => server.database.sqlite.query('SELECT secrets FROM jobs').get()
    expect(sealed()).toEqual({ secrets: null })
    expect((await server.as('ada')('POST', `${jobsPath}/${id}/retry`)).body).toMatchObject({ id, status: 'pending' })
    expect(sealed()).toEqual({ secrets: null })
  })
})

describe('an idempotency key', () => {
  const body = (fields: Record<string, unknown> = {}) => ({ idempotency_key: 'once', ...fields })

  test('answers with the job that is there, while it is not over and when it has completed', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const first = await postJob(call, body())
    expect(await postJob(call, body({ priority: 5, payload: { seconds: 9 } }))).toEqual(first)
    for (const status of ['waiting', 'running', 'completed']) {
      setJob(server, first.id, { status })
      expect(await postJob(call, body({ priority: 5 }))).toEqual({ ...first, status })
    }
    expect((await call('GET', jobsPath)).body.total).toBe(1)
  })

  for (const status of ['failed', 'canceled']) {
    test(`queues a ${status} job again, with what is sent now`, async () => {
      await using server = testApp()
      const call = server.as('ada')
      const first = await postJob(call, body())
      setJob(server, first.id, {
        status,
        message: 'Went wrong',
        error_message: 'Went wrong',
        error_code: 'x',
        current_stage: 'sleeping',
        progress_percent: 50,
        result: '{}',
        started_at: 1,
        completed_at: 2,
        expires_at: 3,
        attempts: 4,
        retry_count: 1,
      })
      server.clock.now += 1000
      const again = await postJob(call, body({ priority: 5, payload: { seconds: 9 }, max_retries: 1 }))
      expect(again).toEqual({
        ...first,
        priority: 5,
        max_retries: 1,
        message: 'Queued',
        retry_count: 2,
        scheduled_for: '2026-01-02T03:04:06.678Z',
        updated_at: '2026-01-02T03:04:06.678Z',
      })
      const row = server.database.sqlite.query('SELECT payload, attempts, expires_at FROM jobs').get()
      expect(row).toEqual({ payload: '{"seconds":9}', attempts: 0, expires_at: null })
    })
  }

  test('counts for one user and one type; an empty one is none', async () => {
    await using server = withTypes(scriptedJobs('one').type, scriptedJobs('two').type)
    const post = async (user: string, job_type: string, idempotency_key: string) =>
      (await server.as(user)('POST', jobsPath, { job_type, payload: {}, idempotency_key })).body.id
    const ids = [
      await post('ada', 'one', 'k'),
      await post('ada', 'two', 'k'),
      await post('bob', 'one', 'k'),
      await post('ada', 'one', 'K'),
      await post('ada', 'one', ''),
      await post('ada', 'one', ''),
    ]
    expect(new Set(ids).size).toBe(6)
    expect(await post('ada', 'one', 'k')).toBe(ids[0])
  })

  test('makes one row of a hundred requests at once', async () => {
    await using server = testApp()
    const call = server.as('ada')
    await server.tokenOf('ada')
    const answers = await Promise.all(Array.from({ length: 100 }, () => call('POST', jobsPath, sleepJob(body()))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1)
    expect((await call('GET', jobsPath)).body.total).toBe(1)
  })

  test('that is no Unicode is the same one the next time', async () => {
    await using server = testApp()
    const text = '{"job_type":"system.sleep","payload":{},"idempotency_key":"\\ud800 \u{1f600}"}'
    const [first, second] = [await create(server, text), await create(server, text)]
    expect([first.status, second.body.id]).toEqual([202, first.body.id])
  })
})

describe('depends_on', () => {
  test('a job waits for those that have not completed, named in any spelling', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const [first, second] = [await postJob(call), await postJob(call)]
    const ids = [first.id.replaceAll('-', '').toUpperCase(), first.id, second.id]
    expect(await postJob(call, { depends_on: ids })).toMatchObject({ status: 'waiting' })
    expect(server.database.sqlite.query('SELECT count(*) AS n FROM job_dependencies').get()).toEqual({ n: 2 })
    setJob(server, first.id, { status: 'completed' })
    expect(await postJob(call, { depends_on: [first.id] })).toMatchObject({ status: 'pending' })
    expect(await postJob(call, { depends_on: [] })).toMatchObject({ status: 'pending' })
  })

  test('400 for what does not exist, for what is not one’s own, and for what is over otherwise', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const [own, foreign] = [await postJob(call), await postJob(server.as('bob'))]
    for (const id of [crypto.randomUUID(), foreign.id, 'x', '']) {
      expect(await call('POST', jobsPath, sleepJob({ depends_on: [own.id, id] }))).toMatchObject({
        status: 400,
        body: { code: 'jobs.unknown_dependency', detail: `Job ${id}, which this one would depend on, does not exist` },
      })
    }
    for (const status of ['failed', 'canceled']) {
      setJob(server, own.id, { status })
      expect(await call('POST', jobsPath, sleepJob({ depends_on: [own.id] }))).toMatchObject({
        status: 400,
        body: { code: 'jobs.failed_dependency' },
      })
    }
    expect((await call('GET', jobsPath)).body.total).toBe(1)
  })

  test('a job that is queued again under its key cannot depend on itself', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const job = await postJob(call, { idempotency_key: 'k' })
    setJob(server, job.id, { status: 'failed' })
    const again = sleepJob({ idempotency_key: 'k', depends_on: [job.id] })
    expect((await call('POST', jobsPath, again)).status).toBe(400)
  })

  test('takes fifty', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const ids = (await Promise.all(Array.from({ length: 50 }, () => postJob(call)))).map(({ id }) => id)
    expect((await postJob(call, { depends_on: ids })).status).toBe('waiting')
  })
})

describe('limits', () => {
  test('429 for too many unfinished jobs of one user; others go on', async () => {
    await using server = testApp({ env: { MAX_JOBS_PER_USER: '2' } })
    const call = server.as('ada')
    const [first] = [await postJob(call), await postJob(call, { idempotency_key: 'k' })]
    const refused = await create(server, sleepJob())
    expect(refused).toMatchObject({ status: 429, body: { code: 'jobs.too_many' } })
    expect(refused.body.detail).toBe('You have 2 unfinished jobs, which is the limit. Wait for some, or cancel them')
    // What is there already needs no room.
    expect((await create(server, sleepJob({ idempotency_key: 'k' }))).status).toBe(202)
    expect((await server.as('bob')('POST', jobsPath, sleepJob())).status).toBe(202)
    await call('POST', `${jobsPath}/${first.id}/cancel`)
    expect((await create(server, sleepJob())).status).toBe(202)
    // A canceled one would be one too many again.
    expect((await call('POST', `${jobsPath}/${first.id}/retry`)).status).toBe(429)
  })

  test('503 when the queue of all users is full', async () => {
    await using server = testApp({ env: { MAX_JOBS: '2' } })
    const [first] = [await postJob(server.as('ada')), await postJob(server.as('bob'))]
    expect(await create(server, sleepJob())).toMatchObject({ status: 503, body: { code: 'jobs.queue_full' } })
    await server.as('ada')('POST', `${jobsPath}/${first.id}/cancel`)
    expect((await create(server, sleepJob())).status).toBe(202)
    expect((await create(server, sleepJob())).status).toBe(503)
  })
})
