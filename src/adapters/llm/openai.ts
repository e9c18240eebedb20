import type { GuardedFetch } from '../web/types.ts'
import { bearerHeaders, postJson } from '../../shared/model-server/call-model-server.ts'
import { closeableStream } from './closeable-stream.ts'
import { listOpenAiModels } from './openai-models.ts'
import { toOpenAiParams } from './openai-params.ts'
import { readOpenAiReply } from './openai-stream.ts'
import { checkOpenRouterKey } from './openrouter-key.ts'
import { sendWithoutRefused } from './refused-params.ts'
import type { ChatChunk, ChatRequest, LlmAdapter, ModelServer } from './types.ts'

/** How OpenRouter attributes requests to an application (ai.md 2.4). */
const ATTRIBUTION = { 'HTTP-Referer': 'https://app.braindrive.ai', 'X-Title': 'BrainDrive Chat' }

const toHeaders = (server: ModelServer): Record<string, string> => ({
  ...bearerHeaders(server),
  ...(server.provider === 'openrouter' && ATTRIBUTION),
})

/** The request always streams: silence can then be told from work. */
async function* chat(fetch: GuardedFetch, request: ChatRequest): AsyncGenerator<ChatChunk, void, undefined> {
  const { server, model, messages, params, signal } = request
  const call = { server, path: '/chat/completions', headers: toHeaders(server), signal }
  const response = await sendWithoutRefused(
    (accepted) => postJson(fetch, call, { model, messages, stream: true, ...accepted }),
    toOpenAiParams(server, params),
  )
  yield* readOpenAiReply(response, server, signal)
}

/**
 * The chat completions API of OpenAI, Groq, OpenRouter and every compatible server (ai.md 2.4, 2.6, 5.4). The base URL
 * includes the version: `https://api.openai.com/v1`, `https://api.groq.com/openai/v1`, `https://openrouter.ai/api/v1`.
 * Without a key no authorization header is sent, for local servers. Throws only `UpstreamError`.
 */
export const createOpenAiAdapter = (fetch: GuardedFetch): LlmAdapter => {
  const streamChat = (request: ChatRequest) =>
    closeableStream(request.signal, (signal) => chat(fetch, { ...request, signal }))
  return {
    streamChat,
    // Async, so that an unusable key rejects instead of throwing.
    listModels: async (server, signal) => listOpenAiModels(fetch, server, toHeaders(server), signal),
    async checkServer(server, signal) {
      if (server.provider === 'openrouter') await checkOpenRouterKey(fetch, server, signal)
      return {}
    },
  }
}
