import { describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { endJob } from '../../src/areas/jobs/job-endings.service.ts'
import { insertEvent } from '../../src/areas/jobs/job-events.store.ts'
import { encodeNewsFrame, toJobFrame } from '../../src/areas/jobs/job-frames.ts'
import { toJobState } from '../../src/areas/jobs/job-news.ts'
import { takeStreamSlot } from '../../src/areas/jobs/job-stream-slots.ts'
import { cancelJob, findOwnJob, getJob } from '../../src/areas/jobs/jobs.service.ts'
import { jobsPath, postJob, setJob } from '../support/jobs.ts'
import { jobServer, scriptedJobs, until } from '../support/scripted-jobs.ts'
import { followSse, readSse } from '../support/sse.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const open = async (server: TestServer, id: string, query = '', headers: Record<string, string> = {}) =>
  server.send('GET', `${jobsPath}/${id}/events/stream${query}`, undefined, {
    authorization: `Bearer ${await server.tokenOf('ada')}`,
    ...headers,
  })

const follow = async (...args: Parameters<typeof open>) => followSse(await open(...args))

const numbersOf = (events: { sequence_number: number }[]) => events.map((one) => one.sequence_number)
const typesOf = (events: { event_type: string }[]) => events.map((one) => one.event_type)

/** Writes an event as the worker does; without `tell`, as if its news were lost. */
const happen = async (
  server: TestServer,
  id: string,
  data: Record<string, unknown>,
  { fields = {}, isTold = true }: { fields?: Record<string, string | number>; isTold?: boolean } = {},
) => {
  const { deps } = server
  if (Object.keys(fields).length > 0) setJob(server, id, fields)
  const event = insertEvent(deps.db, id, { type: 'progress', data }, deps.clock())
  const job = getJob(deps, await server.idOf('ada'), id)
  if (isTold) deps.jobFeed.tell({ job: toJobState(job), event })
  return event
}

/** A client below HTTP libraries, which read ahead and allow only so many connections. */
const openRaw = async (server: TestServer, id: string, user = 'ada'): Promise<Socket> => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(
    `GET ${jobsPath}/${id}/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${await server.tokenOf(user)}\r\n\r\n`,
  )
  return socket
}

/** Counts who listens to jobs. */
const countListeners = (server: TestServer) => {
  const { jobFeed } = server.deps
  const counter = { open: 0 }
  const { listen } = jobFeed
  jobFeed.listen = (jobId, onNews) => {
    counter.open++
    const stop = listen(jobId, onNews)
    return () => {
      counter.open--
      stop()
    }
  }
  return counter
}

