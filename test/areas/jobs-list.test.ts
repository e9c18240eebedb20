import { describe, expect, test } from 'bun:test'
import { countUnfinished, countUnfinishedOf } from '../../src/areas/jobs/job-limits.store.ts'
import { findOwnDependencies, listDependencies, setDependencies } from '../../src/areas/jobs/job-dependencies.store.ts'
import { listEvents, listLogEvents } from '../../src/areas/jobs/job-events.store.ts'
import { deleteEndedJob, findJob, listJobs, markCancelRequested } from '../../src/areas/jobs/jobs.store.ts'
import { findJobByKey } from '../../src/areas/jobs/new-jobs.store.ts'
import { jobsPath, postJob, setJob } from '../support/jobs.ts'
import { plansOf } from '../support/query-plans.ts'
import { scriptedJobs } from '../support/scripted-jobs.ts'
import { testApp } from '../support/test-app.ts'

const missing = crypto.randomUUID()

describe('GET /api/v1/jobs/{job_id}', () => {
  test('the whole job, in either spelling', async () => {
    await using server = testApp()
    const job = await postJob(server.as('ada'))
    for (const id of [job.id, job.id.replaceAll('-', ''), job.id.toUpperCase()])
      expect(await server.as('ada')('GET', `${jobsPath}/${id}`)).toMatchObject({ status: 200, body: job })
  })

  test('shows how it went', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    setJob(server, id, {
      status: 'failed',
      started_at: 1000,
      completed_at: 2000,
      progress_percent: 40,
      current_stage: 'sleeping',
      message: 'Broken',
      error_message: 'Broken',
      error_code: 'broken',
      result: '{"model_name":"m","é":[1]}',
    })
    expect((await server.as('ada')('GET', `${jobsPath}/${id}`)).body).toMatchObject({
      status: 'failed',
      started_at: '1970-01-01T00:00:01.000Z',
      completed_at: '1970-01-01T00:00:02.000Z',
      progress_percent: 40,
      current_stage: 'sleeping',
      message: 'Broken',
      error: 'Broken',
      error_message: 'Broken',
      error_code: 'broken',
      result: { model_name: 'm', é: [1] },
    })
  })

  test('404 for somebody else’s, for the administrator too, and for what is no id', async () => {
    await using server = testApp()
    await server.tokenOf('root')
    const { id } = await postJob(server.as('ada'))
    const absent = { status: 404, body: { detail: 'Job not found', code: 'jobs.not_found' } }
    for (const user of ['root', 'bob']) expect(await server.as(user)('GET', `${jobsPath}/${id}`)).toMatchObject(absent)
    for (const one of [missing, 'x', '%00', 'x'.repeat(100)])
      expect(await server.as('ada')('GET', `${jobsPath}/${one}`)).toMatchObject(absent)
    expect((await server.as('ada')('GET', `${jobsPath}/${'x'.repeat(101)}`)).status).toBe(422)
  })
})

