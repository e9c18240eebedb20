import { createParser } from 'eventsource-parser'
import { parseJson } from '../../shared/json-fields.ts'
import { STREAM_LINE_LIMIT } from '../../shared/model-server/limits.ts'
import { lineTooLong } from '../../shared/model-server/protocol-errors.ts'

/** Data of the event that ends an OpenAI-style stream. */
export const DONE = '[DONE]'

const createBuffer = () => {
  const events: string[] = []
  let overflow = false
  const parser = createParser({
    maxBufferSize: STREAM_LINE_LIMIT,
    onEvent: ({ data }) => {
      // The parser's own limit counts only what it holds back between two calls.
      if (data.length > STREAM_LINE_LIMIT) overflow = true
      else events.push(data)
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') overflow = true
    },
  })
  const feed = (text: string): string[] => {
    parser.feed(text)
    if (overflow) throw lineTooLong()
    return events.splice(0)
  }
  return { feed }
}

/**
 * The `data` of each server-sent event, wherever the stream was cut (WHATWG HTML, "Server-sent events"). Comments,
 * names and ids are dropped, since all providers repeat the name inside the data. The standard drops a last event
 * without its blank line; here it counts when it is complete, since some compatible servers end with a bare `[DONE]`.
 * Throws `UpstreamError` `protocol` for an event past the line limit, without waiting for its end.
 */
export async function* sseEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  const buffer = createBuffer()
  for await (const piece of pieces) yield* buffer.feed(decoder.decode(piece, { stream: true }))
  for (const data of buffer.feed(`${decoder.decode()}\n\n`)) {
    if (data === DONE || parseJson(data) !== undefined) yield data
  }
}
