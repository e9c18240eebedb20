import type { TokenUsage } from '../../adapters/llm/types.ts'

/** Token counts under the names that clients know (ai.md 2.5). */
export const toWireUsage = ({ promptTokens, completionTokens }: TokenUsage) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
})
