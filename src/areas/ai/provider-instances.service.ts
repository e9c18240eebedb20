import type { SignedInUser } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { listOllamaServers, type OllamaServer } from '../ollama/ollama-servers.service.ts'
import { deleteUserSetting, findUserSettingValue, saveUserSettingValue } from '../settings/settings.service.ts'
import { maskKeys } from '../settings/key-mask.ts'
import * as errors from './ai.errors.ts'
import type { ProviderInstance, SaveProviderInstance } from './provider-instances.schema.ts'
import { getProvider, type ProviderInfo, providers } from './provider-catalog.ts'
import { asText, type SettingsDeps } from './provider-settings.ts'

type InstanceDeps = SettingsDeps & Pick<Deps, 'clock'>

type Fields = Record<string, unknown>

const asFields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

const maskSecret = (text: string): string =>
  text.length > 12 ? `${text.slice(0, 4)}...${text.slice(-4)}` : text === '' ? '' : '***'

const toInstance = (provider: ProviderInfo, instanceId: string, name: string, config: Fields): ProviderInstance => ({
  id: `ai_provider_${provider.id}_${instanceId}`,
  provider: provider.id,
  instance_id: instanceId,
  name,
  config,
})

const fromOllamaServer = (provider: ProviderInfo, server: OllamaServer): ProviderInstance =>
  toInstance(provider, server.id, server.serverName, {
    server_url: server.serverAddress,
    api_key: maskSecret(server.apiKey),
  })

/** A key provider has one instance; its id and name are what they were saved with. */
const fromKeySetting = (provider: ProviderInfo, value: unknown): ProviderInstance => {
  const {
    instance_id: instanceId,
    instance_name: name,
    ...config
  } = asFields(maskKeys(provider.settingsId, typeof value === 'string' ? { api_key: value } : value))
  return toInstance(
    provider,
    typeof instanceId === 'string' ? instanceId : (provider.defaultServerId ?? ''),
    typeof name === 'string' ? name : provider.serverName,
    config,
  )
}

const listOfProvider = (deps: InstanceDeps, userId: string, provider: ProviderInfo): ProviderInstance[] => {
  if (provider.id === 'ollama')
    return listOllamaServers(deps, userId).map((server) => fromOllamaServer(provider, server))
  const value = findUserSettingValue(deps, userId, provider.settingsId)
  return value === undefined || value === null ? [] : [fromKeySetting(provider, value)]
}

/** The user's servers and keys: a view over the same settings as the settings API (contract decision 29). Keys are masked. */
export const listInstances = (deps: InstanceDeps, userId: string): ProviderInstance[] =>
  providers.flatMap((provider) => listOfProvider(deps, userId, provider))

const findInstance = (
  deps: InstanceDeps,
  userId: string,
  provider: ProviderInfo,
  instanceId: string,
): ProviderInstance | undefined =>
  listOfProvider(deps, userId, provider).find((instance) => instance.instance_id === instanceId)

const definitionOf = ({ settingsId, settingsName }: ProviderInfo) => ({ id: settingsId, name: settingsName })

const storedServers = (deps: InstanceDeps, userId: string): { value: Fields; servers: Fields[] } => {
  const value = asFields(findUserSettingValue(deps, userId, 'ollama_servers_settings'))
  const { servers } = value
  return { value, servers: Array.isArray(servers) ? servers.map(asFields) : [] }
}

const saveOllamaServer = (deps: InstanceDeps, userId: string, provider: ProviderInfo, body: SaveProviderInstance) => {
  const { value, servers } = storedServers(deps, userId)
  const existing = servers.find(({ id }) => id === body.instance_id) ?? {}
  const givenKey = asText(body.config['api_key'])
  const storedKey = asText(existing['apiKey'])
  if (looksMasked(givenKey) && givenKey !== maskSecret(storedKey)) throw errors.maskedKey()
  const server = {
    connectionStatus: 'idle',
    ...existing,
    id: body.instance_id,
    serverName: body.name,
    serverAddress: asText(body.config['server_url']) || asText(existing['serverAddress']),
    // Our own mask came back: the key stays.
    apiKey: 'api_key' in body.config && givenKey !== maskSecret(storedKey) ? givenKey : storedKey,
  }
  const isNew = existing['id'] === undefined
  const next = isNew ? [...servers, server] : servers.map((one) => (one['id'] === body.instance_id ? server : one))
  saveUserSettingValue(deps, userId, definitionOf(provider), { ...value, servers: next })
}

