import type { GuardedFetch } from '../web/types.ts'
import { bearerHeaders, getJson } from './call-provider.ts'
import { stringAt } from './json-fields.ts'
import { unexpectedJson } from './protocol-errors.ts'
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
