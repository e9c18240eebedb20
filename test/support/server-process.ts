import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Removed with everything in it when the test ends: `using folder = temporaryFolder()`. */
export const temporaryFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'braindrive-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export interface Answer {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies freely
  body: any
}

export type ServerProcess = Awaited<ReturnType<typeof startServerProcess>>

/** Who registers and signs in. */
export const account = { username: 'ada', email: 'ada@home.local', password: 'correct horse' }

/** Runs a command that ends up as a server on a free port, and waits for the log line that names its address. */
export const startServerProcess = async (
  command: string[],
  folder: string,
  env: Record<string, string | undefined> = {},
) => {
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', RATE_LIMIT: 'off', PORT: '0', DEFAULT_PLUGINS: '', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let output = ''
  let errors = ''
  const drained = Promise.all([
    readAll(child.stdout, (text) => (output += text)),
    readAll(child.stderr, (text) => (errors += text)),
  ])
  /** Waits until the pattern is in the output, which is that of all servers so far when the command starts several. */
  const untilOutput = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null
      if (hasEnded) await drained
      const match = pattern.exec(output)
      if (match) return match
      if (hasEnded) throw new Error(`ended with ${child.exitCode ?? child.signalCode}: ${output}${errors}`)
      await Bun.sleep(10)
    }
  }
  const url = (await untilOutput(/"address":"(http[^"]+)"/))[1] ?? ''
  let token = ''
  const send = (method: string, path: string, body?: unknown) =>
    fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await send(method, path, body)
    return { status: response.status, body: await response.json().catch(() => undefined) }
  }
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await child.exited
    await drained
    return child.exitCode
  }
  return {
    url,
    child,
    send,
    call,
    signIn: async () => {
      const { body } = await call('POST', '/api/v1/auth/login', account)
      token = body.access_token
    },
    token: () => token,
    /** Goes on with the session of a server before this one. */
    useToken(known: string) {
      token = known
    },
    output: () => output,
    untilOutput,
    /** Sends the signal and waits for the end. The exit code, or null when the signal itself ended the process. */
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill('SIGTERM')
    },
  }
}

const readAll = async (stream: ReadableStream<Uint8Array>, onText: (text: string) => void) => {
  const decoder = new TextDecoder()
  for await (const bytes of stream) onText(decoder.decode(bytes, { stream: true }))
}

const main = resolve(import.meta.dir, '../../src/main.ts')

/** The server as it is in `src`, with its data in the folder. */
export const startFromSource = (folder: string, env: Record<string, string> = {}) =>
  startServerProcess([process.execPath, main], folder, env)
