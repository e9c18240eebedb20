import { eq, sql } from 'drizzle-orm'
import { jobDependencies, jobEvents, jobs } from '../../../areas/jobs/jobs.table.ts'
import { prepared } from '../../../db/prepared.ts'
import { toUuid } from '../../../shared/ids.ts'
import type { ImportRun } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { RowDropped } from '../row-dropped.ts'
import { uuidOf } from '../source/row-ids.ts'
import { objectOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

/** As many as the server itself keeps of a job that has ended. */
const keptEvents = 200

const jobOfId = prepared((db) =>
  db
    .select({ id: jobs.id, userId: jobs.userId, createdAt: jobs.createdAt })
    .from(jobs)
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare(),
)

const jobOf = ({ deps: { db } }: ImportRun, row: SourceRow, column: string) => {
  const job = jobOfId(db).get({ id: toUuid(row.line(column)?.trim() ?? '') })
  if (!job) throw new RowDropped('its job was not imported')
  return job
}

const importEvents = (run: ImportRun): void => {
  let current = ''
  let count = 0
  importTable(run, {
    source: 'job_progress_events',
    target: jobEvents,
    key: ['jobId', 'sequenceNumber'],
    order: { columns: ['job_id', 'sequence_number'], newestFirst: true },
    read: (row) => {
      const { id: jobId, createdAt } = jobOf(run, row, 'job_id')
      if (jobId !== current) count = 0
      current = jobId
      if (++count > keptEvents) throw new RowDropped(`of each job the newest ${keptEvents} are kept`)
      const sequenceNumber = row.integer('sequence_number', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 })
      if (sequenceNumber === 0) throw new RowDropped('it has no number')
      return {
        id: uuidOf(row),
        jobId,
        sequenceNumber,
        eventType: row.line('event_type') ?? 'progress',
        timestamp: row.time('timestamp') ?? createdAt,
        data: JSON.stringify(objectOf(row, 'data') ?? {}),
      }
    },
  })
}

const importDependencies = (run: ImportRun): void =>
  importTable(run, {
    source: 'job_dependencies',
    target: jobDependencies,
    key: ['jobId', 'dependsOnJobId'],
    read: (row) => {
      const [job, other] = [jobOf(run, row, 'job_id'), jobOf(run, row, 'depends_on_job_id')]
      if (job.userId !== other.userId) throw new RowDropped("it is of another user's job")
      return { jobId: job.id, dependsOnJobId: other.id }
    },
  })

/** After jobs. Attempts have no place here: the job itself says how it ended. */
export const importJobParts = (run: ImportRun): void => {
  importEvents(run)
  importDependencies(run)
}
