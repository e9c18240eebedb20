import { numberAt } from '../../shared/json-fields.ts'
import { pickNumbers, pickStops, type SamplingParams } from './sampling-params.ts'
import type { ChatMessage } from './types.ts'

const DEFAULT_MAX_TOKENS = 4096
const PARAGRAPH = '\n\n'
/** Stands in for the user's turn before a reply that opens the conversation, such as a persona's greeting. */
const OPENING_TURN = '(The conversation begins.)'

interface AnthropicTurn {
  role: 'user' | 'assistant'
  content: string
}

/** `max_tokens` is the one parameter that the API requires. */
const toMaxTokens = (params: SamplingParams): number => {
  const wanted = Math.trunc(numberAt(params, 'max_tokens') ?? 0)
  return wanted > 0 ? wanted : DEFAULT_MAX_TOKENS
}

const mergeTurns = (messages: ChatMessage[]): AnthropicTurn[] => {
  const turns: AnthropicTurn[] = []
  for (const { role, content } of messages) {
    if (role === 'system') continue
    const previous = turns.at(-1)
    if (previous?.role === role) previous.content += PARAGRAPH + content
    else turns.push({ role, content })
  }
  return turns
}

/**
 * Messages in the shape that the Messages API takes: `system` apart, no blank content, user and assistant in turns, a
 * user first. `system` is absent when there is none (ai.md 2.4, with its fixes).
 */
export const toAnthropicMessages = (messages: ChatMessage[]): { system?: string; messages: AnthropicTurn[] } => {
  const spoken = messages.filter(({ content }) => content.trim() !== '')
  const system = spoken.filter(({ role }) => role === 'system').map(({ content }) => content)
  const turns = mergeTurns(spoken)
  if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: OPENING_TURN })
  return { ...(system.length > 0 && { system: system.join(PARAGRAPH) }), messages: turns }
}

/** `required` always goes; a model may refuse any of `optional`. Only given sampling keys are sent, zero included. */
export const toAnthropicParams = (params: SamplingParams): { required: SamplingParams; optional: SamplingParams } => {
  const optional: SamplingParams = pickNumbers(params, ['temperature', 'top_p', 'top_k'])
  const temperature = numberAt(optional, 'temperature')
  // Clients offer OpenAI's range of 0 to 2.
  if (temperature !== undefined) optional.temperature = Math.min(Math.max(temperature, 0), 1)
  const stops = pickStops(params)
  if (stops.length > 0) optional.stop_sequences = stops
  return { required: { max_tokens: toMaxTokens(params) }, optional }
}
