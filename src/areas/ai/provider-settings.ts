import type { ModelServer } from '../../adapters/llm/types.ts'
import type { Deps } from '../../deps.ts'
import { listOllamaServers, type OllamaServer } from '../ollama/ollama-servers.service.ts'
import { findUserSettingValue } from '../settings/settings.service.ts'
import { noApiKey, noServer, noServerAddress } from './ai.errors.ts'
import type { ProviderInfo } from './provider-catalog.ts'

export type SettingsDeps = Pick<Deps, 'db' | 'secretBox' | 'log' | 'config'>

export interface ResolvedServer {
  server: ModelServer
  serverId: string
  serverName: string
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** A trimmed text, or an empty one for anything else. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

export interface KeySetting {
  apiKey: string | undefined
  baseUrl: string | undefined
  isEnabled: boolean
  origin: 'settings' | 'env' | undefined
}

/** A key provider's setting: the user's own key, else the environment's (ai.md 1.2). */
export const readKeySetting = (deps: SettingsDeps, userId: string, provider: ProviderInfo): KeySetting => {
  const value = findUserSettingValue(deps, userId, provider.settingsId)
  const stored = asRecord(value)
  const ownKey = typeof value === 'string' ? value.trim() : asText(stored['api_key']) || asText(stored['apiKey'])
  // Only OpenAI's address is the user's to choose: that is how other compatible servers are reached (ai.md 1.1).
  const ownUrl = provider.id === 'openai' ? asText(stored['base_url']) || asText(stored['baseUrl']) : ''
  const isEnabled = stored['enabled'] !== false
  const baseUrl = ownUrl === '' ? undefined : ownUrl.replace(/\/+$/, '')
  if (ownKey !== '') return { apiKey: ownKey, baseUrl, isEnabled, origin: 'settings' }
  // The operator's key goes to the operator's address only, never to one that a user typed in.
  if (baseUrl) return { apiKey: undefined, baseUrl, isEnabled, origin: 'settings' }
  const environmentKey = provider.environmentKey(deps.config)
  return { apiKey: environmentKey, baseUrl: undefined, isEnabled, origin: environmentKey ? 'env' : undefined }
}

/** Servers that need no key are known by their address: one that is not the provider's own (vLLM, llama.cpp, LM Studio). */
const needsKey = (deps: SettingsDeps, provider: ProviderInfo, setting: KeySetting) =>
  provider.id !== 'openai' || (!setting.baseUrl && new URL(provider.baseUrl(deps.config)).hostname === 'api.openai.com')

export const resolveKeyProvider = (deps: SettingsDeps, userId: string, provider: ProviderInfo): ResolvedServer => {
  const setting = readKeySetting(deps, userId, provider)
  if (!setting.apiKey && needsKey(deps, provider, setting)) throw noApiKey(provider.label)
  const baseUrl = setting.baseUrl ?? provider.baseUrl(deps.config)
  return {
    server: { provider: provider.id, baseUrl, apiKey: setting.apiKey },
    serverId: provider.defaultServerId ?? '',
    serverName: provider.serverName,
  }
}

export const toModelServer = (entry: OllamaServer): ModelServer => ({
  provider: 'ollama',
  baseUrl: entry.serverAddress,
  apiKey: entry.apiKey || undefined,
})

interface ServerChoice {
  serverId: string
  /** `conversation.server`, for a client that lost the id (ai.md 1.2). */
  serverName?: string | null
}

const resolveOllama = (deps: SettingsDeps, userId: string, { serverId, serverName }: ServerChoice): ResolvedServer => {
  const servers = listOllamaServers(deps, userId)
  const found =
    servers.find((server) => server.id === serverId) ??
    servers.find((server) => server.serverName === serverName) ??
    (servers.length === 1 ? servers[0] : undefined)
  if (!found) {
    const names = servers.map((server) => `${server.serverName} (${server.id})`).join(', ')
    throw noServer(names ? `Ollama server not found. Available: ${names}` : 'No Ollama server is configured')
  }
  if (!found.serverAddress) throw noServerAddress(found.serverName)
  return { server: toModelServer(found), serverId: found.id, serverName: found.serverName }
}

/** Address and key for one request of one user. Nothing is kept between requests: a changed key counts at once. */
export const resolveServer = (
  deps: SettingsDeps,
  userId: string,
  provider: ProviderInfo,
  choice: ServerChoice,
): ResolvedServer =>
  provider.id === 'ollama' ? resolveOllama(deps, userId, choice) : resolveKeyProvider(deps, userId, provider)
