import { hasWork } from '../areas/jobs/job-queue.store.ts'
import { recoverWorkerPackages } from '../areas/plugins/package-upkeep.service.ts'
import { type DatabaseHandle, openDatabase } from '../db/client.ts'
import { startBackupSchedule } from '../operate/backup/backup-schedule.ts'
import { entryPoint } from '../shared/entry-point.ts'
import { type Log, type LogLevel, toPlainFields } from '../shared/log.ts'
import { tidyUp } from './housekeeping.ts'
import type { JobRunner } from './job-runner.ts'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'
import type * as StartJobRunner from './start-job-runner.ts'

declare const self: Worker

const tidyUpEveryMs = 3_600_000
const lookEveryMs = 5_000

const send = (message: FromWorker) => self.postMessage(message)

const logTo =
  (level: LogLevel): Log[LogLevel] =>
  (message, fields = {}) =>
    send({ type: 'log', level, message, fields: toPlainFields(fields) })
/** The server's thread writes the lines. */
const log: Log = {
  debug: logTo('debug'),
  info: logTo('info'),
  warn: logTo('warn'),
  error: logTo('error'),
  flush: () => {},
  recent: () => [],
}

/** The host starts another thread, which takes up what this one ran. */
const giveUp = (message: string, fields: Record<string, unknown>) => {
  log.error(message, fields)
  process.exit(1)
}

const keepHouse = async ({ db }: DatabaseHandle) => {
  try {
    log.info('housekeeping done', await tidyUp(db, Date.now()))
  } catch (error) {
    log.error('housekeeping failed', { error })
  }
}

/** A bundle of its own, loaded with the first job: a server without jobs does not hold all handlers and adapters twice. */
const loadRunner = async (start: WorkerStart): Promise<JobRunner> => {
  const { startJobRunner } = (await import(entryPoint('background/start-job-runner'))) as typeof StartJobRunner
  return startJobRunner({
    start,
    log,
    onNews: (news) => send({ type: 'news', news }),
    onStuck: ({ id, jobType }) => giveUp('a job does not end, the worker thread is started again', { id, jobType }),
  })
}

const dropLeftovers = ({ db }: DatabaseHandle, dataPath: string) => {
  try {
    recoverWorkerPackages({ db }, dataPath)
  } catch (error) {
    log.warn('what is left of installations was not removed', { error })
  }
}

const startWork = (from: WorkerStart) => {
  const database = openDatabase(from.databasePath)
  dropLeftovers(database, from.dataPath)
  let runner: Promise<JobRunner> | undefined
  const look = () => {
    if (!runner && !hasWork(database.db)) return
    runner ??= loadRunner(from)
    runner.then(
      ({ wake }) => wake(),
      (error) => giveUp('jobs cannot be run', { error }),
    )
  }
  const timers = [setInterval(look, lookEveryMs), setInterval(() => void keepHouse(database), tidyUpEveryMs)]
  const stopBackups = startBackupSchedule({ config: from.config, dataPath: from.dataPath, log })
  send({ type: 'ready' })
  look()
  void keepHouse(database)
  return {
    look,
    cancel: (jobId: string) => void runner?.then(({ cancel }) => cancel(jobId)),
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      stopBackups()
      await (await runner)?.stop()
      database.sqlite.close()
      send({ type: 'stopped' })
    },
  }
}

let work: ReturnType<typeof startWork> | undefined

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'start':
      work = startWork(data.start)
      return
    case 'wake':
      return work?.look()
    case 'cancel':
      return work?.cancel(data.jobId)
    case 'ping':
      return send({ type: 'pong' })
    case 'stop':
      void work?.stop()
      work = undefined
      return
  }
}
