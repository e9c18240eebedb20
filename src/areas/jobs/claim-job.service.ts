import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { insertEvent } from './job-events.store.ts'
import { toJobState } from './job-news.ts'
import { claimJob } from './job-queue.store.ts'
import type { JobRow } from './jobs.table.ts'

export const leaseMs = 30_000

/** Which run of a job this is, counted from 1, those before a person queued it again included. */
export const attemptOf = ({ retryCount }: JobRow): number => retryCount + 1

/** Takes the next job of a user that is due, and writes the first event of its run. `held` are jobs that must not be taken. */
export const startNextJob = (
  { db, clock, jobFeed }: Pick<Deps, 'db' | 'clock' | 'jobFeed'>,
  userId: string,
  { workerId, held }: { workerId: string; held: string[] },
): JobRow | undefined => {
  const now = clock()
  const started = inTransaction(db, () => {
    const job = claimJob(db, userId, { workerId, held, leaseUntil: now + leaseMs }, now)
    if (!job) return undefined
    const data = { attempt_number: attemptOf(job), stage: 'started', message: 'Job started' }
    return { job, event: insertEvent(db, job.id, { type: 'stage', data }, now) }
  })
  if (!started) return undefined
  jobFeed.tell({ job: toJobState(started.job), event: started.event })
  return started.job
}