describe('a stream of a job that is over', () => {
  test('is a snapshot, every event with its id, and a last frame; then it closes', async () => {
    await using server = testApp()
    const job = await postJob(server.as('ada'))
    await happen(server, job.id, {
      stage: 'downloading',
      message: 'pulling',
      progress_percent: 43,
      progress_bucket: 8,
      total_bytes: 10,
      completed_bytes: 4,
      digest: 'd',
    })
    setJob(server, job.id, { status: 'failed', message: 'Broken', error_message: 'Broken', progress_percent: 50 })
    const response = await open(server, job.id)
    const headers = ['content-type', 'cache-control', 'x-accel-buffering'].map((name) => response.headers.get(name))
    expect(headers).toEqual(['text/event-stream', 'no-cache, no-transform', 'no'])
    const text = await response.text()
    expect(text).toEndWith('\n\n')
    const frames = text.trimEnd().split('\n\n')
    expect(frames.map((frame) => frame.replace(/data: .*/, 'data'))).toEqual(['data', 'id: 1\ndata', 'data'])
    const events = frames.map((frame) => JSON.parse(frame.replace(/^(id: 1\n)?data: /, '')))
    const state = {
      job_id: job.id,
      job_type: 'system.sleep',
      status: 'failed',
      current_stage: null,
      message: 'Broken',
      progress_percent: 50,
      error: 'Broken',
      error_message: 'Broken',
      sequence_number: 0,
      timestamp: job.updated_at,
      data: { stage: null, progress_percent: 50, message: 'Broken' },
    }
    expect(events[0]).toEqual({ ...state, event_type: 'snapshot' })
    expect(events[2]).toEqual({ ...state, event_type: 'terminal' })
    const data = { stage: 'downloading', message: 'pulling', progress_percent: 43 }
    const bytes = { progress_bucket: 8, total_bytes: 10, completed_bytes: 4 }
    expect(events[1]).toEqual({
      ...state,
      ...data,
      ...bytes,
      current_stage: 'downloading',
      event_type: 'progress',
      sequence_number: 1,
      data: { ...data, ...bytes, digest: 'd' },
    })
  })

  test('goes on after the event that a client names, in the header or else in the query', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    for (let index = 0; index < 120; index++) await happen(server, id, { index })
    setJob(server, id, { status: 'completed' })
    const read = async (query: string, headers = {}) =>
      numbersOf((await readSse(await open(server, id, query, headers))).events)
    const from = (first: number) => [0, ...Array.from({ length: 121 - first }, (_, index) => first + index), 0]
    expect(await read('')).toEqual(from(1))
    expect(await read('?since_sequence=100')).toEqual(from(101))
    expect(await read('?since_sequence=100', { 'last-event-id': '110' })).toEqual(from(111))
    expect(await read('', { 'last-event-id': '120' })).toEqual([0, 0])
    for (const nonsense of ['x', '-1', '1e3', '9'.repeat(400)])
      expect(await read('', { 'last-event-id': nonsense })).toEqual(from(1))
  })

  test('HEAD has the headers and leaves nothing behind', async () => {
    await using server = testApp()
    const listeners = countListeners(server)
    const { id } = await postJob(server.as('ada'))
    const answer = await server.as('ada')('HEAD', `${jobsPath}/${id}/events/stream`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(listeners.open).toBe(0)
  })

  test('a page of another origin may name the event it has seen', async () => {
    await using server = testApp({ env: { APP_ENV: 'prod', CORS_ORIGINS: 'https://brain.example' } })
    const answer = await server.call('OPTIONS', `${jobsPath}/x/events/stream`, undefined, {
      origin: 'https://brain.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,last-event-id',
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-headers')).toContain('last-event-id')
  })
})

describe('a stream of a job that goes on', () => {
  test('follows it from its queue to its end', async () => {
    const { type, runs } = scriptedJobs('scripted')
    await using server = jobServer([type])
    const call = server.as('ada')
    const { id } = await postJob(call, { job_type: 'scripted', payload: {} })
    const stream = await follow(server, id)
    await until(() => runs.length === 1)
    runs[0]?.context.report({ percent: 10, stage: 'one', message: 'First' })
    await stream.until(({ events }) => events.at(-1)?.message === 'First')
    expect(stream.reading.events.at(-1)).toMatchObject({
      status: 'running',
      stage: 'one',
      current_stage: 'one',
      progress_percent: 10,
      event_type: 'progress',
    })
    runs[0]?.context.report({ percent: 20, stage: 'two' })
    runs[0]?.finish({ a: 1 })
    const { events, isDone } = await stream.until(() => false)
    expect(isDone).toBe(false)
    expect(typesOf(events)).toEqual(['snapshot', 'stage', 'progress', 'progress', 'completed', 'terminal'])
    expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4, 0])
    expect(events.at(-1)).toMatchObject({
      status: 'completed',
      progress_percent: 100,
      message: 'Completed successfully',
    })
  })

  test('ends when a queued job is canceled, and can be opened again after a retry', async () => {
    await using server = testApp()
    const call = server.as('ada')
    const { id } = await postJob(call)
    const stream = await follow(server, id)
    await stream.until(({ events }) => events.length === 1)
    await call('POST', `${jobsPath}/${id}/cancel`)
    const { events } = await stream.until(() => false)
    expect(typesOf(events)).toEqual(['snapshot', 'canceled', 'terminal'])
    expect(events.at(-1).status).toBe('cancelled')
    await call('POST', `${jobsPath}/${id}/retry`)
    const again = await follow(server, id, '', { 'last-event-id': '1' })
    await again.until(({ events: one }) => one.length === 2)
    expect(again.reading.events).toMatchObject([
      { event_type: 'snapshot', status: 'pending' },
      { event_type: 'retry', sequence_number: 2 },
    ])
    await again.leave()
  })

  test('closes at its end also when the clock was set back meanwhile', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    const stream = await follow(server, id)
    await happen(server, id, {}, { fields: { status: 'running', worker_id: 'w', updated_at: server.clock.now } })
    await stream.until(({ events }) => events.length === 2)
    server.clock.now -= 600_000
    endJob(server.deps, getJob(server.deps, await server.idOf('ada'), id), { status: 'completed', result: {} })
    const { events } = await stream.until(() => false)
    expect(typesOf(events)).toEqual(['snapshot', 'progress', 'completed', 'terminal'])
    expect(events.at(-1)).toMatchObject({ status: 'completed' })
  })

  test('what was not told is read from the database, in order, before what was', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    const stream = await follow(server, id)
    await stream.until(({ events }) => events.length === 1)
    await happen(server, id, { n: 1 })
    await happen(server, id, { n: 2 }, { isTold: false })
    await happen(server, id, { n: 3 }, { isTold: false })
    const fourth = await happen(server, id, { n: 4 })
    // Told once more, and late.
    const job = toJobState(getJob(server.deps, await server.idOf('ada'), id))
    server.deps.jobFeed.tell({ job: { ...job, status: 'failed', updatedAt: job.updatedAt - 1 }, event: fourth })
    await happen(server, id, { n: 5 }, { isTold: false })
    setJob(server, id, { status: 'completed' })
    server.deps.jobFeed.tell({ job: toJobState(getJob(server.deps, await server.idOf('ada'), id)) })
    const { events } = await stream.until(() => false)
    expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4, 5, 0])
    expect(events.at(-1)).toMatchObject({ event_type: 'terminal', status: 'completed' })
  })

  test('state that comes without an event is shown by the next one', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    const stream = await follow(server, id)
    setJob(server, id, { status: 'running' })
    server.deps.jobFeed.tell({ job: toJobState(getJob(server.deps, await server.idOf('ada'), id)) })
    await happen(server, id, {})
    await stream.until(({ events }) => events.length === 2)
    expect(stream.reading.events[1].status).toBe('running')
    await stream.leave()
  })

  test('every 15 s a comment of one line, and a look whether the job is still there or is over', async () => {
    await using server = testApp()
    const listeners = countListeners(server)
    const [lost, deleted, lively] = [
      await postJob(server.as('ada')),
      await postJob(server.as('bob')),
      await postJob(server.as('ada')),
    ]
    const streams = [await open(server, lost.id), await open(server, lively.id)]
    const gone = await openRaw(server, deleted.id, 'bob')
    let text = ''
    gone.on('data', (piece) => (text += piece))
    await until(() => listeners.open === 3)
    await happen(server, lost.id, { n: 1 }, { fields: { status: 'completed' }, isTold: false })
    server.database.sqlite.run('DELETE FROM users WHERE id = ?', [await server.idOf('bob')])
    const last = await streams[0]!.text()
    expect(last).toContain(': ping\nid: 1\n')
    expect(last).toContain('"event_type":"terminal"')
    await until(() => listeners.open === 1)
    // The end of a chunked answer, not a cut connection.
    await until(() => text.endsWith('0\r\n\r\n'))
    expect(text).toContain('"event_type":"snapshot"')
    expect(text).not.toContain('terminal')
    await streams[1]!.body?.cancel()
    await until(() => listeners.open === 0)
  }, 30_000)
})

