import type { Deps } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { stringAt } from '../../shared/json-fields.ts'
import { createJob, type CreateJobDeps } from '../jobs/create-job.service.ts'
import { type JobStreamContext, openJobStream } from '../jobs/job-stream.service.ts'
import { cancelJob, findOwnJob } from '../jobs/jobs.service.ts'
import type { JobRow } from '../jobs/jobs.table.ts'
import { toInstallFrame, toInstallState, toInstallStatus } from './install-status.ts'
import { toFullName } from './model-name.ts'
import { listUnfinishedPulls, pullTypes } from './model-pulls.store.ts'
import { taskNotFound } from './ollama.errors.ts'
import type { InstallModel } from './ollama.schema.ts'
import { readModelName, readServerBase } from './server-input.ts'

const isPull = ({ jobType }: JobRow) => (pullTypes as readonly string[]).includes(jobType)

/**
 * Starts to pull a model, or joins the job of the same user that does so already. A model that was installed before is
 * installed again. Throws 400 for an address or a name that cannot be.
 */
export const startInstall = (deps: CreateJobDeps, userId: string, body: InstallModel) => {
  const serverBase = readServerBase(body.server_url)
  const name = readModelName(body.name)
  const { api_key: apiKey, force_reinstall: isForced = false } = body
  return inTransaction(deps.db, () => {
    const running = listUnfinishedPulls(deps.db, userId, serverBase, deps.clock()).find(
      ({ payload }) => toFullName(stringAt(JSON.parse(payload), 'model_name') ?? '') === toFullName(name),
    )
    if (running) return { task_id: running.id, deduped: true }
    const { job } = createJob(deps, userId, {
      jobType: pullTypes[0],
      payload: { model_name: name, server_url: serverBase, api_key: apiKey, force_reinstall: isForced },
    })
    return { task_id: job.id, deduped: false }
  })
}

/** The user's own task, whose id may come in either spelling. Throws 404, also for jobs that pull no model. */
const getInstall = (deps: Pick<Deps, 'db'>, userId: string, taskId: string): JobRow => {
  const job = findOwnJob(deps, userId, taskId)
  if (!job || !isPull(job)) throw taskNotFound()
  return job
}

/** How far a task is. Throws 404. */
export const readInstall = (deps: Pick<Deps, 'db'>, userId: string, taskId: string) => {
  const job = getInstall(deps, userId, taskId)
  return toInstallStatus(job, job)
}

/** The events of a task as they happen. Throws 404 before the stream begins. */
export const openInstallStream = (
  deps: Parameters<typeof openJobStream>[1],
  userId: string,
  taskId: string,
  context: JobStreamContext,
): Response => openJobStream(context, deps, getInstall(deps, userId, taskId), toInstallFrame)

/** Stops a task. One that is over stays as it is: its state is the answer. Ollama keeps the layers that it has. */
export const cancelInstall = (deps: Parameters<typeof cancelJob>[0], userId: string, taskId: string) => {
  const job = getInstall(deps, userId, taskId)
  if (job.completedAt !== null) return { task_id: job.id, state: toInstallState(job) }
  cancelJob(deps, userId, job.id)
  return { task_id: job.id, state: 'canceling' }
}
