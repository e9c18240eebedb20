import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { residentMb } from '../support/process-memory.ts'

export const executable = resolve(import.meta.dir, '../../dist/braindrive')
const account = { username: 'ada', email: 'ada@home.local', password: 'correct horse' }
const startLimitMs = 10_000

/** Throws with what to do about it. */
export const requireExecutable = (): void => {
  if (!existsSync(executable)) throw new Error(`${executable} is missing: run \`make build\` first`)
}

/** Known before the start, since the line that names the port is not logged at LOG_LEVEL=warn. */
const findFreePort = (): number => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  return port
}

const spawnServer = (folder: string, port: number, env: Record<string, string>) =>
  Bun.spawn([executable, 'serve', '--port', String(port)], {
    cwd: folder,
    env: {
      PATH: '/usr/bin:/bin',
      RATE_LIMIT: 'off',
      DEFAULT_PLUGINS: '',
      MAX_REPLIES_PER_USER: '250',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdout: 'ignore',
    stderr: 'inherit',
  })

const untilHealthy = async (url: string, child: Bun.Subprocess): Promise<void> => {
  const giveUpAt = performance.now() + startLimitMs
  for (;;) {
    const status = await fetch(`${url}/health`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    if (child.exitCode !== null || performance.now() > giveUpAt) throw new Error('the server did not start')
    await Bun.sleep(1)
  }
}

export interface BenchServer {
  url: string
  pid: number
  port: number
  /** From spawn to the first 200 of /health. */
  startedInMs: number
  headers: Record<string, string>
  /** The answer's JSON, unchecked. Throws unless it is a 2xx. */
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>
  signUp(): Promise<void>
  /** As who has signed up before. */
  signIn(): Promise<void>
  /** Resident memory of the process with all its threads. */
  rssMb(): number
  [Symbol.asyncDispose](): Promise<void>
}

const createCall =
  (url: string, headers: Record<string, string>): BenchServer['call'] =>
  async (method, path, body) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(url + path, { method, headers, ...init })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json() as never
  }

/** Starts the built executable in `folder`, which holds its data; it is stopped with `await using`. */
export const startServer = async (folder: string, env: Record<string, string> = {}): Promise<BenchServer> => {
  const port = findFreePort()
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const child = spawnServer(folder, port, env)
  const stop = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  await untilHealthy(url, child).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const startedInMs = performance.now() - startedAt
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  const call = createCall(url, headers)
  const signIn = async () => {
    const { access_token: token } = await call<{ access_token: string }>('POST', '/api/v1/auth/login', account)
    headers['authorization'] = `Bearer ${token}`
  }
  const signUp = async () => {
    await call('POST', '/api/v1/auth/register', account)
    await signIn()
  }
  return {
    url,
    pid: child.pid,
    port,
    startedInMs,
    headers,
    call,
    signUp,
    signIn,
    rssMb: () => residentMb(child.pid),
    [Symbol.asyncDispose]: stop,
  }
}
