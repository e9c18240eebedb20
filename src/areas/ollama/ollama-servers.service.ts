import { stringAt, valueAt } from '../../shared/json-fields.ts'
import { findUserSettingValue } from '../settings/settings.service.ts'
import { parseServerUrl, toServerBase } from './server-address.ts'

type SettingDeps = Parameters<typeof findUserSettingValue>[0]

export interface OllamaServer {
  id: string
  serverName: string
  serverAddress: string
  apiKey: string
}

const toOllamaServer = (entry: unknown): OllamaServer | undefined => {
  const id = stringAt(entry, 'id')
  const serverName = stringAt(entry, 'serverName')
  const serverAddress = stringAt(entry, 'serverAddress')
  if (id === undefined || serverName === undefined || serverAddress === undefined) return undefined
  const apiKey = stringAt(entry, 'apiKey')?.trim() ?? ''
  return { id, serverName, serverAddress: serverAddress.trim().replace(/\/+$/, ''), apiKey }
}

/** The Ollama servers of one user, in stored order. One broken entry does not hide the others. */
export const listOllamaServers = (deps: SettingDeps, userId: string): OllamaServer[] => {
  const servers = valueAt(findUserSettingValue(deps, userId, 'ollama_servers_settings'), 'servers')
  return Array.isArray(servers) ? servers.map(toOllamaServer).filter((server) => server !== undefined) : []
}

const isAt = (serverAddress: string, baseUrl: string) => {
  const url = parseServerUrl(serverAddress)
  return url !== undefined && toServerBase(url) === baseUrl
}

/** The key that the user saved for the server at this address: it goes nowhere else. */
export const findOllamaKey = (deps: SettingDeps, userId: string, baseUrl: string): string | undefined => {
  const server = listOllamaServers(deps, userId).find(
    ({ serverAddress, apiKey }) => apiKey !== '' && isAt(serverAddress, baseUrl),
  )
  return server?.apiKey
}
