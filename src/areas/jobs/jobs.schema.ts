import { t } from 'elysia'
import { JsonObject, JsonObjectOrNull } from '../../http/json-object.ts'
import { withJsonText } from '../../http/json-text.ts'
import { IntegerInput, Nullable, OptionalText, TimeInput, Timestamp, maxBodyBytes } from '../../http/wire-types.ts'
import { parseTime, toIso } from '../../shared/clock.ts'
import type { JobEventRow, JobRow, JobStatus } from './jobs.table.ts'

export const maxDependencies = 50
/** No payload needs more, and megabytes of fields that nobody knows keep everybody waiting. */
export const maxJobBytes = 65_536
export const maxEvents = 1000
/** Pages beyond hold nothing: nobody has so many jobs. */
const maxPage = 10_000_000

const idText = t.String({ maxLength: 100, description: 'With or without dashes' })

export const JobParams = t.Object({ jobId: idText })

export const CreateJob = t.Object(
  {
    job_type: t.String({
      minLength: 1,
      maxLength: 50,
      description: 'An unknown one is answered 400, with the known ones',
    }),
    payload: JsonObject('What the job needs, by its type'),
    priority: t.Optional(
      IntegerInput({ minimum: -100, maximum: 100, default: 0, description: 'Higher first, among your own jobs' }),
    ),
    scheduled_for: t.Optional(Nullable(TimeInput('Not to be run before. Now if left out'))),
    idempotency_key: OptionalText(
      100,
      'Of your jobs of one type only one has it: a second one is not created, but the first answered. One that failed or was cancelled is queued again',
    ),
    max_retries: t.Optional(
      IntegerInput({
        minimum: 0,
        maximum: 10,
        default: 3,
        description: 'How often it is tried again by itself after a failure that may pass',
      }),
    ),
    depends_on: t.Optional(
      Nullable(
        t.Array(idText, {
          maxItems: maxDependencies,
          description: 'Your jobs that must have completed before; it waits',
        }),
      ),
    ),
  },
  { [maxBodyBytes]: maxJobBytes },
)
type CreateJob = typeof CreateJob.static

export const toNewJob = (body: CreateJob) => ({
  jobType: body.job_type,
  payload: body.payload,
  priority: body.priority,
  scheduledFor: parseTime(body.scheduled_for),
  idempotencyKey: body.idempotency_key ?? undefined,
  maxRetries: body.max_retries,
  dependsOn: body.depends_on ?? undefined,
})

/** Of the stored words two are others on the wire (contract decision 10). */
const wireStatuses = {
  waiting: 'waiting',
  queued: 'pending',
  running: 'running',
  completed: 'completed',
  failed: 'failed',
  canceled: 'cancelled',
} as const satisfies Record<JobStatus, string>

const storedStatuses: Record<string, JobStatus> = {
  ...Object.fromEntries(Object.entries(wireStatuses).map(([stored, wire]) => [wire, stored as JobStatus])),
  queued: 'queued',
  canceled: 'canceled',
}

export const toWireStatus = (status: JobStatus) => wireStatuses[status]

const Status = t.Union([
  t.Literal('waiting'),
  t.Literal('pending'),
  t.Literal('running'),
  t.Literal('completed'),
  t.Literal('failed'),
  t.Literal('cancelled'),
])

export const ListJobsQuery = t.Object({
  status: t.Optional(t.Union([...Status.anyOf, t.Literal('queued'), t.Literal('canceled')])),
  job_type: t.Optional(t.String({ maxLength: 50, description: 'Exact; an empty text is no filter' })),
  page: IntegerInput({ minimum: 1, maximum: maxPage, default: 1 }),
  page_size: IntegerInput({ minimum: 1, maximum: 100, default: 20 }),
})
type ListJobsQuery = typeof ListJobsQuery.static

export const toJobFilters = ({ status, job_type }: ListJobsQuery) => ({
  status: status === undefined ? undefined : storedStatuses[status],
  jobType: job_type || undefined,
})

const sinceSequence = IntegerInput({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Only events with higher numbers',
})

