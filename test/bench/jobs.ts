import { join } from 'node:path'
import { openDatabase } from '../../src/db/client.ts'
import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'
import { median, percentile } from './statistics.ts'

const userCount = 5
const queuedJobs = 10_000
const runningOfEach = 4
const streams = 500
const openAtOnce = 50
const warmUpMs = 2000
const measureMs = 5000
const samples = 100

interface User {
  id: string
  headers: Record<string, string>
}

const read = async <Answer>(url: string, { headers }: Pick<User, 'headers'>) =>
  (await (await fetch(url, { headers })).json()) as Answer

const signUp = async (server: BenchServer, index: number): Promise<User> => {
  const account = { username: `ada${index}`, email: `ada${index}@home.local`, password: 'correct horse' }
  await server.call('POST', '/api/v1/auth/register', account)
  const { access_token: token } = await server.call<{ access_token: string }>('POST', '/api/v1/auth/login', account)
  const headers = { ...server.headers, authorization: `Bearer ${token}` }
  const { id } = await read<{ id: string }>(`${server.url}/api/v1/auth/me`, { headers })
  return { id, headers }
}

/** Users who have signed up, in a folder whose server is stopped again. */
const createUsers = async (folder: string): Promise<User[]> => {
  await using server = await startServer(folder)
  return await Promise.all(Array.from({ length: userCount }, (_, index) => signUp(server, index)))
}

/** Jobs that are due and last an hour, of all users by turns. */
const fillQueue = (folder: string, users: User[]): void => {
  const { sqlite, close } = openDatabase(join(folder, 'data/braindrive.db'))
  const insert = sqlite.prepare(
    `INSERT INTO jobs (id, user_id, job_type, status, payload, scheduled_for, created_at, updated_at)
     VALUES (?, ?, 'system.sleep', 'queued', '{"seconds":3600}', ?, ?, ?)`,
  )
  const now = Date.now()
  sqlite.transaction(() => {
    for (let index = 0; index < queuedJobs; index++) {
      const at = now - queuedJobs + index
      insert.run(crypto.randomUUID(), users[index % userCount]?.id ?? '', at, at, at)
    }
  })()
  insert.finalize()
  close()
}

const untilRunning = async ({ url }: BenchServer, { headers }: User): Promise<string[]> => {
  for (let tries = 0; tries < 500; tries++) {
    const { jobs } = await read<{ jobs: { id: string }[] }>(`${url}/api/v1/jobs?status=running`, { headers })
    if (jobs.length === runningOfEach) return jobs.map(({ id }) => id)
    await Bun.sleep(20)
  }
  throw new Error('the jobs do not run')
}

interface Recording {
  isOn: boolean
  delaysMs: number[]
}

const stampPattern = /"sequence_number":[1-9]\d*,"timestamp":"([^"]+)"/g

/** Resolves once the snapshot is there. A raw socket: `fetch` allows 256 requests only. */
const listen = async (port: number, { headers }: User, jobId: string, recording: Recording) => {
  const opened = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_, piece) {
        const receivedAt = Date.now()
        opened.resolve()
        if (!recording.isOn) return
        for (const [, writtenAt = ''] of piece.toString().matchAll(stampPattern))
          recording.delaysMs.push(receivedAt - Date.parse(writtenAt))
      },
      close: () => opened.reject(new Error('a stream was closed')),
    },
  })
  const lines = Object.entries({ ...headers, host: '127.0.0.1' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /api/v1/jobs/${jobId}/events/stream HTTP/1.1\r\n${lines.join('')}\r\n`)
  await opened.promise
  return socket
}

const openStreams = async (server: BenchServer, users: User[], recording: Recording) => {
  const jobIds = await Promise.all(users.map((user) => untilRunning(server, user)))
  const sockets: Awaited<ReturnType<typeof listen>>[] = []
  const open = (index: number) => {
    const [user, ids] = [users[index % userCount], jobIds[index % userCount]]
    const jobId = ids?.[Math.floor(index / userCount) % runningOfEach]
    if (!user || !jobId) throw new Error('no job to follow')
    return listen(server.port, user, jobId, recording)
  }
  while (sockets.length < streams)
    sockets.push(...(await Promise.all(Array.from({ length: openAtOnce }, (_, index) => open(sockets.length + index)))))
  return sockets
}

/** The times of one request, asked again and again. */
const time = async (ask: () => Promise<Response>, isDone: (count: number) => boolean): Promise<number[]> => {
  const times: number[] = []
  while (!isDone(times.length)) {
    const startedAt = performance.now()
    const answer = await ask()
    await answer.arrayBuffer()
    times.push(performance.now() - startedAt)
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`)
    await Bun.sleep(5)
  }
  return times
}

