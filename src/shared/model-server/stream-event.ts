import { isJsonObject, parseJson, type JsonObject } from '../json-fields.ts'
import { brokenJson } from './protocol-errors.ts'
import { throwInBandError } from './provider-error.ts'
import type { ServerAccess } from './server-access.ts'

/** One step of a stream, parsed. Throws `UpstreamError`: `protocol` unless it is a JSON object, `in_band` when it is an error. */
export const parseStreamEvent = (text: string, server: ServerAccess): JsonObject => {
  const event = parseJson(text)
  if (!isJsonObject(event)) throw brokenJson()
  throwInBandError(event, server)
  return event
}
