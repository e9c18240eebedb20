import { and, eq, exists, inArray, ne, not, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type JobRow, type JobStatus, jobDependencies, jobs } from './jobs.table.ts'

const value = sql.placeholder

/** A job as its caller saw it last. */
export type SeenJob = Pick<JobRow, 'id' | 'status' | 'workerId'>

/** That nobody has ended it, taken it or given it away since. */
export const isAsSeen = and(
  eq(jobs.id, value('id')),
  eq(jobs.status, value('seenStatus')),
  sql`${jobs.workerId} is ${value('seenWorkerId')}`,
)

export const toSeenValues = ({ id, status, workerId }: SeenJob) => ({
  id,
  seenStatus: status,
  seenWorkerId: workerId,
})

export interface Ending {
  status: Extract<JobStatus, 'completed' | 'failed' | 'canceled'>
  message: string
  errorMessage: string | null
  errorCode: string | null
  /** JSON text. */
  result: string | null
  /** What the ending adds to `retry_count`. */
  failures: 0 | 1
  expiresAt: number
}

const ending = prepared((db) =>
  db
    .update(jobs)
    .set({
      status: sql`${value('status')}`,
      message: sql`${value('message')}`,
      errorMessage: sql`${value('errorMessage')}`,
      errorCode: sql`${value('errorCode')}`,
      result: sql`${value('result')}`,
      progressPercent: sql`iif(${value('status')} = 'completed', 100, progress_percent)`,
      retryCount: sql`retry_count + ${value('failures')}`,
      completedAt: sql`${value('now')}`,
      updatedAt: sql`${value('now')}`,
      expiresAt: sql`${value('expiresAt')}`,
      secrets: null,
      workerId: null,
      leaseUntil: null,
      cancelRequested: false,
    })
    .where(isAsSeen)
    .returning()
    .prepare(),
)
/** Undefined when the job is not as it was seen any more; nothing is written then. */
export const writeEnding = (db: Db, job: SeenJob, how: Ending, now: number): JobRow | undefined =>
  ending(db).get({ ...toSeenValues(job), ...how, now })

const waitingOn = (db: Db) =>
  and(
    inArray(
      jobs.id,
      db
        .select({ id: jobDependencies.jobId })
        .from(jobDependencies)
        .where(eq(jobDependencies.dependsOnJobId, value('dependsOnJobId'))),
    ),
    eq(jobs.status, 'waiting'),
  )

const dependency = alias(jobs, 'dependency')
const isLost = inArray(dependency.status, ['failed', 'canceled'])

const lostDependants = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(
      and(
        waitingOn(db),
        exists(
          db
            .select({ id: dependency.id })
            .from(dependency)
            .where(and(eq(dependency.id, value('dependsOnJobId')), isLost)),
        ),
      ),
    )
    .limit(value('limit'))
    .prepare(),
)
/** Jobs that wait for this one in vain: it failed or was canceled, and is not queued again. */
export const findLostDependants = (db: Db, dependsOnJobId: string, limit: number): JobRow[] =>
  lostDependants(db).all({ dependsOnJobId, limit })

const waiting = sql`${jobs} indexed by jobs_unfinished`
const dependenciesInVain = prepared((db) =>
  db
    .selectDistinct({ id: dependency.id, status: dependency.status })
    .from(waiting)
    .innerJoin(jobDependencies, sql`job_dependencies.job_id = jobs.id`)
    .innerJoin(dependency, eq(dependency.id, jobDependencies.dependsOnJobId))
    .where(and(sql`jobs.status in ('waiting', 'queued', 'running') and jobs.status = 'waiting'`, isLost))
    .prepare(),
)
/** Of all users: what failed or was canceled while others still wait for it. */
export const listDependenciesInVain = (db: Db): Pick<JobRow, 'id' | 'status'>[] => dependenciesInVain(db).all()

/** Of a job that is over: without it, who still waits for it would not be known to wait in vain. */
export const nobodyWaits = sql`not exists (
  select 1 from job_dependencies join jobs as waiting on waiting.id = job_dependencies.job_id
  where job_dependencies.depends_on_job_id = jobs.id and waiting.status = 'waiting')`

const release = prepared((db) =>
  db
    .update(jobs)
    .set({ status: 'queued', updatedAt: sql`${value('now')}` })
    .where(
      and(
        waitingOn(db),
        not(
          exists(
            db
              .select({ id: dependency.id })
              .from(jobDependencies)
              .innerJoin(dependency, eq(dependency.id, jobDependencies.dependsOnJobId))
              .where(and(eq(jobDependencies.jobId, jobs.id), ne(dependency.status, 'completed'))),
          ),
        ),
      ),
    )
    .returning()
    .prepare(),
)
/** Queues the jobs that waited for this one alone. Returns them. */
export const queueDependants = (db: Db, dependsOnJobId: string, now: number): JobRow[] =>
  release(db).all({ dependsOnJobId, now })
