import type { GuardedFetch } from '../web/types.ts'
import { getJson } from '../../shared/model-server/call-model-server.ts'
import { numberAt, stringAt, valueAt, type JsonObject } from '../../shared/json-fields.ts'
import { unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { throwInBandError } from '../../shared/model-server/provider-error.ts'
import type { ListedModel, ModelServer, ProviderId } from './types.ts'

const openAiMetadata = (entry: unknown): JsonObject => ({
  created: numberAt(entry, 'created') ?? null,
  owned_by: stringAt(entry, 'owned_by') ?? null,
})

const openRouterMetadata = (entry: unknown, id: string): JsonObject => ({
  created: numberAt(entry, 'created') ?? null,
  // OpenRouter names no owner; its ids are `owner/model`.
  owned_by: stringAt(entry, 'owned_by') ?? id.split('/')[0],
  context_length: numberAt(entry, 'context_length') ?? null,
  pricing: { prompt: stringAt(entry, 'pricing', 'prompt'), completion: stringAt(entry, 'pricing', 'completion') },
})

const groqMetadata = (entry: unknown, id: string): JsonObject => ({
  owned_by: stringAt(entry, 'owned_by') ?? 'groq',
  created_at: null,
  description: `Groq model: ${id}`,
})

const toMetadata = (provider: ProviderId, entry: unknown, id: string): JsonObject => {
  if (provider === 'openrouter') return openRouterMetadata(entry, id)
  return provider === 'groq' ? groqMetadata(entry, id) : openAiMetadata(entry)
}

/**
 * `GET /models` of OpenAI, Groq and OpenRouter, in the provider's order; the name is the id. Metadata as ai.md 5.4:
 * `created` in Unix seconds, `context_length` in tokens, `pricing` in dollars per token as text.
 * Throws `UpstreamError`; there is no canned list, which would hide a wrong key.
 */
export const listOpenAiModels = async (
  fetch: GuardedFetch,
  server: ModelServer,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<ListedModel[]> => {
  const json = await getJson(fetch, { server, path: '/models', headers, signal })
  throwInBandError(json, server)
  const entries = valueAt(json, 'data')
  if (!Array.isArray(entries)) throw unexpectedJson()
  return entries.flatMap((entry: unknown) => {
    const id = stringAt(entry, 'id')
    return id ? [{ id, name: id, metadata: toMetadata(server.provider, entry, id) }] : []
  })
}
