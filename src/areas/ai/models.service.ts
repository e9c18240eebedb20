import type { ListedModel, ModelServer } from '../../adapters/llm/types.ts'
import type { Deps, SignedInUser } from '../../deps.ts'
import { isSameId } from '../../shared/ids.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { withDeadline } from '../../shared/with-deadline.ts'
import { listOllamaServers } from '../ollama/ollama-servers.service.ts'
import * as errors from './ai.errors.ts'
import type { AllModels, CatalogEntry, ModelsQuery, ServerModel, Validate, Validation } from './models.schema.ts'
import { getProvider, type ProviderInfo, providers } from './provider-catalog.ts'
import {
  asText,
  readKeySetting,
  resolveKeyProvider,
  resolveServer,
  type SettingsDeps,
  toModelServer,
} from './provider-settings.ts'
import { toHttpError } from './replies.ts'

type ModelDeps = SettingsDeps & Pick<Deps, 'modelLists' | 'llm'>

/** Queries may name a user, but only the one who asks. */
export const assertSelf = (user: SignedInUser, userId: string | undefined) => {
  if (userId && userId !== 'current' && !isSameId(userId, user.id)) throw errors.foreignUser()
}

const toCatalogEntry = (deps: SettingsDeps, userId: string, provider: ProviderInfo): CatalogEntry => {
  const common = { id: provider.id, label: provider.label, settings_id: provider.settingsId }
  if (provider.id === 'ollama') {
    const count = listOllamaServers(deps, userId).length
    return {
      ...common,
      server_strategy: 'settings_servers',
      default_server_id: null,
      configured: count > 0,
      configured_via: count > 0 ? 'settings' : null,
      enabled: true,
      server_count: count,
    }
  }
  const { origin, isEnabled } = readKeySetting(deps, userId, provider)
  return {
    ...common,
    server_strategy: 'single',
    default_server_id: provider.defaultServerId ?? null,
    configured: origin !== undefined,
    configured_via: origin ?? null,
    enabled: isEnabled,
    server_count: origin === undefined ? 0 : 1,
  }
}

export const listCatalog = (deps: SettingsDeps, userId: string): CatalogEntry[] =>
  providers.map((provider) => toCatalogEntry(deps, userId, provider))

const toModel = (provider: ProviderInfo, { id, name, metadata }: ListedModel) => ({
  id,
  name,
  provider: provider.id,
  metadata,
})

/** Models of one server. Throws 502 when it does not answer properly. */
export const listModels = async (deps: ModelDeps, user: SignedInUser, query: ModelsQuery) => {
  assertSelf(user, query.user_id)
  const provider = getProvider(query.provider)
  const { server } = resolveServer(deps, user.id, provider, { serverId: query.server_id })
  try {
    return (await deps.modelLists.load(server)).map((model) => toModel(provider, model))
  } catch (error) {
    throw error instanceof UpstreamError ? toHttpError(error) : error
  }
}

interface Place {
  provider: ProviderInfo
  server: ModelServer
  serverId: string
  serverName: string
}

/** Every server of a user that could have models, in the order of ai.md 5.5: key providers first, then Ollama as stored. */
const listPlaces = (deps: SettingsDeps, userId: string): Place[] => {
  const [ollama, ...keyed] = (['ollama', 'openai', 'openrouter', 'claude', 'groq'] as const).map(getProvider) as [
    ProviderInfo,
    ...ProviderInfo[],
  ]
  const usable = keyed.filter((provider) => {
    const { origin, isEnabled } = readKeySetting(deps, userId, provider)
    return isEnabled && (origin !== undefined || isOpenServer(deps, provider))
  })
  return [
    ...usable.map((provider) => ({ provider, ...resolveKeyProvider(deps, userId, provider) })),
    ...listOllamaServers(deps, userId).map((entry) => ({
      provider: ollama,
      server: toModelServer(entry),
      serverId: entry.id,
      serverName: entry.serverName,
    })),
  ]
}

/** An OpenAI-compatible server that the operator named needs no key. */
const isOpenServer = ({ config }: SettingsDeps, provider: ProviderInfo) =>
  provider.id === 'openai' && new URL(provider.baseUrl(config)).hostname !== 'api.openai.com'

const askPlace = async (
  deps: ModelDeps,
  { provider, server, serverId, serverName }: Place,
): Promise<ServerModel[] | string> => {
  const where = provider.id === 'ollama' ? `ollama server ${serverName}` : provider.label
  if (server.baseUrl === '') return `Failed to load models from ${where}: it has no address`
  try {
    const models = await deps.modelLists.loadUnlessDown(server)
    return models.map((model) => ({ ...toModel(provider, model), server_id: serverId, server_name: serverName }))
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return `Failed to load models from ${where}: ${error.message}`
  }
}

/** All servers are asked at once; one that fails costs an entry in `errors`, not the list. */
export const listAllModels = async (deps: ModelDeps, user: SignedInUser): Promise<AllModels> => {
  const answers = await Promise.all(listPlaces(deps, user.id).map((place) => askPlace(deps, place)))
  const models = answers.flatMap((answer) => (typeof answer === 'string' ? [] : answer))
  const failures = answers.filter((answer) => typeof answer === 'string')
  const successful = answers.length - failures.length
  return {
    models,
    total_count: models.length,
    successful_providers: successful,
    errors: failures,
    summary: {
      total_providers_checked: providers.length,
      successful_providers: successful,
      failed_providers: failures.length,
      total_models: models.length,
    },
  }
}

const toTestedServer = (deps: SettingsDeps, provider: ProviderInfo, { config }: Validate): ModelServer => {
  const urlName = { ollama: 'server_url', openai: 'base_url' }[provider.id as string] ?? ''
  const given = asText(config[urlName]) || provider.baseUrl(deps.config)
  return { provider: provider.id, baseUrl: given.replace(/\/+$/, ''), apiKey: asText(config['api_key']) || undefined }
}

/** Whether address and key work, by really asking the provider. Failures are answers, too. Throws only for an unknown provider. */
export const validateProvider = async (deps: ModelDeps, body: Validate): Promise<Validation> => {
  const provider = getProvider(body.provider)
  const server = toTestedServer(deps, provider, body)
  try {
    const details = await withDeadline(deps.config.modelListSeconds, (deadline) =>
      deps.llm(provider.id).checkServer(server, deadline),
    )
    const models = await deps.modelLists.load(server)
    return {
      status: 'success',
      valid: true,
      provider: provider.id,
      message: `Connected to ${provider.label}`,
      models_count: models.length,
      ...details,
    }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return { status: 'error', valid: false, provider: provider.id, message: error.message }
  }
}
