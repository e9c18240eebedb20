import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { resolveDependencies } from './job-dependencies.ts'
import { setDependencies } from './job-dependencies.store.ts'
import { assertRoomForJob } from './job-limits.ts'
import { checkPayload, sealPayload } from './job-payload.ts'
import type { JobType } from './job-type.ts'
import { unknownJobType } from './jobs.errors.ts'
import type { JobRow } from './jobs.table.ts'
import { findJobByKey, insertJob, recreateJob } from './new-jobs.store.ts'

export interface NewJob {
  jobType: string
  payload: Record<string, unknown>
  /** -100 to 100; 0 if left out. */
  priority?: number | undefined
  /** Now if left out. */
  scheduledFor?: number | undefined
  /** An empty text is none. */
  idempotencyKey?: string | undefined
  /** 0 to 10; 3 if left out. */
  maxRetries?: number | undefined
  /** Ids of own jobs in any spelling. */
  dependsOn?: string[] | undefined
}

export type CreateJobDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'secretBox' | 'audit' | 'jobTypes' | 'jobWorker'>

export interface CreatedJob {
  job: JobRow
  /** False for a job that was there before. */
  isNew: boolean
}

/** Of jobs with the same key these are queued again; any other one is the answer (work.md 1.4). */
const isQueuedAgain = ({ status }: JobRow) => status === 'failed' || status === 'canceled'

interface CheckedPayload {
  type: JobType
  payload: Record<string, unknown>
}

interface Parts extends CheckedPayload {
  userId: string
  idempotencyKey: string | null
  /** The job with this key, if it is to be queued again. */
  known: JobRow | undefined
}

/** Stores what is new, and queues anew what is `known`. */
const writeJob = (deps: CreateJobDeps, request: NewJob, { known, ...parts }: Parts, now: number): JobRow => {
  const { jobType, priority = 0, maxRetries = 3, scheduledFor = now, dependsOn = [] } = request
  const { type, payload, userId, idempotencyKey } = parts
  const { ids, status } = resolveDependencies(deps, userId, dependsOn)
  const id = known?.id ?? newUuid()
  const fields = { id, status, priority, maxRetries, scheduledFor, ...sealPayload(deps, type, id, payload) }
  const job = known
    ? recreateJob(deps.db, { ...fields, message: 'Queued' }, now)
    : insertJob(deps.db, { ...fields, userId, jobType, idempotencyKey, createdAt: now })
  setDependencies(deps.db, id, ids)
  return job
}

const store = (deps: CreateJobDeps, userId: string, request: NewJob, checked: CheckedPayload): CreatedJob => {
  const idempotencyKey = request.idempotencyKey?.toWellFormed() || null
  const known = idempotencyKey === null ? undefined : findJobByKey(deps.db, userId, request.jobType, idempotencyKey)
  if (known && !isQueuedAgain(known)) return { job: known, isNew: false }
  assertRoomForJob(deps, userId)
  const job = writeJob(deps, request, { ...checked, userId, idempotencyKey, known }, deps.clock())
  return { job, isNew: known === undefined }
}

const auditCreation = ({ audit }: Pick<Deps, 'audit'>, { id, userId, jobType, priority }: JobRow) =>
  audit({
    type: 'job.created',
    status: 'success',
    userId,
    resource: { type: 'job', id },
    extra: { job_type: jobType, priority },
  })

/**
 * Stores a job and wakes the worker. Payload fields that its type calls secret are sealed. May be called in a transaction.
 * Throws 400 (unknown type, dependency), 422 (payload), 429 and 503 (too many jobs).
 */
export const createJob = (deps: CreateJobDeps, userId: string, request: NewJob): CreatedJob => {
  const type = deps.jobTypes.get(request.jobType)
  if (!type) throw unknownJobType(request.jobType, [...deps.jobTypes.keys()].join(', '))
  const payload = checkPayload(deps, type, request.payload)
  const created = inTransaction(deps.db, () => {
    const stored = store(deps, userId, request, { type, payload })
    // In the same transaction, since each one waits for the disk.
    if (stored.isNew) auditCreation(deps, stored.job)
    return stored
  })
  if (created.job.status === 'queued') deps.jobWorker.wake()
  return created
}
