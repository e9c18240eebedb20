import { isDeeperThan } from '../../shared/json-depth.ts'
import { isJsonObject, parseJson, valueAt, type JsonObject } from '../../shared/json-fields.ts'
import {
  bearerHeaders,
  deleteJson,
  getJson,
  postJson,
  type ModelServerCall,
} from '../../shared/model-server/call-model-server.ts'
import { giveWay } from '../../shared/give-way.ts'
import { ERROR_LIMIT_BYTES, MODELS_LIMIT_BYTES } from '../../shared/model-server/limits.ts'
import { unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { throwInBandError } from '../../shared/model-server/provider-error.ts'
import { readText } from '../../shared/model-server/response-body.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import type { GuardedFetch } from '../web/types.ts'
import { readPull } from './read-pull.ts'
import type { Ollama, PullRequest } from './types.ts'

const VERSION_LENGTH = 100
/** A model is handed on, and writing JSON of any depth overflows the stack. */
const MODEL_DEPTH = 29

const callTo = (server: ServerAccess, path: string, signal: AbortSignal): ModelServerCall => ({
  server,
  path,
  headers: bearerHeaders(server),
  signal,
})

/** `model` is what Ollama documents; its older versions and some gateways know only `name`. */
const named = (name: string) => ({ model: name, name })

const readVersion = async (fetch: GuardedFetch, server: ServerAccess, signal: AbortSignal): Promise<string | null> => {
  const json = await getJson(fetch, callTo(server, '/api/version', signal))
  throwInBandError(json, server)
  if (!isJsonObject(json)) throw unexpectedJson()
  const { version = 'unknown' } = json
  if (version === null) return null
  if (typeof version !== 'string') throw unexpectedJson()
  return version.slice(0, VERSION_LENGTH)
}

const listModels = async (fetch: GuardedFetch, server: ServerAccess, signal: AbortSignal): Promise<JsonObject[]> => {
  const json = await getJson(fetch, callTo(server, '/api/tags', signal), MODELS_LIMIT_BYTES)
  throwInBandError(json, server)
  if (!isJsonObject(json)) throw unexpectedJson()
  const models = valueAt(json, 'models') ?? []
  if (!Array.isArray(models)) throw unexpectedJson()
  for (const model of models) {
    await giveWay()
    if (isDeeperThan(model, MODEL_DEPTH)) throw unexpectedJson()
  }
  return models.filter(isJsonObject)
}

const hasModel = async (fetch: GuardedFetch, server: ServerAccess, name: string, signal: AbortSignal) => {
  try {
    const response = await postJson(fetch, callTo(server, '/api/show', signal), named(name))
    // It holds the model's license and more, and nobody wants it.
    await response.body?.cancel().catch(() => undefined)
    return true
  } catch (error) {
    const isUnknown = error instanceof UpstreamError && (error.status === 400 || error.status === 404)
    if (isUnknown) return false
    throw error
  }
}

const deleteModel = async (fetch: GuardedFetch, server: ServerAccess, name: string, signal: AbortSignal) => {
  const response = await deleteJson(fetch, callTo(server, '/api/delete', signal), named(name))
  const text = await readText(response, ERROR_LIMIT_BYTES, signal)
  const json = parseJson(text)
  throwInBandError(json, server)
  return json ?? text
}

const pullModel = async (fetch: GuardedFetch, { server, name, idleTimeoutMs, signal }: PullRequest) => {
  const call = { ...callTo(server, '/api/pull', signal), idleTimeoutMs }
  return readPull(await postJson(fetch, call, { ...named(name), stream: true }), server, signal)
}

export const createOllama = (fetch: GuardedFetch): Ollama => ({
  readVersion: (server, signal) => readVersion(fetch, server, signal),
  listModels: (server, signal) => listModels(fetch, server, signal),
  hasModel: (server, name, signal) => hasModel(fetch, server, name, signal),
  deleteModel: (server, name, signal) => deleteModel(fetch, server, name, signal),
  pullModel: (request) => pullModel(fetch, request),
})
