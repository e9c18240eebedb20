import { and, desc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeFields, nativeList } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { toUuid } from '../../shared/ids.ts'
import { nobodyWaits } from './job-endings.store.ts'
import { type JobRow, jobs, type JobStatus } from './jobs.table.ts'

const value = sql.placeholder
const ofUser = eq(jobs.userId, value('userId'))

const jobOfUser = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(and(eq(jobs.id, value('id')), ofUser))
    .prepare(),
)
/** The user's own job, whose id may come in either spelling. */
export const findJob = (db: Db, userId: string, id: string): JobRow | undefined =>
  jobOfUser(db).get({ userId, id: toUuid(id) })

export interface JobFilters {
  status?: JobStatus | undefined
  jobType?: string | undefined
}

interface Page {
  skip: number
  limit: number
}

/** What is on the wire: never the payload. */
const listed = {
  id: jobs.id,
  userId: jobs.userId,
  jobType: jobs.jobType,
  status: jobs.status,
  priority: jobs.priority,
  progressPercent: jobs.progressPercent,
  currentStage: jobs.currentStage,
  message: jobs.message,
  result: jobs.result,
  errorMessage: jobs.errorMessage,
  errorCode: jobs.errorCode,
  retryCount: jobs.retryCount,
  maxRetries: jobs.maxRetries,
  scheduledFor: jobs.scheduledFor,
  startedAt: jobs.startedAt,
  completedAt: jobs.completedAt,
  createdAt: jobs.createdAt,
  updatedAt: jobs.updatedAt,
}
type ListedRow = Pick<JobRow, keyof typeof listed>

const ofStatus = eq(jobs.status, value('status'))
const ofType = eq(jobs.jobType, value('jobType'))

/** The rows of one combination of filters, and their number. Each has an index that delivers the order. */
const listOf = (...filters: SQL[]) => ({
  rows: nativeList<ListedRow>((db) =>
    db
      .select(nativeFields(listed))
      .from(jobs)
      .where(and(ofUser, ...filters))
      .orderBy(desc(jobs.createdAt), desc(jobs.id))
      .limit(value('limit'))
      .offset(value('skip')),
  ),
  total: prepared((db) =>
    db
      .select({ total: sql<number>`count(*)` })
      .from(jobs)
      .where(and(ofUser, ...filters))
      .prepare(),
  ),
})
// The plus keeps SQLite from reading all of a status in order to find those of a type.
const lists = {
  all: listOf(),
  ofStatus: listOf(ofStatus),
  ofType: listOf(ofType),
  ofBoth: listOf(ofType, sql`+${ofStatus}`),
}

const chooseList = ({ status, jobType }: JobFilters) => {
  if (jobType === undefined) return status === undefined ? lists.all : lists.ofStatus
  return status === undefined ? lists.ofType : lists.ofBoth
}

/** A page of a user's jobs, newest first, and how many there are on all pages. */
export const listJobs = (db: Db, userId: string, filters: JobFilters, page: Page) => {
  const { rows, total } = chooseList(filters)
  const values = {
    userId,
    ...(filters.status === undefined ? {} : { status: filters.status }),
    ...(filters.jobType === undefined ? {} : { jobType: filters.jobType }),
  }
  return { rows: rows(db, { ...values, ...page }), total: total(db).get(values)?.total ?? 0 }
}

const requestedCancel = prepared((db) =>
  db
    .update(jobs)
    .set({
      cancelRequested: true,
      message: sql`${value('message')}`,
      updatedAt: sql`${value('now')}`,
    })
    .where(and(eq(jobs.id, value('id')), eq(jobs.status, 'running'), eq(jobs.cancelRequested, false)))
    .returning()
    .prepare(),
)
/** Undefined when the job does not run, or was told to stop already. The caller knows its owner. */
export const markCancelRequested = (db: Db, id: string, message: string, now: number): JobRow | undefined =>
  requestedCancel(db).get({ id, message, now })

const deletedJob = prepared((db) =>
  db
    .delete(jobs)
    .where(
      and(eq(jobs.id, value('id')), ofUser, inArray(jobs.status, ['completed', 'failed', 'canceled']), nobodyWaits),
    )
    .returning({ id: jobs.id })
    .prepare(),
)
/** With its events and links. False when there is no such job of this user that is over, and nobody waits for. */
export const deleteEndedJob = (db: Db, userId: string, id: string): boolean =>
  deletedJob(db).get({ userId, id: toUuid(id) }) !== undefined
