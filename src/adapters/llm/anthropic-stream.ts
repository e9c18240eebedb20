import { lastChunk } from './last-chunk.ts'
import { toFinishReason } from './finish-reason.ts'
import { numberAt, stringAt, type JsonObject } from '../../shared/json-fields.ts'
import { STREAM_LIMIT_BYTES } from '../../shared/model-server/limits.ts'
import { endedEarly } from '../../shared/model-server/protocol-errors.ts'
import { readBytes } from '../../shared/model-server/response-body.ts'
import { sseEvents } from './sse-events.ts'
import { parseStreamEvent } from '../../shared/model-server/stream-event.ts'
import type { ChatChunk, ModelServer, TokenUsage } from './types.ts'

/** The output count of `message_delta` is a running total, so the newest of each is right. */
const addUsage = (usage: TokenUsage | undefined, counts: { input?: number; output?: number }) => {
  const promptTokens = counts.input ?? usage?.promptTokens
  const completionTokens = counts.output ?? usage?.completionTokens
  if (promptTokens === undefined && completionTokens === undefined) return undefined
  return { promptTokens: promptTokens ?? 0, completionTokens: completionTokens ?? 0 }
}

const readCounts = (event: JsonObject): { input?: number; output?: number } => {
  const path = event.type === 'message_start' ? (['message', 'usage'] as const) : (['usage'] as const)
  const input = numberAt(event, ...path, 'input_tokens')
  const output = numberAt(event, ...path, 'output_tokens')
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) }
}

/**
 * Reads the event stream of the Messages API (Anthropic, "Streaming messages"): text deltas, then on `message_stop` the
 * reason and the counts. Pings, thinking and events yet unknown are skipped, as the documentation asks.
 * Throws `UpstreamError`; text before the error has been yielded by then.
 */
export async function* readAnthropicReply(
  response: Response,
  server: ModelServer,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk, void, undefined> {
  let stopReason: string | undefined
  let usage: TokenUsage | undefined
  for await (const data of sseEvents(readBytes(response, STREAM_LIMIT_BYTES, signal))) {
    const event = parseStreamEvent(data, server)
    if (event.type === 'message_stop') {
      yield lastChunk('', toFinishReason(stopReason), usage)
      return
    }
    const text = event.type === 'content_block_delta' ? stringAt(event, 'delta', 'text') : undefined
    if (text) yield { text, finishReason: null }
    stopReason = stringAt(event, 'delta', 'stop_reason') ?? stopReason
    usage = addUsage(usage, readCounts(event))
  }
  throw endedEarly()
}
