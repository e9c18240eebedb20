import type { Deps } from '../../deps.ts'
import { type JsonObject, stringAt } from '../../shared/json-fields.ts'
import type { ServerAccess } from '../../shared/model-server/server-access.ts'
import { sleep } from '../../shared/sleep.ts'
import { withDeadline } from '../../shared/with-deadline.ts'
import { toFullName } from './model-name.ts'

type FindDeps = Pick<Deps, 'ollama'>

interface Wanted {
  name: string
  signal: AbortSignal
}

const callSeconds = 30

/** Before each look at the list, in seconds: at first often, then patiently, about two and a half minutes in all. */
const patientDelays = [0, 1, 1, 2, 3, ...Array(6).fill(5), ...Array(6).fill(10), ...Array(3).fill(20)]
export const shortDelays = patientDelays.slice(0, 5)

/**
 * The list entry of a model with exactly this name and tag (work.md 6, row 22); an empty one when the list spells it
 * otherwise and the server knows it all the same. Undefined when it is not there. Throws `UpstreamError`.
 */
const findInstalledModel = async (
  { ollama }: FindDeps,
  server: ServerAccess,
  { name, signal }: Wanted,
): Promise<JsonObject | undefined> => {
  const fullName = toFullName(name)
  const isNamed = (text: string | undefined) => text !== undefined && toFullName(text) === fullName
  return withDeadline(callSeconds, async (deadline) => {
    const either = AbortSignal.any([signal, deadline])
    const models = await ollama.listModels(server, either)
    const listed = models.find((model) => isNamed(stringAt(model, 'name')) || isNamed(stringAt(model, 'model')))
    return listed ?? ((await ollama.hasModel(server, name, either)) ? {} : undefined)
  })
}

/** Looks until the server shows the model that it has pulled. Undefined when it never does. */
export const awaitInstalledModel = async (
  deps: FindDeps,
  server: ServerAccess,
  wanted: Wanted,
  delays: number[] = patientDelays,
): Promise<JsonObject | undefined> => {
  for (const seconds of delays) {
    await sleep(seconds * 1000, wanted.signal)
    const model = await findInstalledModel(deps, server, wanted)
    if (model) return model
  }
  return undefined
}
