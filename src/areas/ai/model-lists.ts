import type { ListedModel, ModelServer } from '../../adapters/llm/types.ts'
import type { Deps } from '../../deps.ts'
import { createBoundedMap } from '../../shared/bounded-map.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { withDeadline } from '../../shared/with-deadline.ts'

export interface ModelLists {
  /** A server's models, within `MODEL_LIST_TIMEOUT`. Throws `UpstreamError`. */
  load(server: ModelServer): Promise<ListedModel[]>
  /** As `load`, but a server that was dead a moment ago is not asked again: it must not delay the others. */
  loadUnlessDown(server: ModelServer): Promise<ListedModel[]>
  /** The id of a model that the client knows by its display name (ai.md 2.1). */
  findModelId(server: ModelServer, name: string, signal: AbortSignal): Promise<string>
}

const downForMs = 30_000
const maxServers = 1_000

/** Lists differ by key: what one user's key shows is never another's. */
const keyOf = ({ provider, baseUrl, apiKey }: ModelServer) => `${provider}\n${baseUrl}\n${Bun.hash(apiKey ?? '')}`

const isDead = (error: unknown) =>
  error instanceof UpstreamError && (error.kind === 'unreachable' || error.kind === 'timeout')

/** Remembers for a while which servers are dead and what their models are called. */
export const createModelLists = ({ llm, clock, config }: Pick<Deps, 'llm' | 'clock' | 'config'>): ModelLists => {
  const downSince = createBoundedMap<string, number>(maxServers)
  const idsByName = createBoundedMap<string, Map<string, string>>(maxServers)

  const load = async (server: ModelServer, signal?: AbortSignal): Promise<ListedModel[]> => {
    const key = keyOf(server)
    try {
      const models = await withDeadline(config.modelListSeconds, (deadline) =>
        llm(server.provider).listModels(server, signal ? AbortSignal.any([signal, deadline]) : deadline),
      )
      downSince.delete(key)
      idsByName.set(key, new Map(models.map(({ name, id }) => [name, id])))
      return models
    } catch (error) {
      if (isDead(error)) downSince.set(key, clock())
      throw error
    }
  }
  return {
    load: (server) => load(server),
    async loadUnlessDown(server) {
      const since = downSince.get(keyOf(server))
      const agoMs = since === undefined ? Number.POSITIVE_INFINITY : clock() - since
      if (agoMs >= downForMs) return load(server)
      throw new UpstreamError(
        'unreachable',
        `Not reachable ${Math.round(agoMs / 1000)} s ago; it is asked again after ${downForMs / 1000} s`,
      )
    },
    async findModelId(server, name, signal) {
      const known = idsByName.get(keyOf(server))?.get(name)
      if (known !== undefined) return known
      // Only Anthropic's display names differ from its ids, and an id has no spaces.
      if (server.provider !== 'claude' || !name.includes(' ') || signal.aborted) return name
      const models = await load(server, signal)
      return models.find((model) => model.name === name)?.id ?? name
    },
  }
}
