import type { Deps } from '../../deps.ts'
import type { JsonObject } from '../../shared/json-fields.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { createPerKeyLimit } from '../../shared/per-key-limit.ts'
import { withDeadline } from '../../shared/with-deadline.ts'
import { tooManyCalls } from './ollama.errors.ts'
import type { DeleteModel, ServerQuery } from './ollama.schema.ts'
import { readModelName, readServerBase, toServerAccess } from './server-input.ts'
import { withHttpErrors } from './upstream-answer.ts'

type OllamaDeps = Pick<Deps, 'db' | 'secretBox' | 'log' | 'ollama'>

const testSeconds = 5
const listSeconds = 10
const deleteSeconds = 30

/** The Ollama page asks each second after an installation, and a list may take ten. */
const callsPerUser = 16
/** Servers that hang must not take the places that everybody else's requests need. */
const limitUser = createPerKeyLimit(callsPerUser, tooManyCalls)

interface Caller {
  userId: string
  request: Request
}

/** One call: given up after a time, and when the client goes away. Throws 429 when the user has too many under way. */
const ask = <T>(seconds: number, { userId, request }: Caller, call: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  limitUser(userId, () =>
    withHttpErrors(withDeadline(seconds, (deadline) => call(AbortSignal.any([request.signal, deadline])))),
  )

/** Proves that there is a server. Only the key that was sent is tried: it is what the client's form shows. */
export const testServer = async ({ ollama }: OllamaDeps, caller: Caller, query: ServerQuery) => {
  const server: ServerAccess = { baseUrl: readServerBase(query.server_url), apiKey: query.api_key ?? undefined }
  const version = await ask(testSeconds, caller, (signal) => ollama.readVersion(server, signal))
  return { status: 'success' as const, version }
}

/** The models of a server, as Ollama lists them. */
export const listModels = async (deps: OllamaDeps, caller: Caller, query: ServerQuery) => {
  const server = toServerAccess(deps, caller.userId, readServerBase(query.server_url), query.api_key)
  return ask(listSeconds, caller, (signal) => deps.ollama.listModels(server, signal))
}

/** As JSON texts, which are made as they are asked for. */
export function* modelTexts(models: JsonObject[]): Generator<string> {
  for (const model of models) yield JSON.stringify(model)
}

/** Deletes a model from a server. Jobs that installed it stay as they are. */
export const deleteModel = async (deps: OllamaDeps, caller: Caller, body: DeleteModel) => {
  const server = toServerAccess(deps, caller.userId, readServerBase(body.server_url), body.api_key)
  const name = readModelName(body.name)
  const data = await ask(deleteSeconds, caller, (signal) => deps.ollama.deleteModel(server, name, signal))
  return { status: 'success' as const, data }
}
