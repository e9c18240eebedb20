import { describe, expect, test } from 'bun:test'
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { startWorker } from '../../src/background/host.ts'
import { createLog } from '../../src/shared/log.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { testApp } from '../support/test-app.ts'

/** Real threads, of which the test can end the latest. */
const watchThreads = () => {
  const Original = globalThis.Worker
  const threads: Worker[] = []
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      threads.push(this)
    }
  }
  return {
    threads,
    endLatest: () => threads.at(-1)?.terminate(),
    [Symbol.dispose]: () => {
      globalThis.Worker = Original
    },
  }
}

/** A server with its worker, on a database whose folder can be hidden: a worker that starts meanwhile dies at once. */
const startServerWithWorker = (root: string) => {
  const folder = join(root, 'data')
  mkdirSync(folder)
  const logged: { message: string; delayMs?: number }[] = []
  const server = testApp({ databasePath: join(folder, 'test.db'), isWorkerAlive: () => host.isAlive() })
  const log = createLog({
    level: 'info',
    format: 'json',
    write: (text) =>
      logged.push(
        ...text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
  })
  const host = startWorker(join(folder, 'test.db'), log)
  const ofMessage = (message: string) => {
    log.flush()
    return logged.filter((entry) => entry.message === message)
  }
  return {
    host,
    ready: () => server.call('GET', '/health/ready'),
    restarts: () => ofMessage('worker thread ended, starting it again'),
    cleanings: () => ofMessage('housekeeping done'),
    hideFolder: () => renameSync(folder, `${folder}-hidden`),
    showFolder: () => renameSync(`${folder}-hidden`, folder),
    [Symbol.asyncDispose]: async () => {
      await host.stop()
      await server.stop()
    },
  }
}

const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await Bun.sleep(10)
}

describe('a worker thread that dies', () => {
  test('is started again, at once and then more slowly; meanwhile the server is not ready', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using server = startServerWithWorker(root.path)
    await until(async () => (await server.ready()).status === 200)
    await until(() => server.cleanings().length === 1)

    server.hideFolder()
    watched.endLatest()
    await until(() => server.restarts().length === 2)
    expect(await server.ready()).toMatchObject({
      status: 503,
      body: { status: 'not_ready', checks: { database: 'ok', migrations: 'ok', worker: 'failed' } },
    })
    expect(server.restarts().map(({ delayMs }) => delayMs)).toEqual([0, 2000])

    server.showFolder()
    await until(async () => (await server.ready()).status === 200)
    await until(() => server.cleanings().length === 2)
    expect(watched.threads).toHaveLength(3)
  }, 20_000)

  test('does not hold up a stop, and is not started after it', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using server = startServerWithWorker(root.path)
    await until(async () => (await server.ready()).status === 200)
    server.hideFolder()
    watched.endLatest()
    await until(() => server.restarts().length === 2)
    const startedAt = performance.now()
    await server.host.stop()
    expect(performance.now() - startedAt).toBeLessThan(500)
    await Bun.sleep(2100)
    expect(watched.threads).toHaveLength(2)
  }, 20_000)
})