describe('GET /api/v1/jobs', () => {
  const words: [stored: string, wire: string][] = [
    ['waiting', 'waiting'],
    ['queued', 'pending'],
    ['running', 'running'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['canceled', 'cancelled'],
  ]

  test('status is shown in the words of the reference, and asked for in those of clients, too', async () => {
    await using server = testApp()
    const call = server.as('ada')
    for (const [stored] of words) setJob(server, (await postJob(call)).id, { status: stored })
    for (const [stored, wire] of words) {
      for (const word of new Set([stored, wire])) {
        const { body } = await call('GET', `${jobsPath}?status=${word}`)
        expect([body.total, body.jobs.map(({ status }: { status: string }) => status)]).toEqual([1, [wire]])
      }
    }
    expect((await call('GET', jobsPath)).body.total).toBe(6)
  })

  test('422 for what is no status, page or size', async () => {
    await using server = testApp()
    const queries = ['status=', 'status=done', 'status=PENDING', 'page=0', 'page=x', 'page_size=0', 'page_size=101']
    for (const query of [...queries, 'page=1.5', 'page=99999999999', `job_type=${'x'.repeat(51)}`]) {
      const { status, body } = await server.as('ada')('GET', `${jobsPath}?${query}`)
      expect([query, status, body.detail?.[0]?.loc]).toEqual([query, 422, ['query', query.split('=')[0]]])
    }
    const { body } = await server.as('ada')('GET', `${jobsPath}?status=done`)
    expect(body.detail[0].type).toBe('enum')
  })

  test('pages, newest first, without gaps or overlaps', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const ids: string[] = []
    // Two at each time.
    for (let index = 0; index < 25; index++) {
      if (index % 2) server.clock.now += 1
      ids.push((await postJob(call)).id)
    }
    await postJob(server.as('bob'))
    const read = async (query: string) => (await call('GET', `${jobsPath}?${query}`)).body
    const pages = [await read(''), await read('page=2'), await read('page=3')]
    expect(pages.map(({ total, page, page_size, has_next }) => [total, page, page_size, has_next])).toEqual([
      [25, 1, 20, true],
      [25, 2, 20, false],
      [25, 3, 20, false],
    ])
    const seen = pages.flatMap(({ jobs }) => jobs.map(({ id }: { id: string }) => id))
    expect(seen.toSorted()).toEqual(ids.toSorted())
    const times = pages.flatMap(({ jobs }) => jobs.map(({ created_at }: { created_at: string }) => created_at))
    expect(times).toEqual(times.toSorted().toReversed())
    expect(await read('page=1&page_size=25')).toMatchObject({ has_next: false, page_size: 25 })
    expect(await read('page=5&page_size=5')).toMatchObject({ has_next: false })
    expect(await read('page=4&page_size=5')).toMatchObject({ has_next: true })
    expect((await read('page=10000000&page_size=100')).jobs).toEqual([])
  })

  test('filters by type, exactly, and by both', async () => {
    const types = ['one', 'two'].map((name) => scriptedJobs(name).type)
    await using server = testApp({ overrides: { jobTypes: new Map(types.map((type) => [type.name, type])) } })
    const call = server.as('ada')
    for (const type of ['one', 'one', 'two']) await postJob(call, { job_type: type, payload: {} })
    const first = (await call('GET', `${jobsPath}?job_type=one`)).body.jobs[0]
    setJob(server, first.id, { status: 'completed' })
    const total = async (query: string) => {
      const { body } = await call('GET', `${jobsPath}?${query}`)
      expect(body.jobs).toHaveLength(body.total)
      return body.total
    }
    expect(await total('job_type=one')).toBe(2)
    expect(await total('job_type=ONE')).toBe(0)
    expect(await total(`job_type=${encodeURIComponent("one' or 1=1")}`)).toBe(0)
    expect(await total('job_type=one&status=completed')).toBe(1)
    expect(await total('job_type=two&status=completed')).toBe(0)
    expect(await total('job_type=')).toBe(3)
  })
})

describe('query plans', () => {
  test('each list is read in order from an index, and counted without reading rows', async () => {
    await using server = testApp()
    const { db, sqlite } = { db: server.deps.db, sqlite: server.database.sqlite }
    const filters = [{}, { status: 'queued' as const }, { jobType: 'x' }, { status: 'queued' as const, jobType: 'x' }]
    const plans = plansOf(sqlite, () => {
      for (const one of filters) listJobs(db, 'u', one, { skip: 0, limit: 1 })
    })
    const indexes = ['jobs_list (', 'jobs_list_status (', 'jobs_list_type (', 'jobs_list_type (']
    expect(plans).toHaveLength(2 * indexes.length)
    for (const [at, index] of indexes.entries()) {
      expect(plans[2 * at]).toStartWith(`SEARCH jobs USING INDEX ${index}user_id=?`)
      expect(plans[2 * at]).not.toContain('TEMP B-TREE')
      expect(plans[2 * at + 1]).toContain('COVERING INDEX')
      expect(plans[2 * at + 1]).not.toContain('SCAN')
    }
  })

  test('what is unfinished is counted from a small index', async () => {
    await using server = testApp()
    const { db } = server.deps
    const plans = plansOf(server.database.sqlite, () => {
      countUnfinished(db)
      countUnfinishedOf(db, 'u')
    })
    expect(plans).toEqual([
      'SCAN jobs USING COVERING INDEX jobs_unfinished',
      'SEARCH jobs USING COVERING INDEX jobs_unfinished (user_id=? AND status=?)',
    ])
  })

  test('the other statements search by an index', async () => {
    await using server = testApp()
    const { db } = server.deps
    const job = await postJob(server.as('ada'))
    const fresh = testApp()
    const plans = plansOf(fresh.database.sqlite, () => {
      const other = fresh.deps.db
      findJob(other, 'u', 'x')
      markCancelRequested(other, 'x', 'm', 1)
      deleteEndedJob(other, 'u', 'x')
      findJobByKey(other, 'u', 't', 'k')
      findOwnDependencies(other, 'u', ['x'])
      listDependencies(other, 'x')
      listEvents(other, 'x', { after: 1, limit: 1 })
      listLogEvents(other, 'x', { after: 1, limit: 1 })
    })
    await fresh.stop()
    for (const plan of plans) expect(plan.replace('SCAN json_each VIRTUAL TABLE', '')).not.toMatch(/SCAN|ORDER BY/)
    setDependencies(db, job.id, [])
    expect(listDependencies(db, job.id)).toEqual([])
  })
})
