import { startNextJob } from '../areas/jobs/claim-job.service.ts'
import type { JobWorker } from '../areas/jobs/job-news.ts'
import { listQueuedUsers } from '../areas/jobs/job-queue.store.ts'
import type { JobRow } from '../areas/jobs/jobs.table.ts'
import type { Deps } from '../deps.ts'
import { type JobRun, startRun } from './job-run.ts'
import { createTurns } from './job-turns.ts'
import { createJobUpkeep } from './job-upkeep.ts'

export interface JobRunner extends JobWorker {
  /** Takes up or fails what a runner before this one left running, then runs what is due until `stop`. */
  start(): void
  /** Stops all runs and queues their jobs again, uncounted. Resolves when no run is left, at the latest after a second. */
  stop(): Promise<void>
}

export interface JobRunnerOptions {
  /** Whose the running jobs are: a new one for each runner. */
  workerId: string
  /** A handler did not end long after its signal was aborted, and holds its place. */
  onStuck?: (job: JobRow) => void
  /** How often it looks after all jobs without a hint. */
  sweepMs?: number
  /** How long a handler may go on after its signal was aborted. */
  letGoMs?: number
}

const defaultSweepMs = 5_000
const defaultLetGoMs = 10_000
const stopMs = 1_000

/** Runs jobs in this thread. There must be one at a time for a database. */
export const createJobRunner = (
  deps: Deps,
  { workerId, onStuck, sweepMs = defaultSweepMs, letGoMs = defaultLetGoMs }: JobRunnerOptions,
): JobRunner => {
  const { db, clock, config, log } = deps
  const runs = new Map<string, JobRun>()
  const runningOf = (userId: string) => runs.values().reduce((sum, { job }) => sum + Number(job.userId === userId), 0)
  const turns = createTurns(runningOf, config.jobsPerUserAtOnce)
  const upkeep = createJobUpkeep(deps, workerId, runs)
  let sweeping: ReturnType<typeof setInterval> | undefined
  let nextDue: ReturnType<typeof setTimeout> | undefined
  let isWoken = false
  let isRunning = false

  const launch = async (job: JobRow) => {
    const run = startRun(deps, job, letGoMs)
    runs.set(job.id, run)
    turns.serve(job.userId)
    const hasLetGo = await run.whenOver
    if (!hasLetGo) onStuck?.(job)
    runs.delete(job.id)
    wake()
  }
  const fillFreePlaces = (now: number) => {
    let due = listQueuedUsers(db).filter(({ dueAt }) => dueAt <= now)
    while (runs.size < config.jobConcurrency) {
      const user = turns.next(due)
      if (!user) break
      const job = startNextJob(deps, user.userId, { workerId, held: [...runs.keys()] })
      if (job) void launch(job)
      else due = due.filter((one) => one !== user)
    }
  }
  /** When the next job is due that is not due yet. What is due already waits for a place, not for a time. */
  const findNextDue = (now: number): number =>
    Math.min(...listQueuedUsers(db).flatMap(({ dueAt }) => (dueAt > now ? [dueAt] : [])))
  const runDue = () => {
    isWoken = false
    if (!isRunning) return
    clearTimeout(nextDue)
    try {
      const now = clock()
      fillFreePlaces(now)
      const dueInMs = findNextDue(now) - now
      if (dueInMs < sweepMs) nextDue = setTimeout(runDue, dueInMs)
    } catch (error) {
      log.error('jobs were not started', { error })
    }
  }
  /** Not at once: the caller may be in a transaction, and many calls are one. */
  const wake = () => {
    if (isWoken || !isRunning) return
    isWoken = true
    setImmediate(runDue)
  }
  /** Hints can be lost, and writes can fail: every few seconds all is looked at. */
  const sweep = () => {
    upkeep.lookAfter()
    runDue()
  }
  return {
    start() {
      isRunning = true
      upkeep.recoverAll()
      sweeping = setInterval(sweep, sweepMs)
      wake()
    },
    wake,
    cancel: (jobId) => runs.get(jobId)?.stop('canceled'),
    async stop() {
      isRunning = false
      clearInterval(sweeping)
      clearTimeout(nextDue)
      for (const run of runs.values()) run.stop('stopped')
      await Promise.race([Promise.all([...runs.values()].map(({ whenOver }) => whenOver)), Bun.sleep(stopMs)])
    },
  }
}