describe('many streams', () => {
  test('five hundred that are cut at once leave nothing behind', async () => {
    await using server = testApp()
    const listeners = countListeners(server)
    const users = ['ada', 'bob', 'cleo']
    const ids = await Promise.all(users.map(async (user) => (await postJob(server.as(user))).id as string))
    for (let round = 0; round < 2; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 500 }, (_, index) => openRaw(server, ids[index % 3] ?? '', users[index % 3])),
      )
      await until(() => listeners.open === 500)
      for (const socket of sockets) socket.destroy()
      await until(() => listeners.open === 0)
    }
  }, 20_000)

  test('five hundred listeners get every event and the end, at once', async () => {
    await using server = testApp()
    const listeners = countListeners(server)
    const users = ['ada', 'bob', 'cleo']
    const ids = await Promise.all(users.map(async (user) => (await postJob(server.as(user))).id as string))
    const sockets = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const socket = await openRaw(server, ids[index % 3] ?? '', users[index % 3])
        const received = { text: '' }
        socket.on('data', (piece) => (received.text += piece))
        return { socket, received }
      }),
    )
    await until(() => listeners.open === 500)
    const { deps } = server
    for (const [index, id] of ids.entries()) {
      const job = getJob(deps, await server.idOf(users[index] ?? ''), id)
      for (let number = 1; number <= 10; number++) {
        const event = insertEvent(deps.db, id, { type: 'progress', data: { number } }, deps.clock())
        deps.jobFeed.tell({ job: toJobState(job), event })
      }
      cancelJob(deps, job.userId, id)
    }
    await until(() => sockets.every(({ received }) => received.text.endsWith('0\r\n\r\n')), 2000)
    expect(listeners.open).toBe(0)
    const numbers = Array.from({ length: 11 }, (_, index) => `id: ${index + 1}`)
    for (const { socket, received } of sockets) {
      expect([...received.text.matchAll(/^id: .*$/gm)].map(([line]) => line)).toEqual(numbers)
      expect(received.text).toContain('"event_type":"terminal"')
      socket.destroy()
    }
  }, 20_000)

  test('429 for the 201st of one user, until one is left', async () => {
    await using server = testApp()
    const listeners = countListeners(server)
    const { id } = await postJob(server.as('ada'))
    const other = await postJob(server.as('bob'))
    const sockets = await Promise.all(Array.from({ length: 200 }, () => openRaw(server, id)))
    await until(() => listeners.open === 200)
    const refused = await server.as('ada')('GET', `${jobsPath}/${id}/events/stream`)
    expect(refused).toMatchObject({ status: 429, body: { code: 'jobs.too_many_streams' } })
    const guest = await openRaw(server, other.id, 'bob')
    await until(() => listeners.open === 201)
    sockets[0]?.destroy()
    await until(() => listeners.open === 200)
    await (await follow(server, id)).leave()
    for (const socket of [...sockets, guest]) socket.destroy()
    await until(() => listeners.open === 0)
  }, 20_000)

  test('one that does not read for a while gets every event once, in order', async () => {
    await using server = testApp()
    const { id } = await postJob(server.as('ada'))
    const lazy = await openRaw(server, id)
    await once(lazy, 'data')
    lazy.pause()
    const keen = await follow(server, id)
    const message = 'x'.repeat(64 * 1024)
    const all = 600
    for (let index = 1; index <= all; index++) {
      await happen(server, id, { message })
      await keen.until(({ events }) => events.at(-1)?.sequence_number === index)
      keen.reading.events.length = 0
    }
    const received: Buffer[] = []
    lazy.on('data', (piece: Buffer) => received.push(piece))
    lazy.resume()
    // Not by an ending of its own, which leaves the newest 200 events only.
    await happen(server, id, {}, { fields: { status: 'completed' } })
    await keen.until(() => false)
    await until(() => received.at(-1)?.toString().endsWith('0\r\n\r\n'), 15_000)
    lazy.destroy()
    const numbers = [
      ...Buffer.concat(received)
        .toString()
        .matchAll(/^id: (\d+)$/gm),
    ].map(([, number]) => Number(number))
    expect(numbers).toEqual(Array.from({ length: all + 1 }, (_, index) => index + 1))
    expect(numbersOf(keen.reading.events)).toEqual([all + 1, 0])
  }, 60_000)
})

