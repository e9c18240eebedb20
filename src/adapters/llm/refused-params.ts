import { UpstreamError } from '../../shared/upstream-error.ts'
import type { SamplingParams } from './sampling-params.ts'

const REFUSAL = /unsupported|not support|deprecated|cannot both|not permitted|not allowed|unrecognized|unknown/i

const positionIn = (text: string, name: string) => text.search(new RegExp(`\\b${name}\\b`))

/** The last one named, so that "`temperature` and `top_p` cannot both be specified" costs `top_p`. */
const findRefused = (params: SamplingParams, message: string): string | undefined => {
  const named = Object.keys(params).filter((name) => positionIn(message, name) >= 0)
  return named.toSorted((a, b) => positionIn(message, b) - positionIn(message, a))[0]
}

const withoutRefused = (params: SamplingParams, error: unknown): SamplingParams | undefined => {
  if (!(error instanceof UpstreamError) || error.kind !== 'status') return undefined
  if ((error.status !== 400 && error.status !== 422) || !REFUSAL.test(error.message)) return undefined
  const refused = findRefused(params, error.message)
  if (!refused) return undefined
  const { [refused]: value, ...rest } = params
  const isRenamed = refused === 'max_tokens' && error.message.includes('max_completion_tokens')
  return isRenamed ? { ...rest, max_completion_tokens: value } : rest
}

/**
 * Sends a request with its optional parameters, and again without each one that the model does not take.
 * Clients put the same `temperature`, `top_p` and `max_tokens` into every request, while OpenAI's reasoning models and
 * newer Claude models refuse them with a 400 that names the parameter; lists of such models would age, the answer does not.
 * Ends after at most one try per parameter (and one for the rename). Throws what `send` throws.
 */
export const sendWithoutRefused = async (
  send: (params: SamplingParams) => Promise<Response>,
  params: SamplingParams,
): Promise<Response> => {
  let accepted = params
  for (;;) {
    try {
      return await send(accepted)
    } catch (error) {
      const fewer = withoutRefused(accepted, error)
      if (!fewer) throw error
      accepted = fewer
    }
  }
}
