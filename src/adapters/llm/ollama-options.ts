import { numberAt } from '../../shared/json-fields.ts'
import { pickNumbers, pickStops, type SamplingParams } from './sampling-params.ts'

const SAME_NAME = ['temperature', 'top_p', 'top_k', 'seed', 'min_p'] as const
const RENAMED = { context_window: 'num_ctx', max_tokens: 'num_predict' } as const

/** Ollama has one penalty instead of two: 1 is neutral, 2 the strongest that is useful. */
const toRepeatPenalty = (params: SamplingParams): number | undefined => {
  const frequency = Math.abs(numberAt(params, 'frequency_penalty') ?? 0)
  const presence = Math.abs(numberAt(params, 'presence_penalty') ?? 0)
  const strongest = Math.max(frequency, presence)
  return strongest === 0 ? undefined : Math.min(1 + strongest / 2, 2)
}

/** The `options` of Ollama's `/api/chat` (ai.md 2.4); parameters that it does not know are left out. */
export const toOllamaOptions = (params: SamplingParams): Record<string, unknown> => {
  const options: Record<string, unknown> = pickNumbers(params, SAME_NAME)
  for (const [from, to] of Object.entries(RENAMED)) {
    const value = numberAt(params, from)
    if (value !== undefined) options[to] = value
  }
  const repeatPenalty = toRepeatPenalty(params)
  if (repeatPenalty !== undefined) options.repeat_penalty = repeatPenalty
  const stop = pickStops(params)
  if (stop.length > 0) options.stop = stop
  return options
}