/** No real key looks so: a mask of some other key must not replace one. */
const looksMasked = (text: string) => /\.\.\.|^\*+$/.test(text)

const keyNames = ['api_key', 'apiKey']

const saveKeySetting = (deps: InstanceDeps, userId: string, provider: ProviderInfo, body: SaveProviderInstance) => {
  const old = findUserSettingValue(deps, userId, provider.settingsId)
  // Rows of the first versions hold the bare key.
  const stored: Fields = typeof old === 'string' && old !== '' ? { api_key: old } : asFields(old)
  const storedId = asText(stored['instance_id']) || provider.defaultServerId
  if (Object.keys(stored).length > 0 && storedId !== body.instance_id) throw errors.oneInstance(provider.label)
  // One spelling of the key, so that an old one in the other does not win.
  const hasKey = keyNames.some((name) => name in body.config)
  const kept = Object.fromEntries(Object.entries(stored).filter(([name]) => !(hasKey && keyNames.includes(name))))
  const value = { ...kept, ...body.config, instance_id: body.instance_id, instance_name: body.name }
  saveUserSettingValue(deps, userId, definitionOf(provider), value)
}

/** Creates or changes one instance. Throws 404 for an unknown provider, 409 for a second instance of a key provider. */
export const saveInstance = (deps: InstanceDeps, user: SignedInUser, body: SaveProviderInstance): ProviderInstance => {
  const provider = getProvider(body.provider)
  return inTransaction(deps.db, () => {
    if (provider.id === 'ollama') saveOllamaServer(deps, user.id, provider, body)
    else saveKeySetting(deps, user.id, provider, body)
    return getInstance(deps, user.id, provider, body.instance_id)
  })
}

const getInstance = (
  deps: InstanceDeps,
  userId: string,
  provider: ProviderInfo,
  instanceId: string,
): ProviderInstance => {
  const instance = findInstance(deps, userId, provider, instanceId)
  if (!instance) throw errors.providerInstanceNotFound(instanceId.slice(0, 60))
  return instance
}

export const removeInstance = (
  deps: InstanceDeps,
  user: SignedInUser,
  providerName: string,
  instanceId: string,
): void => {
  const provider = getProvider(providerName)
  inTransaction(deps.db, () => {
    getInstance(deps, user.id, provider, instanceId)
    if (provider.id !== 'ollama') {
      deleteUserSetting(deps, user.id, provider.settingsId)
      return
    }
    const { value, servers } = storedServers(deps, user.id)
    saveUserSettingValue(deps, user.id, definitionOf(provider), {
      ...value,
      servers: servers.filter(({ id }) => id !== instanceId),
    })
  })
}

/** Servers behind a `settings_id`, as clients pick them. Throws 404 for an unknown one. */
export const listServers = (deps: InstanceDeps, userId: string, settingsId: string) => {
  const provider = providers.find((one) => one.settingsId === settingsId)
  if (!provider) throw errors.unknownSettings(settingsId.slice(0, 60))
  if (provider.id === 'ollama')
    return listOllamaServers(deps, userId).map((server) => ({ ...server, apiKey: maskSecret(server.apiKey) }))
  return listOfProvider(deps, userId, provider).map(({ instance_id: id, name, config }) => ({
    id,
    serverName: name,
    serverAddress: asText(config['base_url']) || asText(config['baseUrl']) || provider.baseUrl(deps.config),
    apiKey: asText(config['api_key']) || asText(config['apiKey']),
  }))
}
