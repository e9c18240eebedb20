import { expect, test } from 'bun:test'
import { openPayload } from '../../src/areas/jobs/job-payload.ts'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { hex } from '../support/old-household.ts'
import { ada, bob, dashed, type OldRow, oldInstallation, oldUser } from '../support/old-installation.ts'
import { testApp } from '../support/test-app.ts'

const pull = '{"model_name":"llama3","server_url":"http://localhost:11434","api_key":"very secret"}'
const dayMs = 86_400_000

test('jobs: what was under way has failed, downloads in line go on, all else is history without secrets', async () => {
  await using server = testApp()
  using old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'), oldUser(bob, 'bob'))
  const job = (id: string, job_type: string, status: string, more: OldRow = {}) =>
    old.insert('jobs', {
      id: dashed(hex(id)),
      job_type,
      status,
      payload: pull,
      user_id: ada,
      created_at: `2025-01-0${id} 00:00:00`,
      ...more,
    })
  job('1', 'ollama.install', 'queued', {
    idempotency_key: 'k1',
    priority: 500,
    scheduled_for: '2025-01-01 10:00:00.25',
    message: 'Queued',
  })
  job('2', 'ollama.install', 'completed', {
    idempotency_key: 'k2',
    result: 'null',
    progress_percent: 100,
    completed_at: '2025-01-02 01:00:00',
  })
  job('3', 'system.sleep', 'running', {
    payload: '{"seconds":1}',
    message: 'Slept 1 of 2 seconds',
    progress_percent: 50,
  })
  job('4', 'service.install', 'queued', { payload: '{"service_ops_path":"/tmp/evil.py"}' })
  job('5', 'something.else', 'canceled', { idempotency_key: 'k5', result: '[1]', max_retries: 99 })
  job('6', 'ollama.install', 'dreaming', { payload: 'no json' })
  job('7', 'ollama.install', 'failed', { user_id: hex('f') })
  for (let number = 1; number <= 250; number++)
    old.insert('job_progress_events', {
      id: `e${number}`,
      job_id: dashed(hex('2')),
      event_type: 'progress',
      data: '{"n":1}',
      sequence_number: number,
    })
  old.insert('job_progress_events', {
    id: 'lost',
    job_id: 'gone',
    event_type: 'progress',
    data: 'null',
    sequence_number: 1,
  })
  old.insert(
    'job_dependencies',
    { id: 'd', job_id: dashed(hex('2')), depends_on_job_id: hex('3') },
    { id: 'e', job_id: dashed(hex('2')), depends_on_job_id: 'gone' },
  )
  old.insert('job_attempts', {
    id: 'a',
    job_id: dashed(hex('2')),
    attempt_number: 1,
    status: 'completed',
    started_at: '2025-01-02 00:00:00',
  })
  const report = await importOld(server, old)

  const { now } = server.clock
  const jobs = rowsOf(server, 'jobs')
  expect(jobs).toMatchObject([
    {
      id: dashed(hex('1')),
      status: 'queued',
      idempotency_key: 'k1',
      priority: 100,
      scheduled_for: Date.UTC(2025, 0, 1, 10, 0, 0, 250),
      expires_at: null,
    },
    { status: 'completed', idempotency_key: null, result: null, secrets: null, completed_at: Date.UTC(2025, 0, 2, 1) },
    {
      status: 'failed',
      message: 'Slept 1 of 2 seconds',
      error_message: 'Job interrupted during restart; please retry',
      progress_percent: 50,
      completed_at: now,
    },
    { status: 'failed', error_message: 'this server does not run jobs of its type' },
    { status: 'canceled', idempotency_key: 'k5', result: null, max_retries: 10 },
    { status: 'failed', payload: '{}' },
  ])
  expect(jobs[1].expires_at).toBe(now + server.deps.config.jobRetentionDays * dayMs)
  expect(JSON.stringify(jobs)).not.toContain('very secret')
  expect(openPayload(server.deps, jobs[0])).toMatchObject({ api_key: 'very secret', model_name: 'llama3' })

  const events = rowsOf(server, 'job_events')
  expect(events).toHaveLength(200)
  expect(events.map(({ sequence_number }) => sequence_number).toSorted((a, b) => a - b)[0]).toBe(51)
  expect(rowsOf(server, 'job_dependencies')).toEqual([
    { job_id: dashed(hex('2')), depends_on_job_id: dashed(hex('3')) },
  ])
  const told = Object.fromEntries(
    report.findings.map(({ table, kind, reason, count }) => [`${table} ${kind}: ${reason}`, count]),
  )
  expect(told).toMatchObject({
    'jobs dropped: its user does not exist': 1,
    'jobs changed: Job interrupted during restart; please retry: failed': 1,
    'jobs changed: its status is unknown: failed': 1,
    'job_progress_events dropped: of each job the newest 200 are kept': 50,
    'job_progress_events dropped: its job was not imported': 1,
    'job_dependencies dropped: its job was not imported': 1,
    'job_attempts dropped: a job itself says how it ended': 1,
  })
  const { call } = await signInOld(server, 'ada@home.local')
  const { body } = await call('GET', '/api/v1/jobs')
  expect(body.total).toBe(6)
  expect(body.jobs.map(({ status }: { status: string }) => status)).toEqual([
    'failed',
    'cancelled',
    'failed',
    'failed',
    'completed',
    'pending',
  ])
})

test('a download that was in line on the old server runs here', async () => {
  await using server = testApp({ runJobs: true })
  using old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'))
  old.insert('jobs', {
    id: dashed(hex('1')),
    job_type: 'system.sleep',
    status: 'queued',
    payload: '{"seconds":0}',
    user_id: ada,
    scheduled_for: '2025-01-01 00:00:00',
  })
  await importOld(server, old)
  const { call } = await signInOld(server, 'ada@home.local')
  server.deps.jobWorker.wake()
  const deadline = Date.now() + 10_000
  let status = ''
  while (status !== 'completed' && Date.now() < deadline) {
    await Bun.sleep(10)
    status = (await call('GET', `/api/v1/jobs/${hex('1')}`)).body.status
  }
  expect(status).toBe('completed')
})
