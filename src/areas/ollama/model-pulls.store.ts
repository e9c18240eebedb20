import { and, eq, gt, lte, ne, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { type JobRow, jobs } from '../jobs/jobs.table.ts'

const value = sql.placeholder

/** The kinds of job that pull a model: as clients call it, and as the public API reference does. */
export const pullTypes = ['ollama.install', 'model_download'] as const

const unfinishedPulls = prepared((db) =>
  db
    .select()
    .from(jobs)
    .where(
      and(
        eq(jobs.userId, value('userId')),
        // As in the index.
        sql`status in ('waiting', 'queued', 'running')`,
        // The plus keeps SQLite from the index with all jobs of these types, also those that are over.
        sql`+job_type in (${pullTypes[0]}, ${pullTypes[1]})`,
        sql`json_extract(payload, '$.server_url') = ${value('serverBase')}`,
        // Neither waits for other jobs or for a day to come, nor was told to stop.
        ne(jobs.status, 'waiting'),
        or(lte(jobs.scheduledFor, value('now')), gt(jobs.attempts, 0)),
        eq(jobs.cancelRequested, false),
      ),
    )
    .prepare(),
)
/** A user's jobs that are pulling models to this server, or will in a moment. */
export const listUnfinishedPulls = (db: Db, userId: string, serverBase: string, now: number): JobRow[] =>
  unfinishedPulls(db).all({ userId, serverBase, now })
