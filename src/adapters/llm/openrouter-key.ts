import type { GuardedFetch } from '../web/types.ts'
import { bearerHeaders, getJson } from '../../shared/model-server/call-model-server.ts'
import { unexpectedJson } from '../../shared/model-server/protocol-errors.ts'
import { valueAt } from '../../shared/json-fields.ts'
import type { ModelServer } from './types.ts'

/**
 * Resolves when OpenRouter knows the key (`GET /key`). Its model list is public, so listing models proves nothing.
 * Throws `UpstreamError`: `status` 401 for a wrong key.
 */
export const checkOpenRouterKey = async (
  fetch: GuardedFetch,
  server: ModelServer,
  signal: AbortSignal,
): Promise<void> => {
  const json = await getJson(fetch, { server, path: '/key', headers: bearerHeaders(server), signal })
  if (valueAt(json, 'data') === undefined) throw unexpectedJson()
}
