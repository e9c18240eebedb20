import { Database } from 'bun:sqlite'
import { expect } from 'bun:test'
import { join } from 'node:path'
import { account, type Answer, type ServerProcess } from './server-process.ts'

/** An Ollama that needs a moment for a pull, and notes how many pulls of the same model it saw at once at most. */
export const startPullWitness = () => {
  const open = new Map<string, number>()
  let mostAtOnce = 0
  let pulls = 0
  const pull = (name: string, signal: AbortSignal) => {
    const atOnce = (open.get(name) ?? 0) + 1
    open.set(name, atOnce)
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    pulls++
    let isOpen = true
    const close = () => {
      if (isOpen) open.set(name, (open.get(name) ?? 1) - 1)
      isOpen = false
    }
    signal.addEventListener('abort', close)
    const lines = async function* () {
      try {
        for (let completed = 0; completed <= 100 && !signal.aborted; completed += 20) {
          yield `${JSON.stringify({ status: 'pulling aabb', digest: 'sha256:aabb', total: 100, completed })}\n`
          await Bun.sleep(10)
        }
        yield `${JSON.stringify({ status: 'success' })}\n`
      } finally {
        close()
      }
    }
    return new Response(lines, { headers: { 'content-type': 'application/x-ndjson' } })
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/api/show') return Response.json({})
      if (pathname !== '/api/pull') return Response.json({ models: [] })
      const { name } = (await request.json()) as { name: string }
      return pull(name, request.signal)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    mostAtOnce: () => mostAtOnce,
    pulls: () => pulls,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

type Call = (method: string, path: string, body: unknown) => Promise<Answer>

/** Creates jobs one after another over HTTP until it is stopped, and keeps the ids of those that were acknowledged. */
export const keepCreatingJobs = (call: () => Call, ollamaUrl: string) => {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  let count = 0
  const create = async () => {
    const number = count++
    const body =
      number % 2 === 0
        ? { job_type: 'ollama.install', payload: { model_name: `model-${number}`, server_url: ollamaUrl } }
        : { job_type: 'system.sleep', payload: { seconds: number % 5 === 0 ? 1 : 0 } }
    const { status, body: job } = await call()('POST', '/api/v1/jobs', body)
    if (status !== 202) throw new Error(`a job was not created: ${status} ${JSON.stringify(job)}`)
    acknowledged.push(job.id)
  }
  const running = (async () => {
    while (!stopping.signal.aborted) {
      // The server may be dead just now.
      await create().catch((error: unknown) => {
        if (!(error instanceof Error) || !('code' in error)) throw error
      })
      await Bun.sleep(30)
    }
  })()
  return {
    acknowledged,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

const runningWorkers = (databasePath: string): Set<string> => {
  using database = new Database(databasePath, { readonly: true })
  const rows = database.query<{ worker: string }, []>(
    "select distinct worker_id as worker from jobs where status = 'running'",
  )
  return new Set(rows.all().map(({ worker }) => worker))
}

/** How long until none of what `before` ran counts as running under it any more. */
const untilTakenUp = async (databasePath: string, before: Set<string>): Promise<number> => {
  const startedAt = performance.now()
  while (!runningWorkers(databasePath).isDisjointFrom(before)) await Bun.sleep(5)
  return performance.now() - startedAt
}

/**
 * Starts a server in `folder` again and again, and kills it at random moments while jobs are created and run. In the end it
 * lets the last one finish all jobs.
 */
export const killServers = async (folder: string, start: () => Promise<ServerProcess>, cycles: number) => {
  await using witness = startPullWitness()
  const databasePath = join(folder, 'data/braindrive.db')
  let server = await start()
  await server.call('POST', '/api/v1/auth/register', account)
  await server.signIn()
  const { token } = server
  const creating = keepCreatingJobs(() => server.call, witness.url)
  let slowestRecoveryMs = 0
  for (let cycle = 0; cycle < cycles; cycle++) {
    await Bun.sleep(Math.random() * 150)
    await server.kill('SIGKILL')
    const before = runningWorkers(databasePath)
    server = await start()
    server.useToken(token())
    slowestRecoveryMs = Math.max(slowestRecoveryMs, await untilTakenUp(databasePath, before))
  }
  await creating.stop()
  while (hurry(databasePath) > 0) await Bun.sleep(100)
  await server.kill('SIGTERM')
  const outcomes = expectNothingLost(databasePath, creating.acknowledged)
  expect(witness.mostAtOnce()).toBe(1)
  return { outcomes, slowestRecoveryMs }
}

interface Counted {
  id: string
  status: string
  errorCode: string | null
}

const runningEvents = ['stage']
const endingEvents = ['retry', 'completed', 'failed', 'canceled']

/** Lets what waits for another try have it now. Returns how many are not over. */
export const hurry = (databasePath: string): number => {
  using database = new Database(databasePath)
  database.run('PRAGMA busy_timeout = 5000')
  database.run("update jobs set scheduled_for = 0 where status = 'queued'")
  return database.query("select 1 from jobs where status in ('queued', 'running', 'waiting')").all().length
}

/** That each acknowledged job is there and over, and that no job began a run before its last one had ended. */
export const expectNothingLost = (databasePath: string, acknowledged: string[]): Record<string, number> => {
  using database = new Database(databasePath, { readonly: true })
  expect(database.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  const jobs = database.query<Counted, []>('select id, status, error_code as errorCode from jobs').all()
  const known = new Set(jobs.map(({ id }) => id))
  expect(acknowledged.filter((id) => !known.has(id))).toEqual([])
  const eventsOf = database.query<{ type: string }, [string]>(
    'select event_type as type from job_events where job_id = ? order by sequence_number',
  )
  const wrong = jobs.filter(({ id }) => {
    const steps = eventsOf
      .all(id)
      .map(({ type }) => type)
      .filter((type) => [...runningEvents, ...endingEvents].includes(type))
    return steps.some((type, index) => runningEvents.includes(type) !== (index % 2 === 0)) || steps.length % 2 !== 0
  })
  expect(wrong).toEqual([])
  const outcomes = Object.groupBy(jobs, ({ status, errorCode }) => (errorCode ? `${status} ${errorCode}` : status))
  return Object.fromEntries(Object.entries(outcomes).map(([name, list = []]) => [name, list.length]))
}
