import type { App } from '../app.ts'
import type { WorkerHost } from '../background/host.ts'
import type { DatabaseHandle } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { breakOffStreams } from '../http/resumable-sse.ts'
import type { Supervision } from '../operate/systemd/supervision.ts'
import type { Log } from '../shared/log.ts'

interface Running {
  app: App
  deps: Pick<Deps, 'liveReplies'>
  worker: WorkerHost
  log: Log
  database: DatabaseHandle
  supervision: Supervision
  unlock: () => void
}

const shortRequestsMs = 5_000
const stopWithinMs = 9_000

const whenIdle = async (app: App, deadline: number) => {
  while ((app.server?.pendingRequests ?? 0) > 0 && Date.now() < deadline) await Bun.sleep(20)
}

/**
 * No new connections; replies end with an error event and `[DONE]`; jobs stop, and streams about them are broken off; short
 * requests finish; the WAL becomes part of the file.
 */
const stopGracefully = async ({ app, deps, worker, log, database, unlock }: Running) => {
  const stopping = app.server?.stop()
  // Jobs that run are queued again; whoever watches them hears of it.
  await Promise.all([deps.liveReplies.stopAll(), worker.stop()])
  breakOffStreams()
  await whenIdle(app, Date.now() + shortRequestsMs)
  await app.server?.stop(true)
  await stopping
  database.close()
  unlock()
  log.info('stopped')
  log.flush()
}

/** SIGTERM and SIGINT stop the server within ten seconds with exit code 0; the second signal ends it at once. */
export const stopOnSignal = (running: Running) => {
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    running.log.info('stopping', { signal })
    running.supervision.stopping()
    setTimeout(() => process.exit(1), stopWithinMs).unref()
    stopGracefully(running).then(
      () => process.exit(0),
      (error: unknown) => {
        running.log.error('stop failed', { error })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
