import { jobs, type JobStatus } from '../../../areas/jobs/jobs.table.ts'
import { sealPayload } from '../../../areas/jobs/job-payload.ts'
import { redact } from '../../../shared/redact.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { toJsonText } from '../source/loose-json.ts'
import { uuidOf } from '../source/row-ids.ts'
import { objectOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

const dayMs = 86_400_000

const statuses: Record<string, JobStatus> = {
  waiting: 'queued',
  queued: 'queued',
  pending: 'queued',
  running: 'running',
  completed: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
}

interface Ending {
  status: Extract<JobStatus, 'queued' | 'completed' | 'failed' | 'canceled'>
  message: string | null
  errorMessage: string | null
}

/** How a job of the old server goes on here: what was under way has failed, and what nothing runs any more (work.md 1.6, 7). */
const endingOf = ({ deps: { jobTypes } }: ImportRun, row: SourceRow, jobType: string): Ending => {
  const word = row.line('status')?.trim().toLowerCase() ?? ''
  const status = Object.hasOwn(statuses, word) ? statuses[word] : undefined
  const [message, errorMessage] = [row.prose('message'), row.prose('error_message')]
  if (status === 'completed' || status === 'failed' || status === 'canceled') return { status, message, errorMessage }
  const fail = (reason: string): Ending => {
    row.note('changed', `${reason}: failed`)
    return { status: 'failed', message: message ?? 'Job interrupted', errorMessage: errorMessage ?? reason }
  }
  if (status === 'running') return fail('Job interrupted during restart; please retry')
  if (status === undefined) return fail('its status is unknown')
  if (!jobTypes.has(jobType)) return fail('this server does not run jobs of its type')
  return { status: 'queued', message, errorMessage }
}

interface JobKind {
  id: string
  jobType: string
  isQueued: boolean
}

/** Secrets of a job that will run are sealed, those of all others are gone (work.md 7). */
const payloadOf = ({ deps }: ImportRun, row: SourceRow, { id, jobType, isQueued }: JobKind) => {
  const payload = objectOf(row, 'payload') ?? {}
  const type = deps.jobTypes.get(jobType)
  if (isQueued && type) return sealPayload(deps, type, id, payload)
  return { payload: JSON.stringify(redact(payload)), secrets: null }
}

const resultOf = (row: SourceRow): string | null => {
  const result = objectOf(row, 'result')
  return result && toJsonText(row.prose('result') ?? '', result)
}

/** A finished download that is asked for again is to run again (work.md 6, row 10). */
const idempotencyKeyOf = (row: SourceRow, jobType: string, isQueued: boolean): string | null =>
  jobType === 'ollama.install' && !isQueued ? null : row.line('idempotency_key') || null

const percent = { min: 0, max: 100, fallback: 0 }
const many = { min: 0, max: 1_000_000, fallback: 0 }

const readJob = (run: ImportRun, row: SourceRow) => {
  const id = uuidOf(row)
  const userId = ownerOf(run, row)
  const jobType = row.line('job_type') ?? 'unknown'
  const ending = endingOf(run, row, jobType)
  const isQueued = ending.status === 'queued'
  const times = timesOf(run, row)
  return {
    id,
    userId,
    jobType,
    ...ending,
    ...payloadOf(run, row, { id, jobType, isQueued }),
    priority: row.integer('priority', { min: -100, max: 100, fallback: 0 }),
    scheduledFor: row.time('scheduled_for') ?? times.createdAt,
    startedAt: row.time('started_at'),
    completedAt: row.time('completed_at') ?? (isQueued ? null : run.now),
    progressPercent: row.integer('progress_percent', percent),
    currentStage: row.line('current_stage'),
    result: resultOf(row),
    errorCode: row.line('error_code'),
    idempotencyKey: idempotencyKeyOf(row, jobType, isQueued),
    retryCount: row.integer('retry_count', many),
    maxRetries: row.integer('max_retries', { min: 0, max: 10, fallback: 3 }),
    // Counted from now: what is imported is to be seen for a while.
    expiresAt: isQueued ? null : run.now + run.deps.config.jobRetentionDays * dayMs,
    ...times,
  }
}

/** Jobs of types that this program does not know are history (work.md 7). */
export const importJobs = (run: ImportRun): void =>
  importTable(run, {
    source: 'jobs',
    target: jobs,
    key: ['id'],
    taken: 'its user has another one of that idempotency key',
    read: (row) => readJob(run, row),
  })
