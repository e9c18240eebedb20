import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { findLostDependants, queueDependants, type SeenJob, writeEnding } from './job-endings.store.ts'
import { insertEvent, trimEvents } from './job-events.store.ts'
import { type JobNews, toJobState } from './job-news.ts'
import type { JobRow } from './jobs.table.ts'

/** How a job ends. `message` is for its owner; `code` is `error_code` on the wire. */
export type JobOutcome =
  | { status: 'completed'; result: Record<string, unknown> }
  | { status: 'failed'; message: string; code: string }
  | { status: 'canceled' }

export type EndJobDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'audit' | 'jobFeed' | 'jobWorker' | 'log'>

const dayMs = 86_400_000
const keptEvents = 200
/** How many fail with what they wait for in one transaction, and how long others have their turn after it. */
const dependantsAtOnce = 20
const pauseMs = 2
export const interruptedCode = 'interrupted'

const toMessage = (job: SeenJob, outcome: JobOutcome): string => {
  if (outcome.status === 'completed') return 'Completed successfully'
  if (outcome.status === 'failed') return outcome.message
  return job.status === 'running' ? 'Canceled' : 'Canceled before execution'
}

/** A run that failed counts; one that was cut off, and a job that never ran, do not. */
const countFailures = (job: SeenJob, outcome: JobOutcome) =>
  outcome.status === 'failed' && outcome.code !== interruptedCode && job.status === 'running' ? 1 : 0

const auditEnding = ({ audit }: Pick<Deps, 'audit'>, job: JobRow) =>
  audit({
    type: `job.${job.status}`,
    status: job.status === 'failed' ? 'failure' : 'success',
    userId: job.userId,
    resource: { type: 'job', id: job.id },
    ...(job.errorCode === null ? {} : { reason: job.errorCode }),
    extra: { job_type: job.jobType },
  })

const endOne = (deps: EndJobDeps, job: SeenJob, outcome: JobOutcome, now: number): JobNews | undefined => {
  const { db, config } = deps
  const isFailed = outcome.status === 'failed'
  const ended = writeEnding(
    db,
    job,
    {
      status: outcome.status,
      message: toMessage(job, outcome),
      errorMessage: isFailed ? outcome.message : null,
      errorCode: isFailed ? outcome.code : null,
      result: outcome.status === 'completed' ? JSON.stringify(outcome.result) : null,
      failures: countFailures(job, outcome),
      expiresAt: now + config.jobRetentionDays * dayMs,
    },
    now,
  )
  if (!ended) return undefined
  const data = {
    progress_percent: ended.progressPercent,
    message: ended.message,
    ...(isFailed ? { error_code: ended.errorCode } : {}),
  }
  const event = insertEvent(db, ended.id, { type: ended.status, data }, now)
  if (event.sequenceNumber > keptEvents) trimEvents(db, ended.id, event.sequenceNumber - keptEvents)
  auditEnding(deps, ended)
  return { job: toJobState(ended), event }
}

/** A job that failed or was canceled. */
type Lost = Pick<JobRow, 'id' | 'status'>

const toDependencyFailure = ({ id, status }: Lost): JobOutcome => ({
  status: 'failed',
  message: `Job ${id}, which this one depends on, ${status === 'failed' ? 'has failed' : 'was canceled'}`,
  code: 'dependency_failed',
})

/**
 * Fails some of those who wait for the `lost` ones, directly or through others. Changes `lost` into those for which somebody
 * may still wait.
 */
const failSomeDependants = (deps: EndJobDeps, lost: Lost[], now: number): JobNews[] => {
  const news: JobNews[] = []
  for (let one = lost.at(-1); one && news.length < dependantsAtOnce; one = lost.at(-1)) {
    const outcome = toDependencyFailure(one)
    const dependants = findLostDependants(deps.db, one.id, dependantsAtOnce - news.length)
    const failed = dependants.flatMap((dependant) => endOne(deps, dependant, outcome, now) ?? [])
    if (failed.length === 0) lost.pop()
    lost.push(...failed.map(({ job }) => job))
    news.push(...failed)
  }
  return news
}

/**
 * Fails all who wait for the `lost` ones in many small transactions, since a thousand in one would hold up everybody, also the
 * other thread. Never rejects. What is left by a crash or a failure is found by `listDependenciesInVain`.
 */
export const failDependants = async (deps: EndJobDeps, lost: Lost[]): Promise<void> => {
  try {
    while (lost.length > 0) {
      await Bun.sleep(pauseMs)
      const news = inTransaction(deps.db, () => failSomeDependants(deps, lost, deps.clock()))
      for (const one of news) deps.jobFeed.tell(one)
    }
  } catch (error) {
    deps.log.warn('jobs that wait in vain were not ended', { error })
  }
}

const releaseDependants = ({ db }: EndJobDeps, jobId: string, now: number): JobNews[] =>
  queueDependants(db, jobId, now).map((job) => ({ job: toJobState(job) }))

/**
 * Ends a job, whoever sees it end: row, last event, audit and what depends on it in one transaction, then the news. Of many
 * who wait in vain the rest fails soon after. Not for use inside of another transaction. `job` is as the caller saw it: false,
 * and nothing written, when it has ended or changed hands since.
 */
export const endJob = (deps: EndJobDeps, job: SeenJob, outcome: JobOutcome): boolean => {
  const now = deps.clock()
  const lost: Lost[] = []
  const news = inTransaction(deps.db, (): JobNews[] => {
    const ended = endOne(deps, job, outcome, now)
    if (!ended) return []
    if (outcome.status === 'completed') return [ended, ...releaseDependants(deps, job.id, now)]
    lost.push(ended.job)
    return [ended, ...failSomeDependants(deps, lost, now)]
  })
  for (const one of news) deps.jobFeed.tell(one)
  if (news.some(({ job: { status } }) => status === 'queued')) deps.jobWorker.wake()
  if (lost.length > 0) void failDependants(deps, lost)
  return news.length > 0
}
