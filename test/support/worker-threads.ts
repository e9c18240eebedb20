import { join } from 'node:path'
import { createWorkerHost, type WorkerHost } from '../../src/background/host.ts'
import type { JobNews } from '../../src/areas/jobs/job-news.ts'
import { createLog } from '../../src/shared/log.ts'
import { testApp, testKeys } from './test-app.ts'

/** Real threads, of which the test can end the latest. The first one runs another program if `first` names one. */
export const watchThreads = (first?: string) => {
  const Original = globalThis.Worker
  const threads: Worker[] = []
  let ready = 0
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(threads.length === 0 ? (first ?? url) : url, options)
      threads.push(this)
      this.addEventListener('message', ({ data }) => {
        if (data.type === 'ready') ready++
      })
    }
  }
  return {
    threads,
    /** How many of them have said that they are ready. */
    readyCount: () => ready,
    endLatest: () => threads.at(-1)?.terminate(),
    [Symbol.dispose]: () => {
      globalThis.Worker = Original
    },
  }
}

interface LogEntry {
  message: string
  level: string
  delayMs?: number
  error?: { message: string }
}

const createTestLog = () => {
  const entries: LogEntry[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    write: (text) =>
      entries.push(
        ...text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
  })
  return { log, entries }
}

interface Options {
  env?: Record<string, string>
  hungAfterMs?: number
  onNews?: (news: JobNews) => void
}

/** A server with a real worker thread beside it, both on a database in `folder`, in real time. */
export const startServerWithWorker = (folder: string, { env = {}, hungAfterMs, onNews }: Options = {}) => {
  const databasePath = join(folder, 'test.db')
  const { log, entries } = createTestLog()
  const server = testApp({
    env,
    databasePath,
    isWorkerAlive: () => host.isAlive(),
    overrides: {
      clock: Date.now,
      jobWorker: { wake: () => host.wake(), cancel: (jobId) => host.cancel(jobId) },
    },
  })
  const { config, jobFeed } = server.deps
  const host: WorkerHost = createWorkerHost({
    start: { databasePath, dataPath: server.dataPath, config, keys: testKeys },
    log,
    onNews(news) {
      jobFeed.tell(news)
      onNews?.(news)
    },
    ...(hungAfterMs === undefined ? {} : { hungAfterMs }),
  })
  host.start()
  const stop = async () => {
    await host.stop()
    await server.stop()
  }
  return {
    ...server,
    host,
    ready: () => server.call('GET', '/health/ready'),
    /** Log entries with this message. */
    logEntries(message: string) {
      log.flush()
      return entries.filter((entry) => entry.message === message)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
