import { buildDeps } from '../build-deps.ts'
import type { JobNews } from '../areas/jobs/job-news.ts'
import type { JobRow } from '../areas/jobs/jobs.table.ts'
import { openDatabase } from '../db/client.ts'
import { newUuid } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { createJobRunner, type JobRunner } from './job-runner.ts'
import type { WorkerStart } from './messages.ts'

/** With `MAX_UPSTREAM_CALLS` of the server's thread, at most 200, this stays under the 256 that Bun makes at once. */
const maxUpstreamCalls = 40

export interface RunnerOutside {
  start: WorkerStart
  log: Log
  onNews: (news: JobNews) => void
  onStuck: (job: JobRow) => void
}

/**
 * A runner with `Deps` and a connection of this thread's own. Apart from the worker, which loads it when there is something
 * to run. `stop` also closes the connection.
 */
export const startJobRunner = ({ start, log, onNews, onStuck }: RunnerOutside): JobRunner => {
  const { databasePath, dataPath, config, keys } = start
  const database = openDatabase(databasePath)
  const deps = buildDeps({
    config: { ...config, maxUpstreamCalls },
    database,
    dataPath,
    keys,
    log,
    clock: Date.now,
    isWorkerAlive: () => true,
    thread: 'worker',
    jobFeed: { tell: onNews, listen: () => () => {} },
    jobWorker: { wake: () => runner.wake(), cancel: (jobId) => runner.cancel(jobId) },
  })
  const runner = createJobRunner(deps, { workerId: newUuid(), onStuck })
  runner.start()
  const stop = async () => {
    await runner.stop()
    database.sqlite.close()
  }
  return { ...runner, stop }
}
