import { isJsonObject, stringAt } from '../../shared/json-fields.ts'
import { pickNumbers, pickStops, type SamplingParams } from './sampling-params.ts'
import type { ModelServer } from './types.ts'

const COMMON = ['temperature', 'top_p', 'max_tokens', 'frequency_penalty', 'presence_penalty', 'seed'] as const
/** OpenRouter's documented additions. */
const OPENROUTER = [...COMMON, 'top_k', 'min_p'] as const

/** All of these providers refuse a longer list. */
const MAX_STOPS = 4

const isOpenAiItself = ({ baseUrl }: ModelServer) => URL.parse(baseUrl)?.hostname === 'api.openai.com'

/**
 * Usage in a stream has to be asked for, and only where the key is surely known: OpenAI and OpenRouter document it.
 * Groq once refused it and reports usage without being asked; servers behind a custom base URL may refuse it too.
 */
const wantsStreamOptions = (server: ModelServer) => server.provider === 'openrouter' || isOpenAiItself(server)

/** OpenAI deprecated `max_tokens` and its reasoning models refuse it; compatible servers often know only the old name. */
const renameMaxTokens = ({ max_tokens: value, ...rest }: SamplingParams): SamplingParams =>
  value === undefined ? rest : { ...rest, max_completion_tokens: value }

/**
 * What may be sent besides `model`, `messages` and `stream` (ai.md 2.4, with its fixes): numbers of the allow-list, up to
 * four stop texts, `response_format` objects with a `type`. Everything else, such as `context_window`, is left out, since
 * these providers answer 400 to keys that they do not know.
 */
export const toOpenAiParams = (server: ModelServer, params: SamplingParams): SamplingParams => {
  const numbers = pickNumbers(params, server.provider === 'openrouter' ? OPENROUTER : COMMON)
  const picked: SamplingParams = isOpenAiItself(server) ? renameMaxTokens(numbers) : numbers
  const stop = pickStops(params).slice(0, MAX_STOPS)
  if (stop.length > 0) picked.stop = stop
  const format = params.response_format
  if (isJsonObject(format) && stringAt(format, 'type')) picked.response_format = format
  if (wantsStreamOptions(server)) picked.stream_options = { include_usage: true }
  return picked
}
