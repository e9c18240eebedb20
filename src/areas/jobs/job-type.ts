import type { Static, TSchema } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'

/** What a job says about itself while it runs; every part may be left out. */
export interface JobProgress {
  /** 0 to 100. It never falls within one attempt. */
  percent?: number
  stage?: string
  message?: string
  /** `event_type` on the wire; `progress` if left out, `log` for `GET …/logs`. */
  type?: string
  data?: Record<string, unknown>
}

export interface JobContext {
  jobId: string
  userId: string
  /** 1 for the first run; more after a failure or a crash, so that what may be there already is no error. */
  attempt: number
  /** Fires on cancel, timeout and stop. Whatever waits must listen to it. */
  signal: AbortSignal
  /** Cheap: writes are gathered, so it may be called for every line of a stream. */
  report(progress: JobProgress): void
}

/** One kind of background work. Its `run` happens in the worker thread; everything else also in the server's. */
export interface JobType<Payload extends TSchema = TSchema> {
  name: string
  /** Checked when a job is created (422) and again when it is run. Closed, with a bound on every field. */
  payload: Payload
  /** What a schema cannot say; throws an AppError (400) when a job is created. Returns the payload to store. */
  check?(payload: Static<Payload>, deps: Pick<Deps, 'config'>): Static<Payload>
  /** Fields of the payload that are sealed while the job lives and gone when it has ended. */
  secretFields: readonly (keyof Static<Payload> & string)[]
  /** Longest run of one attempt. */
  timeoutMs(payload: Static<Payload>): number
  /** Whether an attempt that a crash cut off may simply be made again. */
  isResumable: boolean
  /** The object becomes `result`. Throws `JobFailure`; any other error is told as an internal one. */
  run(deps: Deps, payload: Static<Payload>, context: JobContext): Promise<Record<string, unknown>>
}

export const defineJob = <Payload extends TSchema>(type: JobType<Payload>): JobType<Payload> => type

/** `message` is for the user. A transient failure is tried again while `max_retries` lasts. */
export class JobFailure extends Error {
  override name = 'JobFailure'
  /** `error_code` on the wire. */
  readonly code: string
  readonly isTransient: boolean

  constructor(code: string, message: string, options: { isTransient?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.isTransient = options.isTransient ?? false
  }
}

/** The kinds of jobs that this program knows, by name. */
export type JobTypes = ReadonlyMap<string, JobType>
