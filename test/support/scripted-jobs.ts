import { t } from 'elysia'
import { defineJob, type JobContext, type JobType } from '../../src/areas/jobs/job-type.ts'
import { createJob, type NewJob } from '../../src/areas/jobs/create-job.service.ts'
import { findOwnJob } from '../../src/areas/jobs/jobs.service.ts'
import { listEvents } from '../../src/areas/jobs/job-events.store.ts'
import type { JobRow } from '../../src/areas/jobs/jobs.table.ts'
import { rejectOnAbort } from '../../src/shared/reject-on-abort.ts'
import { testApp, type TestAppOptions, type TestServer } from './test-app.ts'

interface ScriptedPayload {
  name?: string | undefined
  secret?: string | undefined
}

export interface ScriptedRun {
  payload: ScriptedPayload
  context: JobContext
  finish(result?: Record<string, unknown>): void
  fail(error: unknown): void
}

interface Script extends Partial<Pick<JobType, 'timeoutMs' | 'isResumable'>> {
  /** Goes on after its signal was aborted, until the test ends it. */
  isDeaf?: boolean
}

/** A kind of job whose runs wait for the test to end them. */
export const scriptedJobs = (name: string, { isDeaf = false, ...script }: Script = {}) => {
  const runs: ScriptedRun[] = []
  const type = defineJob({
    name,
    payload: t.Object(
      { name: t.Optional(t.String({ maxLength: 100 })), secret: t.Optional(t.String({ maxLength: 100 })) },
      { additionalProperties: false },
    ),
    secretFields: ['secret'],
    timeoutMs: () => 60_000,
    isResumable: false,
    ...script,
    run(_deps, payload, context) {
      const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
      runs.push({ payload, context, finish: (result = {}) => resolve(result), fail: reject })
      return isDeaf ? promise : rejectOnAbort(promise, context.signal)
    },
  })
  return { runs, type: type as unknown as JobType }
}

export const until = async (condition: () => unknown, waitMs = 5000): Promise<void> => {
  const giveUpAt = performance.now() + waitMs
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`still not so: ${String(condition)}`)
    await Bun.sleep(2)
  }
}

/** A server that runs jobs of these kinds in its own thread, and what tests ask of it. */
export const jobServer = (types: JobType[], options: TestAppOptions = {}) =>
  withJobs(
    testApp({
      runJobs: true,
      ...options,
      overrides: { jobTypes: new Map(types.map((type) => [type.name, type])), ...options.overrides },
    }),
  )

export const withJobs = (server: TestServer) => {
  const { deps } = server
  const find = (job: Pick<JobRow, 'id' | 'userId'>): JobRow => {
    const row = findOwnJob(deps, job.userId, job.id)
    if (!row) throw new Error('the job is gone')
    return row
  }
  const userIds = new Map<string, string>()
  /** Asked once: the clock may be moved beyond the end of a session. */
  const idOf = async (user: string) => {
    const id = userIds.get(user) ?? (await server.idOf(user))
    userIds.set(user, id)
    return id
  }
  return {
    ...server,
    idOf,
    add: async (user: string, request: Partial<NewJob> & { jobType: string }): Promise<JobRow> =>
      createJob(deps, await idOf(user), { payload: {}, ...request }).job,
    find,
    events: (job: Pick<JobRow, 'id'>) =>
      listEvents(deps.db, job.id, { after: 0, limit: 10_000 }).map(({ eventType, sequenceNumber, data }) => ({
        eventType,
        sequenceNumber,
        data: JSON.parse(data),
      })),
    whenStatus: (job: Pick<JobRow, 'id' | 'userId'>, status: JobRow['status']) =>
      until(() => find(job).status === status),
    /** Moves the clock, and lets the queue see it. */
    pass(ms: number) {
      server.clock.now += ms
      deps.jobWorker.wake()
    },
    [Symbol.asyncDispose]: server.stop,
  }
}

export type JobServer = ReturnType<typeof withJobs>
