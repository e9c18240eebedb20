import { describe, expect, test } from 'bun:test'
import { cancelJob, retryJob } from '../../src/areas/jobs/jobs.service.ts'
import { JobFailure } from '../../src/areas/jobs/job-type.ts'
import { markCancelRequested } from '../../src/areas/jobs/jobs.store.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { jobServer, scriptedJobs, until } from '../support/scripted-jobs.ts'

const minuteMs = 60_000

describe('a job that is run', () => {
  test('goes from queued over running to completed, and tells so', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', payload: { name: 'one', secret: 'hidden' } })
    expect(job).toMatchObject({ status: 'queued', progressPercent: 0, message: null, attempts: 0 })
    expect(job.payload).toBe('{"name":"one"}')
    expect(job.secrets).not.toContain('hidden')
    const told: string[] = []
    server.deps.jobFeed.listen(job.id, (news) => told.push(`${news.job.status} ${news.event?.eventType}`))
    await until(() => runs.length === 1)
    expect(runs[0]?.payload).toEqual({ name: 'one', secret: 'hidden' })
    expect(runs[0]?.context).toMatchObject({ jobId: job.id, userId: job.userId, attempt: 1 })
    expect(server.find(job)).toMatchObject({
      status: 'running',
      startedAt: server.clock.now,
      currentStage: 'started',
      message: 'Running attempt 1',
      attempts: 1,
      retryCount: 0,
    })
    server.clock.now += 1500
    runs[0]?.context.report({ percent: 40, stage: 'half', message: 'Half done', data: { bytes: 4 } })
    await until(() => server.find(job).progressPercent === 40)
    runs[0]?.finish({ answer: 42 })
    await server.whenStatus(job, 'completed')
    expect(server.find(job)).toMatchObject({
      progressPercent: 100,
      currentStage: 'half',
      message: 'Completed successfully',
      result: '{"answer":42}',
      completedAt: server.clock.now,
      expiresAt: server.clock.now + 30 * 24 * 60 * minuteMs,
      errorMessage: null,
      secrets: null,
      workerId: null,
      leaseUntil: null,
      retryCount: 0,
    })
    expect(server.events(job)).toEqual([
      {
        eventType: 'stage',
        sequenceNumber: 1,
        data: { attempt_number: 1, stage: 'started', message: 'Job started' },
      },
      {
        eventType: 'progress',
        sequenceNumber: 2,
        data: { bytes: 4, progress_percent: 40, stage: 'half', message: 'Half done' },
      },
      {
        eventType: 'completed',
        sequenceNumber: 3,
        data: { progress_percent: 100, message: 'Completed successfully' },
      },
    ])
    expect(told).toEqual(['running stage', 'running progress', 'completed completed'])
  })

  test('fails with the words of its failure, and is queued again by a person', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    runs[0]?.context.report({ percent: 30 })
    runs[0]?.fail(new JobFailure('no_space', 'The disk is full'))
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({
      errorMessage: 'The disk is full',
      errorCode: 'no_space',
      message: 'The disk is full',
      progressPercent: 30,
      retryCount: 1,
      completedAt: server.clock.now,
    })
    expect(server.events(job).at(-1)).toMatchObject({
      eventType: 'failed',
      data: { message: 'The disk is full', error_code: 'no_space', progress_percent: 30 },
    })

    retryJob(server.deps, job.userId, job.id)
    await until(() => runs.length === 2)
    expect(runs[1]?.context.attempt).toBe(2)
    expect(server.find(job)).toMatchObject({ status: 'running', progressPercent: 0, attempts: 1, retryCount: 1 })
    runs[1]?.fail(new JobFailure('no_space', 'Still full'))
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({ retryCount: 2, errorMessage: 'Still full' })
  })

  test('leaves one row of the audit log for each end', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    for (const name of ['completed', 'failed', 'canceled']) {
      const job = await server.add('ada', { jobType: 'scripted', payload: { name } })
      const count = runs.length
      await until(() => runs.length === count + 1)
      if (name === 'completed') runs.at(-1)?.finish()
      else if (name === 'failed') runs.at(-1)?.fail(new JobFailure('broken', 'Broken /home/ada'))
      else cancelJob(server.deps, job.userId, job.id)
      await until(() => server.find(job).status === name)
      const rows = server.database.sqlite
        .query(
          "select * from audit_logs where resource_id = ? and event_type like 'job.%' and event_type <> 'job.created'",
        )
        .all(job.id)
      expect(rows).toMatchObject([
        {
          event_type: `job.${name}`,
          actor_type: 'user',
          actor_id: job.userId,
          resource_type: 'job',
          status: name === 'failed' ? 'failure' : 'success',
          reason: name === 'failed' ? 'broken' : null,
          extra_data: '{"job_type":"scripted"}',
        },
      ])
    }
  })

  test('fails as an internal error, without its words, when the error is not made for users', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', payload: { secret: 'hidden' } })
    await until(() => runs.length === 1)
    runs[0]?.fail(new Error('cannot read /home/ada/secrets'))
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({
      errorMessage: 'The job failed because of an internal error',
      errorCode: 'internal',
    })
    expect(server.logged()).toContain('cannot read')
    expect(server.logged()).not.toContain('hidden')
  })

  test('fails when its type or the form of its payload is not known any more', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', scheduledFor: server.clock.now + 1 })
    const other = await server.add('ada', { jobType: 'scripted', scheduledFor: server.clock.now + 1 })
    server.database.sqlite.run(`update jobs set job_type = 'gone' where id = '${job.id}'`)
    server.database.sqlite.run(`update jobs set payload = '{"name":5}' where id = '${other.id}'`)
    server.pass(1)
    await server.whenStatus(job, 'failed')
    await server.whenStatus(other, 'failed')
    expect(server.find(job).errorCode).toBe('unknown_type')
    expect(server.find(other).errorCode).toBe('invalid_payload')
    expect(runs).toEqual([])
  })

  test('fails when its result cannot be stored as JSON', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    runs[0]?.finish({ count: 1n })
    await server.whenStatus(job, 'failed')
    expect(server.find(job).errorCode).toBe('internal')
  })
})

