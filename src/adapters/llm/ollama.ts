import type { GuardedFetch } from '../web/types.ts'
import { bearerHeaders, getJson, postJson } from '../../shared/model-server/call-model-server.ts'
import { closeableStream } from './closeable-stream.ts'
import { lastChunk } from './last-chunk.ts'
import { toFinishReason } from './finish-reason.ts'
import { numberAt, stringAt, valueAt, type JsonObject } from '../../shared/json-fields.ts'
import { STREAM_LIMIT_BYTES } from '../../shared/model-server/limits.ts'
import { ndjsonLines } from '../../shared/model-server/ndjson-lines.ts'
import { toOllamaOptions } from './ollama-options.ts'
import { fetchOllamaVersion } from './ollama-version.ts'
import { endedEarly, unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { throwInBandError } from '../../shared/model-server/provider-error.ts'
import { readBytes } from '../../shared/model-server/response-body.ts'
import { parseStreamEvent } from '../../shared/model-server/stream-event.ts'
import type { ChatChunk, ChatRequest, ListedModel, LlmAdapter, ModelServer, TokenUsage } from './types.ts'

const toUsage = (line: JsonObject): TokenUsage | undefined => {
  const completionTokens = numberAt(line, 'eval_count')
  if (completionTokens === undefined) return undefined
  // Ollama leaves the prompt count out when the whole prompt was cached.
  return { promptTokens: numberAt(line, 'prompt_eval_count') ?? 0, completionTokens }
}

async function* readReply(response: Response, server: ModelServer, signal: AbortSignal) {
  for await (const text of ndjsonLines(readBytes(response, STREAM_LIMIT_BYTES, signal))) {
    const line = parseStreamEvent(text, server)
    const content = stringAt(line, 'message', 'content') ?? ''
    if (line.done === true) {
      yield lastChunk(content, toFinishReason(stringAt(line, 'done_reason')), toUsage(line))
      return
    }
    if (content) yield { text: content, finishReason: null }
  }
  throw endedEarly()
}

/** The request always streams: silence can then be told from work. */
async function* chat(fetch: GuardedFetch, request: ChatRequest): AsyncGenerator<ChatChunk, void, undefined> {
  const { server, model, messages, params, signal } = request
  const headers = bearerHeaders(server)
  const body = { model, messages, stream: true, options: toOllamaOptions(params) }
  const response = await postJson(fetch, { server, path: '/api/chat', headers, signal }, body)
  yield* readReply(response, server, signal)
}

const METADATA = ['name', 'model', 'modified_at', 'size', 'digest', 'details'] as const

const toListedModel = (entry: unknown): ListedModel[] => {
  const name = stringAt(entry, 'name') ?? stringAt(entry, 'model')
  if (!name) return []
  const known = METADATA.map((key) => [key, valueAt(entry, key)] as const)
  return [{ id: name, name, metadata: Object.fromEntries(known.filter(([, value]) => value !== undefined)) }]
}

const listModels = async (fetch: GuardedFetch, server: ModelServer, signal: AbortSignal): Promise<ListedModel[]> => {
  const json = await getJson(fetch, { server, path: '/api/tags', headers: bearerHeaders(server), signal })
  throwInBandError(json, server)
  const models = valueAt(json, 'models')
  if (!Array.isArray(models)) throw unexpectedJson()
  return models.flatMap(toListedModel)
}

/**
 * Ollama's own API: `POST /api/chat` as newline-delimited JSON and `GET /api/tags` (Ollama's docs/api.md; ai.md 2.4, 2.6,
 * 5.4). The key, when there is one, goes as a bearer token. Model metadata is the list entry itself: `name`, `model`,
 * `modified_at`, `size` (bytes), `digest`, `details`. Throws only `UpstreamError`.
 */
export const createOllamaAdapter = (fetch: GuardedFetch): LlmAdapter => {
  const streamChat = (request: ChatRequest) =>
    closeableStream(request.signal, (signal) => chat(fetch, { ...request, signal }))
  return {
    streamChat,
    listModels: (server, signal) => listModels(fetch, server, signal),
    checkServer: async (server, signal) => ({ version: await fetchOllamaVersion(fetch, server, signal) }),
  }
}
