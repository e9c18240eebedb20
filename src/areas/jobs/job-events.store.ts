import { and, asc, eq, gt, inArray, lte, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { newUuid } from '../../shared/ids.ts'
import { type JobEventRow, jobEvents } from './jobs.table.ts'

const value = sql.placeholder

const nextNumber = sql<number>`(select coalesce(max(sequence_number), 0) + 1 from job_events where job_id = ${value('jobId')})`

const newEvent = prepared((db) =>
  db
    .insert(jobEvents)
    .values({
      jobId: value('jobId'),
      sequenceNumber: nextNumber,
      id: value('id'),
      eventType: value('eventType'),
      timestamp: value('timestamp'),
      data: value('data'),
    })
    .returning()
    .prepare(),
)
interface NewEvent {
  type: string
  data: Record<string, unknown>
}
/** Writes the next event of a job. Call it in the transaction that changes the job's row. */
export const insertEvent = (db: Db, jobId: string, { type, data }: NewEvent, now: number): JobEventRow =>
  newEvent(db).get({ jobId, id: newUuid(), eventType: type, timestamp: now, data: JSON.stringify(data) })

const eventsAfter = (types: readonly string[] | undefined) =>
  prepared((db) =>
    db
      .select()
      .from(jobEvents)
      .where(
        and(
          eq(jobEvents.jobId, value('jobId')),
          gt(jobEvents.sequenceNumber, value('after')),
          ...(types ? [inArray(jobEvents.eventType, [...types])] : []),
        ),
      )
      .orderBy(asc(jobEvents.sequenceNumber))
      .limit(value('limit'))
      .prepare(),
  )
const allEvents = eventsAfter(undefined)
const logEvents = eventsAfter(['log', 'error'])

interface Range {
  /** Events with higher numbers only. */
  after: number
  limit: number
}

/** In their order. The caller knows the owner of the job. */
export const listEvents = (db: Db, jobId: string, range: Range): JobEventRow[] => allEvents(db).all({ jobId, ...range })

/** The same of those that are lines of a log. */
export const listLogEvents = (db: Db, jobId: string, range: Range): JobEventRow[] =>
  logEvents(db).all({ jobId, ...range })

const oldEvents = prepared((db) =>
  db
    .delete(jobEvents)
    .where(and(eq(jobEvents.jobId, value('jobId')), lte(jobEvents.sequenceNumber, value('upTo'))))
    .prepare(),
)
/** Removes the events of a job up to a number. The newest one must stay: the next number is counted from it. */
export const trimEvents = (db: Db, jobId: string, upTo: number) => oldEvents(db).run({ jobId, upTo })
