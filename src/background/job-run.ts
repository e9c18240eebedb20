import { Value } from '@sinclair/typebox/value'
import { attemptOf } from '../areas/jobs/claim-job.service.ts'
import { endJob } from '../areas/jobs/job-endings.service.ts'
import { describeFailure } from '../areas/jobs/job-failures.ts'
import { openPayload } from '../areas/jobs/job-payload.ts'
import { createJobProgress } from '../areas/jobs/job-progress.ts'
import { saveProgress } from '../areas/jobs/job-progress.service.ts'
import { failRun, postponeRun } from '../areas/jobs/job-retries.service.ts'
import { type JobContext, JobFailure, type JobType } from '../areas/jobs/job-type.ts'
import type { JobRow } from '../areas/jobs/jobs.table.ts'
import type { Deps } from '../deps.ts'
import { rejectOnAbort } from '../shared/reject-on-abort.ts'

/** `lost`: the row says that the job is not this worker's any more. */
type StopReason = 'canceled' | 'timeout' | 'stopped' | 'lost'

/** What handlers see as the reason of their signal. */
class RunStopped extends Error {
  override name = 'RunStopped'
  readonly why: StopReason

  constructor(why: StopReason) {
    super(`The run was ended: ${why}`)
    this.why = why
  }
}

export interface JobRun {
  job: JobRow
  /** Aborts the signal of the handler and ends the run in the database, without waiting for the handler. */
  stop(why: StopReason): void
  /** Resolves, never rejects: true once the handler has let go as well, false when it did not in time. */
  whenOver: Promise<boolean>
}

const longestTimerMs = 2 ** 31 - 1

const readPayload = (deps: Deps, job: JobRow, type: JobType): unknown => {
  try {
    return Value.Decode(type.payload, openPayload(deps, job))
  } catch {
    // Not as the cause: it would hold the payload.
    throw new JobFailure('invalid_payload', 'The payload of this job cannot be read any more')
  }
}

const failureOf = (deps: Deps, job: JobRow, error: unknown): JobFailure => {
  if (error instanceof RunStopped) {
    const isTransient = deps.jobTypes.get(job.jobType)?.isResumable ?? false
    return new JobFailure('timeout', 'The job took too long', { isTransient })
  }
  const failure = describeFailure(error)
  if (failure.code === 'internal') deps.log.error('job failed', { jobId: job.id, jobType: job.jobType, error })
  return failure
}

const conclude = (deps: Deps, job: JobRow, error: unknown): void => {
  const why = error instanceof RunStopped ? error.why : undefined
  if (why === 'canceled') endJob(deps, job, { status: 'canceled' })
  else if (why === 'stopped') postponeRun(deps, job)
  else if (why !== 'lost') failRun(deps, job, failureOf(deps, job, error))
}

/** Runs a job that this worker has claimed. `letGoMs`: how long its handler may go on when the run has ended. */
export const startRun = (deps: Deps, job: JobRow, letGoMs: number): JobRun => {
  const controller = new AbortController()
  const { signal } = controller
  const stop = (why: StopReason) => controller.abort(new RunStopped(why))
  const progress = createJobProgress(
    { percent: job.progressPercent, stage: job.currentStage, message: job.message },
    (state, events) => {
      try {
        if (!saveProgress(deps, job, state, events)) stop('lost')
      } catch (error) {
        deps.log.warn('progress of a job was not stored', { jobId: job.id, error })
      }
    },
  )
  let timer: ReturnType<typeof setTimeout> | undefined
  const work = async (): Promise<Record<string, unknown>> => {
    const type = deps.jobTypes.get(job.jobType)
    if (!type) throw new JobFailure('unknown_type', `Jobs of the type '${job.jobType}' are not known any more`)
    const payload = readPayload(deps, job, type) as never
    timer = setTimeout(() => stop('timeout'), Math.min(type.timeoutMs(payload), longestTimerMs))
    const context: JobContext = {
      jobId: job.id,
      userId: job.userId,
      attempt: attemptOf(job),
      signal,
      report: progress.report,
    }
    return type.run(deps, payload, context)
  }
  const finish = async (working: ReturnType<typeof work>) => {
    try {
      const result = await rejectOnAbort(working, signal)
      progress.close()
      endJob(deps, job, { status: 'completed', result })
    } catch (error) {
      progress.close()
      conclude(deps, job, signal.aborted ? signal.reason : error)
    }
  }
  const run = async (): Promise<boolean> => {
    const working = work()
    try {
      await finish(working)
    } catch (error) {
      // The row still says that it runs: the next sweep recovers it.
      deps.log.error('the end of a job was not stored', { jobId: job.id, error })
    }
    clearTimeout(timer)
    return hasLetGo(working, letGoMs)
  }
  return { job, stop, whenOver: run() }
}

const hasLetGo = async (working: Promise<unknown>, letGoMs: number): Promise<boolean> => {
  const { promise: tooLate, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, letGoMs, false)
  const settled = working.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([settled, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
