import { numberAt, stringAt, type JsonObject } from '../../shared/json-fields.ts'
import { PULL_LIMIT_BYTES } from '../../shared/model-server/limits.ts'
import { ndjsonLines } from '../../shared/model-server/ndjson-lines.ts'
import { withoutKeys } from '../../shared/model-server/provider-error.ts'
import { readBytes } from '../../shared/model-server/response-body.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { parseStreamEvent } from '../../shared/model-server/stream-event.ts'
import type { PullStep } from './types.ts'

const TEXT_LENGTH = 200

const bytesAt = (line: JsonObject, field: string): number | undefined => {
  const bytes = numberAt(line, field)
  return bytes !== undefined && bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined
}

const toStep = (line: JsonObject, server: ServerAccess): PullStep => {
  // Whole first: half a key would not be known as one.
  const textAt = (field: string) => {
    const text = stringAt(line, field)
    return text === undefined ? undefined : withoutKeys(text, server).slice(0, TEXT_LENGTH).toWellFormed()
  }
  return {
    status: textAt('status') ?? '',
    digest: textAt('digest'),
    total: bytesAt(line, 'total'),
    completed: bytesAt(line, 'completed'),
    isLast: line['status'] === 'success' || line['done'] === true,
  }
}

/** The lines of a pull up to its last one. Throws `UpstreamError`: `in_band` for a line that says what went wrong. */
export async function* readPull(
  response: Response,
  server: ServerAccess,
  signal: AbortSignal,
): AsyncGenerator<PullStep, void, undefined> {
  for await (const text of ndjsonLines(readBytes(response, PULL_LIMIT_BYTES, signal))) {
    const step = toStep(parseStreamEvent(text, server), server)
    yield step
    if (step.isLast) return
  }
}
