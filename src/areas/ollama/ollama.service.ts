import type { Deps } from '../../deps.ts'
import type { JsonObject } from '../../shared/json-fields.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { withDeadline } from '../../shared/with-deadline.ts'
import type { DeleteModel, ServerQuery } from './ollama.schema.ts'
import { readModelName, readServerBase, toServerAccess } from './server-input.ts'
import { withHttpErrors } from './upstream-answer.ts'

type OllamaDeps = Pick<Deps, 'db' | 'secretBox' | 'log' | 'ollama'>

const testSeconds = 5
const listSeconds = 10
const deleteSeconds = 30

/** One call: given up after a time, and when the client goes away. */
const ask = <T>(seconds: number, request: Request, call: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withHttpErrors(withDeadline(seconds, (deadline) => call(AbortSignal.any([request.signal, deadline]))))

/** Proves that there is a server. Only the key that was sent is tried: it is what the client's form shows. */
export const testServer = async ({ ollama }: OllamaDeps, query: ServerQuery, request: Request) => {
  const server: ServerAccess = { baseUrl: readServerBase(query.server_url), apiKey: query.api_key ?? undefined }
  const version = await ask(testSeconds, request, (signal) => ollama.readVersion(server, signal))
  return { status: 'success' as const, version }
}

/** The models of a server, as Ollama lists them. */
export const listModels = async (deps: OllamaDeps, userId: string, query: ServerQuery, request: Request) => {
  const server = toServerAccess(deps, userId, readServerBase(query.server_url), query.api_key)
  return ask(listSeconds, request, (signal) => deps.ollama.listModels(server, signal))
}

/** As JSON texts, which are made as they are asked for. */
export function* modelTexts(models: JsonObject[]): Generator<string> {
  for (const model of models) yield JSON.stringify(model)
}

/** Deletes a model from a server. Jobs that installed it stay as they are. */
export const deleteModel = async (deps: OllamaDeps, userId: string, body: DeleteModel, request: Request) => {
  const server = toServerAccess(deps, userId, readServerBase(body.server_url), body.api_key)
  const name = readModelName(body.name)
  const data = await ask(deleteSeconds, request, (signal) => deps.ollama.deleteModel(server, name, signal))
  return { status: 'success' as const, data }
}
