import { listAccounts } from '../auth/accounts.service.ts'
import type { Deps } from '../../deps.ts'
import { listOllamaServers } from '../ollama/ollama-servers.service.ts'
import { isUntouchedServer } from '../settings/seed.ts'
import { getProvider } from './provider-catalog.ts'
import { readKeySetting, type SettingsDeps } from './provider-settings.ts'

export type UserServerDeps = SettingsDeps & Pick<Deps, 'clock'>

/** Addresses of model servers that users have named, each once. The one that every account begins with does not count. */
export const listUserServers = (deps: UserServerDeps): string[] => {
  const openai = getProvider('openai')
  const addresses = listAccounts(deps)
    .filter(({ isActive }) => isActive)
    .flatMap(({ id }) => [
      readKeySetting(deps, id, openai).baseUrl,
      ...listOllamaServers(deps, id)
        .filter((server) => !isUntouchedServer(server))
        .map(({ serverAddress }) => serverAddress),
    ])
  return [...new Set(addresses.filter((one) => one !== undefined && one !== ''))] as string[]
}
