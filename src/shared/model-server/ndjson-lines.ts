import { parseJson } from '../json-fields.ts'
import { STREAM_LINE_LIMIT } from './limits.ts'
import { lineTooLong } from './protocol-errors.ts'

/**
 * Lines of a newline-delimited JSON stream, wherever it was cut (inside a character too); blank lines are left out.
 * A last line without newline counts only when it is complete JSON: half a line means that the stream ended early.
 * Throws `UpstreamError` `protocol` for a line past the limit, without waiting for its end.
 */
export async function* ndjsonLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const piece of pieces) {
    const parts = decoder.decode(piece, { stream: true }).split('\n')
    const last = parts.length - 1
    for (const [index, part] of parts.entries()) {
      pending += part
      if (pending.length > STREAM_LINE_LIMIT) throw lineTooLong()
      if (index === last) break
      if (pending.trim()) yield pending
      pending = ''
    }
  }
  pending += decoder.decode()
  if (parseJson(pending) !== undefined) yield pending
}
