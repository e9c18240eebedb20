import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toIso } from '../../shared/clock.ts'
import { type EndJobDeps, endJob, interruptedCode } from './job-endings.service.ts'
import type { SeenJob } from './job-endings.store.ts'
import { insertEvent } from './job-events.store.ts'
import { retryDelayMs } from './job-failures.ts'
import { type JobNews, toJobState } from './job-news.ts'
import { findAbandonedJobs, writeRequeueing } from './job-queue.store.ts'
import type { JobFailure } from './job-type.ts'
import type { JobRow } from './jobs.table.ts'

export type RetryDeps = EndJobDeps & Pick<Deps, 'jobTypes' | 'log'>

interface Requeueing {
  reason: string
  delayMs: number
  isCounted: boolean
}

/** Puts a running job back into the queue, or ends it as canceled if that was asked for meanwhile. */
const requeueJob = (deps: EndJobDeps, job: SeenJob, { reason, delayMs, isCounted }: Requeueing): void => {
  const { db } = deps
  const now = deps.clock()
  const scheduledFor = now + delayMs
  const news = inTransaction(db, (): JobNews | undefined => {
    const row = writeRequeueing(db, job, { scheduledFor, message: reason, uncounted: isCounted ? 0 : 1 }, now)
    if (!row) return undefined
    const data = { message: reason, scheduled_for: toIso(scheduledFor) }
    return { job: toJobState(row), event: insertEvent(db, row.id, { type: 'retry', data }, now) }
  })
  if (!news) return void endJob(deps, job, { status: 'canceled' })
  deps.jobFeed.tell(news)
  deps.jobWorker.wake()
}

const mayRunAgain = ({ attempts, maxRetries }: JobRow) => attempts <= maxRetries

/** Ends a run that failed: with another one later where that may help, else with the job. */
export const failRun = (deps: RetryDeps, job: JobRow, failure: JobFailure): void => {
  const { message, code, isTransient } = failure
  if (!isTransient || !mayRunAgain(job)) return void endJob(deps, job, { status: 'failed', message, code })
  const delayMs = retryDelayMs(job.attempts, Math.random)
  requeueJob(deps, job, { reason: `${message.replace(/\.$/, '')}. It is tried again`, delayMs, isCounted: true })
}

/** Ends a run because the server stops: the job is run again after the next start. */
export const postponeRun = (deps: RetryDeps, job: JobRow): void =>
  requeueJob(deps, job, { reason: 'Interrupted by a stop of the server', delayMs: 0, isCounted: false })

const recoverJob = (deps: RetryDeps, job: JobRow): void => {
  if (job.cancelRequested) return void endJob(deps, job, { status: 'canceled' })
  const isResumable = deps.jobTypes.get(job.jobType)?.isResumable ?? false
  if (!isResumable || !mayRunAgain(job)) {
    const message = 'Job interrupted during restart; please retry'
    return void endJob(deps, job, { status: 'failed', message, code: interruptedCode })
  }
  // At once after a first crash; later with a delay, since it may be this job that crashes the thread.
  const delayMs = job.attempts === 1 ? 0 : retryDelayMs(job.attempts - 1, Math.random)
  requeueJob(deps, job, { reason: 'Interrupted by a restart of the server', delayMs, isCounted: true })
}

/**
 * Takes up, ends as canceled or fails what counts as running while nobody runs it. `held` are the jobs that this worker
 * runs; those of others are taken from them when their lease ended before `leaseBefore`. Returns how many there were.
 */
export const recoverJobs = (
  deps: RetryDeps,
  worker: { workerId: string; held: string[]; leaseBefore: number },
): number => {
  const abandoned = findAbandonedJobs(deps.db, worker)
  for (const job of abandoned) recoverJob(deps, job)
  return abandoned.length
}
