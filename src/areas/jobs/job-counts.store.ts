import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { jobs } from './jobs.table.ts'

const status = sql<string>`status`
const jobType = sql<string>`job_type`
// An index that has both in it: the rows with their payloads are not read.
const inIndex = sql`${jobs} indexed by jobs_list_type`

const counts = prepared((db) =>
  db
    .select({ status, jobType, total: sql<number>`count(*)` })
    .from(inIndex)
    .groupBy(status, jobType)
    .prepare(),
)

/** Of all users. Reads the whole index: not for every request. */
export const countByStatusAndType = (db: Db) => counts(db).all()
