import type { GuardedFetch } from '../web/types.ts'
import { createAnthropicAdapter } from './anthropic.ts'
import { createOllamaAdapter } from './ollama.ts'
import { createOpenAiAdapter } from './openai.ts'
import type { LlmAdapter, ProviderId } from './types.ts'

/** Which wire format each provider speaks. Adapters hold no state, so one set serves all users. */
export const createLlm = (fetch: GuardedFetch): ((provider: ProviderId) => LlmAdapter) => {
  const openAi = createOpenAiAdapter(fetch)
  const adapters: Record<ProviderId, LlmAdapter> = {
    ollama: createOllamaAdapter(fetch),
    openai: openAi,
    claude: createAnthropicAdapter(fetch),
    groq: openAi,
    openrouter: openAi,
  }
  return (provider) => adapters[provider]
}
