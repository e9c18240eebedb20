import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type JobRow, jobDependencies, jobs } from './jobs.table.ts'

const value = sql.placeholder

export type Dependency = Pick<JobRow, 'id' | 'status'>

const fields = { id: jobs.id, status: jobs.status }
// The plus keeps SQLite from looking for them among all of the user's.
const ownJobs = prepared((db) =>
  db
    .select(fields)
    .from(jobs)
    .where(
      and(
        inArray(jobs.id, sql`(select value from json_each(${value('ids')}))`),
        sql`+${eq(jobs.userId, value('userId'))}`,
      ),
    )
    .prepare(),
)
/** Those of the jobs with these ids (with dashes) that are the user's own. */
export const findOwnDependencies = (db: Db, userId: string, ids: string[]): Dependency[] =>
  ownJobs(db).all({ userId, ids: JSON.stringify(ids) })

const dependenciesOf = prepared((db) =>
  db
    .select(fields)
    .from(jobDependencies)
    .innerJoin(jobs, eq(jobs.id, jobDependencies.dependsOnJobId))
    .where(eq(jobDependencies.jobId, value('jobId')))
    .prepare(),
)
/** What a job depends on. */
export const listDependencies = (db: Db, jobId: string): Dependency[] => dependenciesOf(db).all({ jobId })

const removed = prepared((db) =>
  db
    .delete(jobDependencies)
    .where(eq(jobDependencies.jobId, value('jobId')))
    .prepare(),
)
const added = prepared((db) =>
  db
    .insert(jobDependencies)
    .select(sql`select ${value('jobId')}, value from json_each(${value('ids')})`)
    .prepare(),
)
/** Replaces what a job depends on; `ids` with dashes, each once. */
export const setDependencies = (db: Db, jobId: string, ids: string[]): void => {
  removed(db).run({ jobId })
  if (ids.length > 0) added(db).run({ jobId, ids: JSON.stringify(ids) })
}
