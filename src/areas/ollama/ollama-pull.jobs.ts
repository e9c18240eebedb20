import type { Deps } from '../../deps.ts'
import type { PullStep } from '../../adapters/ollama/types.ts'
import { type JsonObject, numberAt, stringAt } from '../../shared/json-fields.ts'
import { withoutKeys } from '../../shared/model-server/provider-error.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { defineJob, type JobContext, JobFailure } from '../jobs/job-type.ts'
import { awaitInstalledModel, shortDelays } from './find-installed-model.ts'
import { type PullPayload, PullPayload as payloadSchema } from './ollama.schema.ts'
import { toPullFailure } from './pull-failure.ts'
import { createPullProgress } from './pull-progress.ts'
import { readModelName, readServerBase, toServerAccess } from './server-input.ts'

const dayMs = 86_400_000
const defaultTimeoutSeconds = 1800

/** The payload as it is stored: one name, the base of the address. Throws 400. */
const checkPayload = ({ name, model_name: modelName, ...payload }: PullPayload): PullPayload => ({
  ...payload,
  model_name: readModelName(modelName ?? name),
  server_url: readServerBase(payload.server_url),
})

const reportStep = (
  { report }: JobContext,
  { status, digest, total, completed }: PullStep,
  progress: ReturnType<ReturnType<typeof createPullProgress>['add']>,
) => {
  const { percent, stage, totalBytes, completedBytes } = progress
  report({
    percent,
    stage,
    message: status,
    data: {
      status,
      ...(digest === undefined ? {} : { digest, total, completed }),
      ...(totalBytes === 0 ? {} : { total_bytes: totalBytes, completed_bytes: completedBytes }),
      progress_bucket: Math.floor(percent / 5),
    },
  })
}

const pull = async (deps: Deps, payload: PullPayload, context: JobContext) => {
  const { signal, report, userId } = context
  const {
    server_url: baseUrl,
    force_reinstall: isForced = false,
    timeout_seconds: seconds = defaultTimeoutSeconds,
  } = payload
  const name = readModelName(payload.model_name)
  const server = toServerAccess(deps, userId, baseUrl, payload.api_key)
  report({
    percent: 0,
    stage: 'queued',
    message: 'Waiting to start download',
    data: { model_name: name, server_url: baseUrl },
  })
  const steps = await deps.ollama.pullModel({ server, name, idleTimeoutMs: seconds * 1000, signal })
  report({
    type: 'status',
    percent: 0,
    stage: 'connecting',
    message: 'Ollama responded with status 200',
    data: { status_code: 200 },
  })
  report({ percent: 1, stage: 'downloading', message: 'Starting download', data: { force_reinstall: isForced } })

  const progress = createPullProgress()
  let hasSucceeded = false
  for await (const step of steps) {
    reportStep(context, step, progress.add(step))
    hasSucceeded = step.isLast
  }
  if (!hasSucceeded && !progress.isComplete()) throw endedEarly()
  report({ percent: 99, stage: 'finalizing', message: 'Download completed, finalizing installation' })
  const model = await awaitInstalledModel(deps, server, { name, signal }, hasSucceeded ? undefined : shortDelays)
  if (!model) throw hasSucceeded ? notRegistered(name) : endedEarly()
  return { model_name: name, server_url: baseUrl, force_reinstall: isForced, ...describeModel(model, server) }
}

/** Of the list's own entry, which may hold anything. */
const describeModel = (model: JsonObject, server: ServerAccess) => {
  const textAt = (field: string, maxLength: number) =>
    withoutKeys(stringAt(model, field) ?? '', server)
      .slice(0, maxLength)
      .toWellFormed() || null
  return {
    digest: textAt('digest', 200),
    size: numberAt(model, 'size') ?? null,
    modified_at: textAt('modified_at', 100),
  }
}

const endedEarly = () =>
  new JobFailure('ended_early', 'Ollama request failed: the server ended the download early', { isTransient: true })

const notRegistered = (name: string) =>
  new JobFailure('not_registered', `Model ${name} not present on Ollama server after install`)

/**
 * Makes an Ollama server fetch a model (work.md 2.1). May be run again at any time: Ollama keeps the layers that it has.
 * Result: `model_name`, `server_url`, `force_reinstall`, and of the model list `digest`, `size`, `modified_at`, or null.
 */
const definePull = (name: string) =>
  defineJob({
    name,
    payload: payloadSchema,
    check: checkPayload,
    secretFields: ['api_key'],
    timeoutMs: () => dayMs,
    isResumable: true,
    async run(deps, payload, context) {
      try {
        return await pull(deps, payload, context)
      } catch (error) {
        throw toPullFailure(error)
      }
    },
  })

export const ollamaInstall = definePull('ollama.install')
/** The same under the name of the public API reference. */
export const modelDownload = definePull('model_download')
