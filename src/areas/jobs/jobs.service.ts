import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { statusOfRetry } from './job-dependencies.ts'
import { endJob, type EndJobDeps } from './job-endings.service.ts'
import { insertEvent } from './job-events.store.ts'
import { assertRoomForJob } from './job-limits.ts'
import { type JobNews, toJobState } from './job-news.ts'
import { cannotCancel, cannotDelete, jobNotFound } from './jobs.errors.ts'
import { deleteEndedJob, findJob, markCancelRequested } from './jobs.store.ts'
import type { JobRow } from './jobs.table.ts'
import { requeueJob } from './new-jobs.store.ts'

type ReadDeps = Pick<Deps, 'db'>

/** The user's own job, whose id may come in either spelling. Undefined for somebody else's. */
export const findOwnJob = ({ db }: ReadDeps, userId: string, id: string): JobRow | undefined => findJob(db, userId, id)

/** The same, but throws 404. */
export const getJob = (deps: ReadDeps, userId: string, id: string): JobRow => {
  const job = findOwnJob(deps, userId, id)
  if (!job) throw jobNotFound()
  return job
}

const cancelMessage = 'Cancellation requested'

/** False when the job does not run any more. */
const stopRunningJob = (deps: EndJobDeps, { id, cancelRequested }: JobRow): boolean => {
  const now = deps.clock()
  const news = inTransaction(deps.db, (): JobNews | undefined => {
    const row = markCancelRequested(deps.db, id, cancelMessage, now)
    if (!row) return undefined
    const data = { message: cancelMessage }
    return { job: toJobState(row), event: insertEvent(deps.db, id, { type: 'cancel_requested', data }, now) }
  })
  if (news) deps.jobFeed.tell(news)
  // Also when it was told before: the first call may have been lost with its thread.
  deps.jobWorker.cancel(id)
  return news !== undefined || cancelRequested
}

/** False when the worker has changed the job's status since it was read. */
const tryToCancel = (deps: EndJobDeps, job: JobRow): boolean => {
  const { status } = job
  if (status === 'running') return stopRunningJob(deps, job)
  if (status === 'queued' || status === 'waiting') return endJob(deps, job, { status: 'canceled' })
  throw cannotCancel()
}

const maxLooks = 5

/**
 * Ends a job that does not run at once, and tells one that runs to stop. Throws 404, and 400 (`cannotCancel`) for a job that
 * is over.
 */
export const cancelJob = (deps: EndJobDeps, userId: string, id: string): void => {
  for (let looks = 0; looks < maxLooks; looks++) if (tryToCancel(deps, getJob(deps, userId, id))) return
  throw cannotCancel()
}

/** What a person wants to be run again is due, but keeps a time of its own that it was made for. */
const scheduleOfRetry = ({ attempts, scheduledFor }: JobRow, now: number) =>
  // It ran before, so a later time is only the pause after a failure.
  attempts > 0 ? Math.min(scheduledFor, now) : scheduledFor

type RetryDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'jobFeed' | 'jobWorker'>

/**
 * Queues a job again that failed or was canceled; any other is answered as it is. Its secrets are gone. Throws 404, 400
 * (`failedDependency`), 429 and 503 (too many jobs).
 */
export const retryJob = (deps: RetryDeps, userId: string, id: string): JobRow => {
  const { job, news } = inTransaction(deps.db, (): { job: JobRow; news?: JobNews } => {
    const found = getJob(deps, userId, id)
    if (found.status !== 'failed' && found.status !== 'canceled') return { job: found }
    const status = statusOfRetry(deps, found.id)
    assertRoomForJob(deps, userId)
    const now = deps.clock()
    const message = 'Queued for retry'
    const queued = requeueJob(
      deps.db,
      { id: found.id, status, message, scheduledFor: scheduleOfRetry(found, now) },
      now,
    )
    const event = insertEvent(deps.db, found.id, { type: 'retry', data: { message, progress_percent: 0 } }, now)
    return { job: queued, news: { job: toJobState(queued), event } }
  })
  if (news) {
    deps.jobFeed.tell(news)
    deps.jobWorker.wake()
  }
  return job
}

/** With its events. Throws 404, and 400 for a job that is not over. */
export const deleteJob = (deps: ReadDeps, userId: string, id: string): void => {
  if (deleteEndedJob(deps.db, userId, id)) return
  getJob(deps, userId, id)
  throw cannotDelete()
}
