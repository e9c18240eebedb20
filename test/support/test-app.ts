import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/app.ts'
import { createPasswords } from '../../src/areas/auth/passwords.ts'
import { createJobFeed } from '../../src/areas/jobs/create-job-feed.ts'
import { createJobRunner, type JobRunner } from '../../src/background/job-runner.ts'
import { buildDeps } from '../../src/build-deps.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Deps } from '../../src/deps.ts'
import { createLog, type LogLevel } from '../../src/shared/log.ts'

export interface TestResponse {
  status: number
  headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies freely
  body: any
}

export interface TestAppOptions {
  /** Environment of the server; rate limits are off unless set here. */
  env?: Record<string, string>
  /** File to use instead of `:memory:`. */
  databasePath?: string
  /** Replaces parts of the real `Deps`. */
  overrides?: Partial<Deps>
  logLevel?: LogLevel
  /** What `/health/ready` asks about the worker thread, of which there is none. */
  isWorkerAlive?: () => boolean
  /** Runs jobs in this thread, as the worker does in its own. Left out, they stay queued. */
  runJobs?: boolean
}

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<TestResponse>

export const readResponse = async (response: Response): Promise<TestResponse> => {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}

/** Cheap on purpose: tests sign in hundreds of users. `passwords.test.ts` uses the real parameters. */
const cheapPasswords = () => createPasswords({ algorithm: 'argon2id', memoryCost: 8, timeCost: 1 })

export const testKeys = {
  signing: 'test signing key of 32 characters',
  encryption: { given: 'test encryption key, 32 characters', old: undefined, file: '' },
}

/**
 * A fresh server on a free loopback port with a migrated database of its own and a clock that tests move.
 * Stop it with `await using` or `stop()`.
 */
export const testApp = ({
  env = {},
  databasePath = ':memory:',
  overrides = {},
  logLevel = 'error',
  isWorkerAlive = () => true,
  runJobs = false,
}: TestAppOptions = {}) => {
  const database = openDatabase(databasePath)
  migrate(database.sqlite)
  const dataPath = join(tmpdir(), `braindrive-test-${crypto.randomUUID()}`)
  const clock = { now: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }
  const logged: string[] = []
  let runner: JobRunner | undefined
  const deps: Deps = {
    ...buildDeps({
      config: readConfig({ RATE_LIMIT: 'off', DEFAULT_PLUGINS: '', ...env }),
      database,
      dataPath,
      keys: testKeys,
      log: createLog({ level: logLevel, format: 'json', write: (text) => logged.push(text) }),
      clock: () => clock.now,
      isWorkerAlive,
      jobFeed: createJobFeed(),
      jobWorker: { wake: () => runner?.wake(), cancel: (jobId) => runner?.cancel(jobId) },
    }),
    passwords: cheapPasswords(),
    ...overrides,
  }
  if (runJobs) {
    runner = createJobRunner(deps, { workerId: crypto.randomUUID(), sweepMs: 500 })
    runner.start()
  }
  const app = createApp(deps).listen({ port: 0, hostname: '127.0.0.1' })
  const url = `http://localhost:${app.server?.port}`
  const tokens = new Map<string, Promise<string>>()

  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const call: Call = async (method, path, body, headers) => readResponse(await send(method, path, body, headers))

  const signIn = async (name: string): Promise<string> => {
    const account = { username: name, email: `${name}@home.test`, password: `password of ${name}` }
    const registered = await call('POST', '/api/v1/auth/register', account)
    if (registered.status !== 200) throw new Error(`cannot register ${name}: ${JSON.stringify(registered.body)}`)
    return (await call('POST', '/api/v1/auth/login', account)).body.access_token
  }
  const tokenOf = (name: string): Promise<string> => {
    const known = tokens.get(name) ?? signIn(name)
    tokens.set(name, known)
    return known
  }
  const stop = async () => {
    await runner?.stop()
    await app.stop(true)
    database.close()
    rmSync(dataPath, { recursive: true, force: true })
  }
  return {
    url,
    deps,
    app,
    database,
    dataPath,
    clock,
    /** Log lines so far, as JSON text. */
    logged: () => {
      deps.log.flush()
      return logged.join('')
    },
    /** A request of a stranger. */
    call,
    /** The raw answer, for headers and streams. */
    send,
    tokenOf,
    /** A request of a user, who is registered (in the order of first use: the first one is the administrator) and signed in. */
    as:
      (name: string): Call =>
      async (method, path, body, headers) =>
        call(method, path, body, { authorization: `Bearer ${await tokenOf(name)}`, ...headers }),
    /** The user's id. */
    idOf: async (name: string): Promise<string> =>
      (await call('GET', '/api/v1/auth/me', undefined, { authorization: `Bearer ${await tokenOf(name)}` })).body.id,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export type TestServer = ReturnType<typeof testApp>
