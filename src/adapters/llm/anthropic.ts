import type { GuardedFetch } from '../web/types.ts'
import { toAnthropicMessages, toAnthropicParams } from './anthropic-request.ts'
import { readAnthropicReply } from './anthropic-stream.ts'
import { getJson, headerKey, postJson } from '../../shared/model-server/call-model-server.ts'
import { closeableStream } from './closeable-stream.ts'
import { stringAt, valueAt } from '../../shared/json-fields.ts'
import { unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { throwInBandError } from '../../shared/model-server/provider-error.ts'
import { sendWithoutRefused } from './refused-params.ts'
import type { ChatChunk, ChatRequest, ListedModel, LlmAdapter, ModelServer } from './types.ts'

const API_VERSION = '2023-06-01'

const toHeaders = (server: ModelServer): Record<string, string> => {
  const key = headerKey(server)
  return { 'anthropic-version': API_VERSION, ...(key && { 'x-api-key': key }) }
}

/** The request always streams: silence can then be told from work. */
async function* chat(fetch: GuardedFetch, request: ChatRequest): AsyncGenerator<ChatChunk, void, undefined> {
  const { server, model, signal } = request
  const call = { server, path: '/v1/messages', headers: toHeaders(server), signal }
  const { required, optional } = toAnthropicParams(request.params)
  const prompt = toAnthropicMessages(request.messages)
  const response = await sendWithoutRefused(
    (accepted) => postJson(fetch, call, { model, ...prompt, stream: true, ...required, ...accepted }),
    optional,
  )
  yield* readAnthropicReply(response, server, signal)
}

const toListedModel = (entry: unknown): ListedModel[] => {
  const id = stringAt(entry, 'id')
  if (!id) return []
  const createdAt = stringAt(entry, 'created_at') ?? null
  const metadata = { owned_by: 'anthropic', created_at: createdAt, description: `Claude model: ${id}` }
  return [{ id, name: stringAt(entry, 'display_name') ?? id, metadata }]
}

/** One page of the largest size holds every model there is. */
const listModels = async (fetch: GuardedFetch, server: ModelServer, signal: AbortSignal): Promise<ListedModel[]> => {
  const json = await getJson(fetch, { server, path: '/v1/models?limit=1000', headers: toHeaders(server), signal })
  throwInBandError(json, server)
  const entries = valueAt(json, 'data')
  if (!Array.isArray(entries)) throw unexpectedJson()
  return entries.flatMap(toListedModel)
}

/**
 * Anthropic's Messages API (ai.md 2.4, 2.6, 5.4), version 2023-06-01. The base URL has no version:
 * `https://api.anthropic.com`. Models are listed by display name, so that the caller maps a name back to its id.
 * Throws only `UpstreamError`.
 */
export const createAnthropicAdapter = (fetch: GuardedFetch): LlmAdapter => {
  const streamChat = (request: ChatRequest) =>
    closeableStream(request.signal, (signal) => chat(fetch, { ...request, signal }))
  return {
    streamChat,
    listModels: (server, signal) => listModels(fetch, server, signal),
    checkServer: async () => ({}),
  }
}
