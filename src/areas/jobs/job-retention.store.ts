import { and, asc, count, desc, eq, gt, inArray, lte, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { nobodyWaits } from './job-endings.store.ts'
import { jobs } from './jobs.table.ts'

const value = sql.placeholder

const hasEnded = sql`status in ('completed', 'failed', 'canceled')`

const expired = prepared((db) => {
  const some = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(lte(jobs.expiresAt, value('now')), hasEnded, nobodyWaits))
    .limit(100)
  return db.delete(jobs).where(inArray(jobs.id, some)).returning({ id: jobs.id }).prepare()
})
/** At most a hundred, with their events. Returns how many there were. */
export const deleteSomeExpiredJobs = (db: Db, now: number): number => expired(db).all({ now }).length

const crowded = prepared((db) =>
  db
    .select({ userId: jobs.userId, ended: count() })
    .from(jobs)
    .where(hasEnded)
    .groupBy(jobs.userId)
    .having(gt(count(), value('keep')))
    .prepare(),
)
/** Who has more than `keep` jobs that have ended, and how many. */
export const listUsersWithManyJobs = (db: Db, keep: number) => crowded(db).all({ keep })

const oldest = prepared((db) => {
  const some = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(eq(jobs.userId, value('userId')), hasEnded, nobodyWaits))
    .orderBy(asc(jobs.createdAt))
    .limit(value('limit'))
  return db.delete(jobs).where(inArray(jobs.id, some)).returning({ id: jobs.id }).prepare()
})
/** The oldest of a user that have ended, with their events. Returns how many there were. */
export const deleteOldestJobs = (db: Db, userId: string, limit: number): number =>
  oldest(db).all({ userId, limit }).length

/** Of everybody, by type and reason; the most frequent first. */
export const countFailedJobs = (db: Db, since: number) =>
  db
    .select({ jobType: jobs.jobType, errorCode: jobs.errorCode, count: count() })
    .from(jobs)
    .where(and(eq(jobs.status, 'failed'), gt(jobs.completedAt, since)))
    .groupBy(jobs.jobType, jobs.errorCode)
    .orderBy(desc(count()))
    .limit(10)
    .all()
