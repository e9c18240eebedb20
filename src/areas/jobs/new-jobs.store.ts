import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type JobRow, jobs } from './jobs.table.ts'

const value = sql.placeholder
const ofUser = eq(jobs.userId, value('userId'))

const jobOfKey = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(and(ofUser, eq(jobs.jobType, value('jobType')), eq(jobs.idempotencyKey, value('key'))))
    .prepare(),
)
export const findJobByKey = (db: Db, userId: string, jobType: string, key: string): JobRow | undefined =>
  jobOfKey(db).get({ userId, jobType, key })

export type NewJobRow = Pick<
  JobRow,
  | 'id'
  | 'userId'
  | 'jobType'
  | 'status'
  | 'priority'
  | 'payload'
  | 'secrets'
  | 'scheduledFor'
  | 'idempotencyKey'
  | 'maxRetries'
  | 'createdAt'
>

const newJob = prepared((db) =>
  db
    .insert(jobs)
    .values({
      id: value('id'),
      userId: value('userId'),
      jobType: value('jobType'),
      status: value('status'),
      priority: value('priority'),
      payload: value('payload'),
      secrets: value('secrets'),
      scheduledFor: value('scheduledFor'),
      idempotencyKey: value('idempotencyKey'),
      maxRetries: value('maxRetries'),
      createdAt: value('createdAt'),
      updatedAt: value('createdAt'),
    })
    .returning()
    .prepare(),
)
export const insertJob = (db: Db, row: NewJobRow): JobRow => newJob(db).get({ ...row })

/** Of a job that ended and is queued again. */
const anew = {
  status: sql`${value('status')}`,
  message: sql`${value('message')}`,
  scheduledFor: sql`${value('scheduledFor')}`,
  updatedAt: sql`${value('now')}`,
  progressPercent: 0,
  attempts: 0,
  startedAt: null,
  completedAt: null,
  expiresAt: null,
  errorMessage: null,
  errorCode: null,
  cancelRequested: false,
}

const retried = prepared((db) =>
  db
    .update(jobs)
    // Earlier runs that ended without a failure count as well: what they did may be there.
    .set({ ...anew, retryCount: sql`max(retry_count, attempts)` })
    .where(eq(jobs.id, value('id')))
    .returning()
    .prepare(),
)
interface Requeuing extends Pick<JobRow, 'id' | 'status' | 'scheduledFor'> {
  message: string
}
/** The caller has seen, in the same transaction, that the job is over. */
export const requeueJob = (db: Db, how: Requeuing, now: number): JobRow => retried(db).get({ ...how, now })

const recreated = prepared((db) =>
  db
    .update(jobs)
    .set({
      ...anew,
      priority: sql`${value('priority')}`,
      payload: sql`${value('payload')}`,
      secrets: sql`${value('secrets')}`,
      maxRetries: sql`${value('maxRetries')}`,
      retryCount: sql`retry_count + 1`,
      currentStage: null,
      result: null,
    })
    .where(eq(jobs.id, value('id')))
    .returning()
    .prepare(),
)
/** The same with everything that a new job would have. */
export const recreateJob = (
  db: Db,
  how: Requeuing & Pick<JobRow, 'priority' | 'payload' | 'secrets' | 'maxRetries'>,
  now: number,
): JobRow => recreated(db).get({ ...how, now })