test('503 when the server has 5,000 streams open', () => {
  const users = Array.from({ length: 26 }, () => crypto.randomUUID())
  const [late = '', ...others] = users
  const releases = others.flatMap((user) => Array.from({ length: 200 }, () => takeStreamSlot(user)))
  expect(() => takeStreamSlot(others[0] ?? '')).toThrow('Too many event streams are open')
  expect(() => takeStreamSlot(late)).toThrow('The server has too many event streams open')
  for (const release of releases) release()
  takeStreamSlot(late)()
})

test('a frame is made once for all who have the same kind', async () => {
  await using server = testApp()
  const { id } = await postJob(server.as('ada'))
  const opened = getJob(server.deps, await server.idOf('ada'), id)
  const event = await happen(server, id, {})
  let made = 0
  const toFrame = () => ({ made: ++made })
  const news = { job: toJobState(opened), event }
  const frames = Array.from({ length: 3 }, () => encodeNewsFrame(news, event, toFrame, opened))
  expect([made, new Set(frames).size]).toEqual([1, 1])
  expect(encodeNewsFrame(news, event, toJobFrame, opened)).not.toBe(frames[0]!)
  encodeNewsFrame({ ...news }, event, toFrame, opened)
  expect(made).toBe(2)
})

test('a job that is deleted while its stream is opened is no error', async () => {
  await using server = testApp()
  const { id } = await postJob(server.as('ada'))
  await server.as('ada')('POST', `${jobsPath}/${id}/cancel`)
  const [stream, deleted] = await Promise.all([
    open(server, id).then(readSse),
    server.as('ada')('DELETE', `${jobsPath}/${id}`),
  ])
  expect(deleted.status).toBe(204)
  expect(stream.events.every(({ job_id }) => job_id === id)).toBe(true)
  expect(findOwnJob(server.deps, await server.idOf('ada'), id)).toBeUndefined()
  expect(server.logged()).toBe('')
})