const toRow = (measure: string, times: number[]): Row => ({
  measure,
  ours: `${median(times).toFixed(2)} ms`,
  figure: `p99 ${percentile(times, 0.99).toFixed(2)} ms`,
  target: atMost(median(times), 20, 'ms'),
})

/** Creating and listing beside a full queue and its streams. */
const measureRequests = async ({ url }: BenchServer, { headers }: User): Promise<Row[]> => {
  const enough = (count: number) => count >= samples
  const body = JSON.stringify({ job_type: 'system.sleep', payload: { seconds: 1 } })
  const list = (query: string) => () => fetch(`${url}/api/v1/jobs?${query}`, { headers })
  const [created, listed, filtered] = await Promise.all([
    time(() => fetch(`${url}/api/v1/jobs`, { method: 'POST', headers, body }), enough),
    time(list('page=1&page_size=50'), enough),
    time(list('status=pending&job_type=system.sleep&page=15&page_size=100'), enough),
  ])
  return [
    toRow(`create a job beside ${queuedJobs} queued`, created),
    toRow('list of jobs, as clients ask for it', listed),
    toRow('list of jobs, filtered, far behind', filtered),
  ]
}

const measureOpened = async (server: BenchServer, users: User[]): Promise<Row[]> => {
  const recording: Recording = { isOn: false, delaysMs: [] }
  const sockets = await openStreams(server, users, recording)
  const [user] = users
  if (!user) throw new Error('nobody signed up')
  await Bun.sleep(warmUpMs)
  recording.isOn = true
  const until = performance.now() + measureMs
  const [rows, waits] = await Promise.all([
    measureRequests(server, user),
    time(
      () => fetch(`${server.url}/health`),
      () => performance.now() > until,
    ),
  ])
  for (const socket of sockets) socket.terminate()
  const [p99, longest] = [percentile(recording.delaysMs, 0.99), Math.max(...waits)]
  return [
    ...rows,
    {
      measure: `events to ${streams} streams of ${userCount * runningOfEach} jobs, p99`,
      ours: `${p99.toFixed(0)} ms`,
      figure: `median ${median(recording.delaysMs).toFixed(0)} ms, ${recording.delaysMs.length} events`,
      target: atMost(p99, 100, 'ms'),
    },
    {
      measure: 'longest wait for anything meanwhile',
      ours: `${longest.toFixed(1)} ms`,
      figure: `median ${median(waits).toFixed(2)} ms`,
      target: atMost(longest, 50, 'ms'),
    },
  ]
}

/** 10,000 queued jobs, 20 that run, and 500 streams that follow them. */
export const measureJobs = async (): Promise<Row[]> => {
  using folder = temporaryFolder()
  const users = await createUsers(folder.path)
  fillQueue(folder.path, users)
  await using server = await startServer(folder.path, {
    MAX_JOBS_PER_USER: '100000',
    JOB_CONCURRENCY: String(userCount * runningOfEach),
    JOBS_PER_USER: String(runningOfEach),
  })
  return await measureOpened(server, users)
}
