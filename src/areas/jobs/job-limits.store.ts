import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { jobs } from './jobs.table.ts'

const value = sql.placeholder
const ofUser = eq(jobs.userId, value('userId'))
/** In the words of the index `jobs_unfinished`. */
const isUnfinished = sql`status in ('waiting', 'queued', 'running')`
// Named, since SQLite would read another index with all jobs that ever were.
const jobsUnfinished = sql`${jobs} indexed by jobs_unfinished`

const unfinished = prepared((db) =>
  db
    .select({ total: sql<number>`count(*)` })
    .from(jobsUnfinished)
    .where(isUnfinished)
    .prepare(),
)
export const countUnfinished = (db: Db): number => unfinished(db).get()?.total ?? 0

const unfinishedOfUser = prepared((db) =>
  db
    .select({ total: sql<number>`count(*)` })
    .from(jobsUnfinished)
    .where(and(ofUser, isUnfinished))
    .prepare(),
)
export const countUnfinishedOf = (db: Db, userId: string): number => unfinishedOfUser(db).get({ userId })?.total ?? 0
