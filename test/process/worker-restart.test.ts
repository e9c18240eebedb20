import { describe, expect, test } from 'bun:test'
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/server-process.ts'
import { startServerWithWorker, watchThreads } from '../support/worker-threads.ts'

/** Its folder can be hidden: a worker that starts meanwhile dies at once. */
const startInFolder = (root: string) => {
  const folder = join(root, 'data')
  mkdirSync(folder)
  const server = startServerWithWorker(folder)
  return {
    ...server,
    restarts: () => server.logEntries('worker thread ended, starting it again'),
    cleanings: () => server.logEntries('housekeeping done'),
    hideFolder: () => renameSync(folder, `${folder}-hidden`),
    showFolder: () => renameSync(`${folder}-hidden`, folder),
  }
}

const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await Bun.sleep(10)
}

describe('a worker thread that dies', () => {
  test('is started again, at once and then more slowly; meanwhile the server is not ready', async () => {
    using root = temporaryFolder()
    using watched = watchThreads()
    await using server = startInFolder(root.path)
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
    await using server = startInFolder(root.path)
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
