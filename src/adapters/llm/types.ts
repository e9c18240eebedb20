import type { ServerAccess } from '../../shared/model-server/server-access.ts'

/** Provider ids, in the order in which every answer lists them (ai.md 1). */
export const providerIds = ['ollama', 'openai', 'claude', 'groq', 'openrouter'] as const
export type ProviderId = (typeof providerIds)[number]

/** One place that can run a model: resolved anew for each request and user, never shared between users. */
export interface ModelServer extends ServerAccess {
  provider: ProviderId
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface ChatRequest {
  server: ModelServer
  /** Model id as the provider spells it. */
  model: string
  messages: ChatMessage[]
  /** Sampling parameters as a client sent them (ai.md 2.3); each adapter maps the ones its provider knows and ignores the rest. */
  params: Record<string, unknown>
  /** Aborting closes the upstream connection at once. */
  signal: AbortSignal
}

export interface TokenUsage {
  promptTokens: number
  completionTokens: number
}

/** One step of a streamed reply. `finishReason` is set on the last one only: `stop`, `length` or the provider's own word in lower case. */
export interface ChatChunk {
  text: string
  finishReason: string | null
  usage?: TokenUsage
}

export interface ListedModel {
  id: string
  /** What pickers show, and what clients send back as `model`. */
  name: string
  /** Provider-specific extras of ai.md 5.4. */
  metadata: Record<string, unknown>
}

/**
 * One wire format. All three throw `UpstreamError`, and only that, for whatever the provider does wrong. Models are
 * always asked for a stream: one that writes for ten minutes would be silent all that time otherwise, and no idle
 * timeout could tell it from a dead one.
 */
export interface LlmAdapter {
  streamChat(request: ChatRequest): AsyncIterable<ChatChunk>
  listModels(server: ModelServer, signal: AbortSignal): Promise<ListedModel[]>
  /** Proves what listing models does not: an Ollama server's version, that a key is good where the list is public. */
  checkServer(server: ModelServer, signal: AbortSignal): Promise<{ version?: string }>
}