export const ListEventsQuery = t.Object({
  since_sequence: t.Optional(sinceSequence),
  limit: IntegerInput({ minimum: 1, maximum: maxEvents, default: maxEvents }),
})
export type ListEventsQuery = typeof ListEventsQuery.static

export const StreamQuery = t.Object({ since_sequence: t.Optional(sinceSequence) })

export const Job = t.Object({
  id: t.String({ description: 'UUID' }),
  job_type: t.String(),
  status: Status,
  priority: t.Integer(),
  progress_percent: t.Integer(),
  current_stage: Nullable(t.String()),
  message: Nullable(t.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
  scheduled_for: Timestamp,
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
  user_id: t.String(),
  workspace_id: t.Null(),
  error: Nullable(t.String({ description: 'The same as `error_message`' })),
  error_message: Nullable(t.String()),
  error_code: Nullable(t.String()),
  retry_count: t.Integer(),
  max_retries: t.Integer(),
  result: JsonObjectOrNull(),
})

export const Jobs = t.Object({
  jobs: t.Array(Job),
  total: t.Integer({ description: 'On all pages' }),
  page: t.Integer(),
  page_size: t.Integer(),
  has_next: t.Boolean(),
})

/** What of a job's row is on the wire: never its payload. */
export type ListedJob = Omit<
  JobRow,
  'payload' | 'secrets' | 'idempotencyKey' | 'attempts' | 'workerId' | 'leaseUntil' | 'cancelRequested' | 'expiresAt'
>

const toTime = (ms: number | null) => (ms === null ? null : toIso(ms))

/** As JSON text, around the text of the result. */
export const toJobText = (job: ListedJob): string => {
  const fields: Omit<typeof Job.static, 'result'> = {
    id: job.id,
    job_type: job.jobType,
    status: toWireStatus(job.status),
    priority: job.priority,
    progress_percent: job.progressPercent,
    current_stage: job.currentStage,
    message: job.message,
    created_at: toIso(job.createdAt),
    updated_at: toIso(job.updatedAt),
    scheduled_for: toIso(job.scheduledFor),
    started_at: toTime(job.startedAt),
    completed_at: toTime(job.completedAt),
    user_id: job.userId,
    workspace_id: null,
    error: job.errorMessage,
    error_message: job.errorMessage,
    error_code: job.errorCode,
    retry_count: job.retryCount,
    max_retries: job.maxRetries,
  }
  return withJsonText(fields, { result: job.result })
}

export const toJobsText = (jobs: ListedJob[], total: number, { page, page_size }: ListJobsQuery): string => {
  const has_next = total > (page - 1) * page_size + jobs.length
  return withJsonText({ total, page, page_size, has_next }, { jobs: `[${jobs.map(toJobText).join(',')}]` })
}

export const JobEvent = t.Object({
  id: t.String(),
  job_id: t.String(),
  event_type: t.String(),
  timestamp: Timestamp,
  sequence_number: t.Integer({ description: 'From 1; goes on when a job is tried again' }),
  data: JsonObject(),
})
export const JobEvents = t.Array(JobEvent)

export const toEventText = (event: JobEventRow): string =>
  withJsonText(
    {
      id: event.id,
      job_id: event.jobId,
      event_type: event.eventType,
      timestamp: toIso(event.timestamp),
      sequence_number: event.sequenceNumber,
    },
    { data: event.data },
  )

export const JobFrame = t.Object(
  {
    job_id: t.String(),
    job_type: t.String(),
    status: Status,
    current_stage: Nullable(t.String()),
    message: Nullable(t.String()),
    progress_percent: t.Integer(),
    error: Nullable(t.String()),
    error_message: Nullable(t.String()),
    event_type: t.String({ description: '`snapshot` comes first, `terminal` last' }),
    sequence_number: t.Integer({ description: '0 in these two' }),
    timestamp: Timestamp,
    data: JsonObject(),
  },
  { description: 'Some fields of `data` stand beside it, too' },
)

export const CancelAnswer = t.Object({ status: t.Literal('cancellation_requested') })

export const Nothing = t.Void()
