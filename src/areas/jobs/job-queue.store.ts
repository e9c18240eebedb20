import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { isAsSeen, type SeenJob, toSeenValues } from './job-endings.store.ts'
import { type JobRow, jobs } from './jobs.table.ts'

const value = sql.placeholder

/** Written out: a bound value would keep SQLite from using the indexes of queued and of running jobs. */
const isQueued = sql`status = 'queued'`
const isRunning = sql`status = 'running'`

const anyWork = prepared((db) =>
  db.$client.prepare<unknown, []>(`
    select 1 from jobs indexed by jobs_unfinished where status in ('waiting', 'queued', 'running') limit 1`),
)
/** Whether there is anything to run, now or later, to recover, or to be told that it waits in vain. */
export const hasWork = (db: Db): boolean => anyWork(db).get() !== null

export interface QueuedUser {
  userId: string
  /** The earliest `scheduled_for` of the user's queued jobs. */
  dueAt: number
}

// From one user to the next in the index, however many jobs each of them has queued.
const usersInQueue = prepared((db) =>
  db.$client.prepare<QueuedUser, []>(`
    with recursive queued(user_id) as (
      select min(user_id) from jobs where status = 'queued'
      union all
      select (select min(user_id) from jobs where status = 'queued' and user_id > queued.user_id)
      from queued where queued.user_id is not null
    )
    select user_id as userId,
      (select min(scheduled_for) from jobs where status = 'queued' and jobs.user_id = queued.user_id) as dueAt
    from queued where queued.user_id is not null`),
)
export const listQueuedUsers = (db: Db): QueuedUser[] => usersInQueue(db).all()

const claim = prepared((db) => {
  const next = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        isQueued,
        eq(jobs.userId, value('userId')),
        // The plus keeps SQLite from sorting all that are due instead of reading them in order.
        sql`+${jobs.scheduledFor} <= ${value('now')}`,
        sql`${jobs.id} not in (select value from json_each(${value('held')}))`,
      ),
    )
    .orderBy(sql`priority desc, created_at, jobs.rowid`)
    .limit(1)
  return db
    .update(jobs)
    .set({
      status: 'running',
      workerId: sql`${value('workerId')}`,
      leaseUntil: sql`${value('leaseUntil')}`,
      attempts: sql`attempts + 1`,
      retryCount: sql`max(retry_count, attempts)`,
      startedAt: sql`${value('now')}`,
      updatedAt: sql`${value('now')}`,
      progressPercent: 0,
      currentStage: 'started',
      message: sql`'Running attempt ' || (max(retry_count, attempts) + 1)`,
    })
    .where(inArray(jobs.id, next))
    .returning()
    .prepare()
})
/** Takes a user's next job that is due, for `workerId`; never one of `held`. Undefined when there is none. */
export const claimJob = (
  db: Db,
  userId: string,
  { workerId, leaseUntil, held }: { workerId: string; leaseUntil: number; held: string[] },
  now: number,
): JobRow | undefined => claim(db).get({ userId, workerId, leaseUntil, held: JSON.stringify(held), now })

const renewal = prepared((db) =>
  db
    .update(jobs)
    .set({ leaseUntil: sql`${value('leaseUntil')}` })
    .where(and(isRunning, eq(jobs.workerId, value('workerId'))))
    .returning({ id: jobs.id, cancelRequested: jobs.cancelRequested })
    .prepare(),
)
/** Keeps the jobs of a worker its own. Returns those that still are. */
export const renewLeases = (db: Db, workerId: string, leaseUntil: number) => renewal(db).all({ workerId, leaseUntil })

const abandoned = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(
      and(
        isRunning,
        sql`iif(${jobs.workerId} = ${value('workerId')},
          ${jobs.id} not in (select value from json_each(${value('held')})),
          ${jobs.leaseUntil} < ${value('leaseBefore')})`,
      ),
    )
    .prepare(),
)
/** Jobs that count as running while nobody runs them: this worker not (`held`), others with a lease before `leaseBefore`. */
export const findAbandonedJobs = (
  db: Db,
  { workerId, held, leaseBefore }: { workerId: string; held: string[]; leaseBefore: number },
): JobRow[] => abandoned(db).all({ workerId, held: JSON.stringify(held), leaseBefore })

const returnToQueue = prepared((db) =>
  db
    .update(jobs)
    .set({
      status: 'queued',
      scheduledFor: sql`${value('scheduledFor')}`,
      message: sql`${value('message')}`,
      attempts: sql`attempts - ${value('uncounted')}`,
      retryCount: sql`retry_count + 1`,
      updatedAt: sql`${value('now')}`,
      workerId: null,
      leaseUntil: null,
    })
    .where(and(isAsSeen, eq(jobs.cancelRequested, false)))
    .returning()
    .prepare(),
)
export interface Requeueing {
  scheduledFor: number
  message: string
  /** 1 when the run that ends here is not to count. */
  uncounted: 0 | 1
}
/** Undefined when the job is not as it was seen, or is to be canceled; nothing is written then. */
export const writeRequeueing = (db: Db, job: SeenJob, how: Requeueing, now: number): JobRow | undefined =>
  returnToQueue(db).get({ ...toSeenValues(job), ...how, now })

const progress = prepared((db) =>
  db
    .update(jobs)
    .set({
      progressPercent: sql`${value('percent')}`,
      currentStage: sql`${value('stage')}`,
      message: sql`${value('message')}`,
      updatedAt: sql`${value('now')}`,
    })
    .where(isAsSeen)
    .returning()
    .prepare(),
)
/** How a job stands. */
export interface ProgressState {
  percent: number
  stage: string | null
  message: string | null
}
/** Undefined when the job is not as it was seen any more; nothing is written then. */
export const writeProgress = (db: Db, job: SeenJob, state: ProgressState, now: number): JobRow | undefined =>
  progress(db).get({ ...toSeenValues(job), ...state, now })
