import type { GuardedFetch } from '../web/types.ts'
import { bearerHeaders, getJson } from '../../shared/model-server/call-model-server.ts'
import { stringAt } from '../../shared/json-fields.ts'
import { unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import type { ModelServer } from './types.ts'

/**
 * Asks an Ollama server for its version, e.g. `0.12.3` (`GET /api/version`): the cheapest proof that it is one (ai.md 5.3).
 * Throws `UpstreamError`.
 */
export const fetchOllamaVersion = async (
  fetch: GuardedFetch,
  server: ModelServer,
  signal: AbortSignal,
): Promise<string> => {
  const json = await getJson(fetch, { server, path: '/api/version', headers: bearerHeaders(server), signal })
  const version = stringAt(json, 'version')
  if (!version) throw unexpectedJson()
  return version.slice(0, 100)
}
