import { UpstreamError } from '../../shared/upstream-error.ts'
import { lastChunk } from './last-chunk.ts'
import { toFinishReason } from './finish-reason.ts'
import { isJsonObject, numberAt, stringAt, valueAt } from '../../shared/json-fields.ts'
import { STREAM_LIMIT_BYTES } from '../../shared/model-server/limits.ts'
import { endedEarly, unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { throwInBandError } from '../../shared/model-server/provider-error.ts'
import { readBytes, readJson } from '../../shared/model-server/response-body.ts'
import { DONE, sseEvents } from './sse-events.ts'
import { parseStreamEvent } from '../../shared/model-server/stream-event.ts'
import type { ChatChunk, ModelServer, TokenUsage } from './types.ts'

/** OpenAI's place for the counts, then Groq's. */
const toUsage = (event: unknown): TokenUsage | undefined => {
  const counts = valueAt(event, 'usage') ?? valueAt(event, 'x_groq', 'usage')
  const promptTokens = numberAt(counts, 'prompt_tokens')
  const completionTokens = numberAt(counts, 'completion_tokens')
  if (promptTokens === undefined || completionTokens === undefined) return undefined
  return { promptTokens, completionTokens }
}

/** OpenRouter reports a failure at the far provider in the choice as well as, usually, at the top. */
const throwChoiceError = (json: unknown, server: ModelServer) => {
  throwInBandError(valueAt(json, 'choices', 0), server)
  if (stringAt(json, 'choices', 0, 'finish_reason') === 'error') {
    throw new UpstreamError('in_band', 'The model server reported an error without an explanation')
  }
}

async function* readEvents(response: Response, server: ModelServer, signal: AbortSignal) {
  let finishReason: string | undefined
  let usage: TokenUsage | undefined
  for await (const data of sseEvents(readBytes(response, STREAM_LIMIT_BYTES, signal))) {
    if (data === DONE) {
      yield lastChunk('', toFinishReason(finishReason), usage)
      return
    }
    const event = parseStreamEvent(data, server)
    throwChoiceError(event, server)
    const text = stringAt(event, 'choices', 0, 'delta', 'content')
    if (text) yield { text, finishReason: null }
    finishReason = stringAt(event, 'choices', 0, 'finish_reason') || finishReason
    usage = toUsage(event) ?? usage
  }
  if (finishReason === undefined) throw endedEarly()
  yield lastChunk('', toFinishReason(finishReason), usage)
}

const readCompletion = async (response: Response, server: ModelServer, signal: AbortSignal): Promise<ChatChunk> => {
  const json = await readJson(response, signal)
  throwInBandError(json, server)
  throwChoiceError(json, server)
  const message = valueAt(json, 'choices', 0, 'message')
  if (!isJsonObject(message)) throw unexpectedJson()
  const finishReason = toFinishReason(stringAt(json, 'choices', 0, 'finish_reason'))
  return lastChunk(stringAt(message, 'content') ?? '', finishReason, toUsage(json))
}

/**
 * Reads the answer to a streamed chat completion (OpenAI API reference, "Chat completion chunk object"). Gateways that
 * cannot stream answer with one JSON completion, or with a JSON error and status 200: both are understood.
 * Throws `UpstreamError`; text before the error has been yielded by then.
 */
export async function* readOpenAiReply(
  response: Response,
  server: ModelServer,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk, void, undefined> {
  const isJson = /^\s*application\/json/i.test(response.headers.get('content-type') ?? '')
  if (isJson) yield await readCompletion(response, server, signal)
  else yield* readEvents(response, server, signal)
}