describe('a failure that may pass', () => {
  const transient = () => new JobFailure('offline', 'Nobody answers', { isTransient: true })

  test('is tried again, ever later, until max_retries are used up', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', maxRetries: 2 })
    const delays: number[] = []
    for (const attempt of [1, 2]) {
      await until(() => runs.length === attempt)
      runs.at(-1)?.fail(transient())
      await server.whenStatus(job, 'queued')
      const { scheduledFor, errorMessage, message, retryCount } = server.find(job)
      delays.push(scheduledFor - server.clock.now)
      expect({ errorMessage, message, retryCount }).toEqual({
        errorMessage: null,
        message: 'Nobody answers. It is tried again',
        retryCount: attempt,
      })
      expect(server.events(job).at(-1)).toMatchObject({
        eventType: 'retry',
        data: { message: 'Nobody answers. It is tried again', scheduled_for: new Date(scheduledFor).toISOString() },
      })
      server.pass(scheduledFor - server.clock.now - 1)
      await Bun.sleep(20)
      expect(runs).toHaveLength(attempt)
      server.pass(1)
    }
    expect(delays[0]).toBeWithin(4000, 6001)
    expect(delays[1]).toBeWithin(8000, 12_001)
    await until(() => runs.length === 3)
    expect(runs.map(({ context }) => context.attempt)).toEqual([1, 2, 3])
    runs[2]?.fail(transient())
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({ errorMessage: 'Nobody answers', errorCode: 'offline', retryCount: 3 })
  })

  test('is that of a connection, a full queue of ours or an upstream server in trouble, and no other', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const statusAfter = async (error: UpstreamError) => {
      const job = await server.add('ada', { jobType: 'scripted' })
      const count = runs.length
      await until(() => runs.length === count + 1)
      runs.at(-1)?.fail(error)
      await until(() => server.find(job).status !== 'running')
      return server.find(job).status
    }
    for (const kind of ['unreachable', 'timeout', 'busy'] as const)
      expect(await statusAfter(new UpstreamError(kind, kind))).toBe('queued')
    expect(await statusAfter(new UpstreamError('status', 'x', { status: 503 }))).toBe('queued')
    expect(await statusAfter(new UpstreamError('status', 'x', { status: 404 }))).toBe('failed')
    for (const kind of ['refused', 'protocol', 'too_large', 'in_band'] as const)
      expect(await statusAfter(new UpstreamError(kind, kind))).toBe('failed')
  })

  test('waits ten minutes at most, with no retries not at all', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted', maxRetries: 10 })
    for (let attempt = 1; attempt <= 10; attempt++) {
      await until(() => runs.length === attempt)
      runs.at(-1)?.fail(transient())
      await server.whenStatus(job, 'queued')
      expect(server.find(job).scheduledFor - server.clock.now).toBeLessThanOrEqual(10 * minuteMs)
      server.pass(10 * minuteMs)
    }
    await until(() => runs.length === 11)
    runs.at(-1)?.fail(transient())
    await server.whenStatus(job, 'failed')

    const once = await server.add('ada', { jobType: 'scripted', maxRetries: 0 })
    await until(() => runs.length === 12)
    runs.at(-1)?.fail(transient())
    await server.whenStatus(once, 'failed')
  })

  test('is not tried again when it was canceled meanwhile', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const job = await server.add('ada', { jobType: 'scripted' })
    await until(() => runs.length === 1)
    // Without the hint to the runner, which may come too late.
    markCancelRequested(server.deps.db, job.id, 'Cancellation requested', server.clock.now)
    runs[0]?.fail(transient())
    await server.whenStatus(job, 'canceled')
  })
})
