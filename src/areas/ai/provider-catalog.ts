import { type ProviderId, providerIds } from '../../adapters/llm/types.ts'
import type { Config } from '../../config.ts'
import { unknownProvider } from './ai.errors.ts'

export interface ProviderInfo {
  id: ProviderId
  label: string
  /** Setting definition that holds the keys or servers; clients call it `settings_id` (ai.md 1). */
  settingsId: string
  settingsName: string
  /** Undefined where the user's setting lists the servers. */
  defaultServerId: string | undefined
  /** Stored in `conversation.server` and shown by model pickers: clients find the model again by it. */
  serverName: string
  baseUrl: (config: Config) => string
  environmentKey: (config: Config) => string | undefined
}

const catalog: Record<ProviderId, Omit<ProviderInfo, 'id'>> = {
  ollama: {
    label: 'Ollama',
    settingsId: 'ollama_servers_settings',
    settingsName: 'Ollama Servers Settings',
    defaultServerId: undefined,
    serverName: 'Ollama',
    baseUrl: () => 'http://localhost:11434',
    environmentKey: () => undefined,
  },
  openai: {
    label: 'OpenAI',
    settingsId: 'openai_api_keys_settings',
    settingsName: 'OpenAI API Keys Settings',
    defaultServerId: 'openai_default_server',
    serverName: 'OpenAI API',
    baseUrl: (config) => config.openaiBaseUrl,
    environmentKey: (config) => config.openaiApiKey,
  },
  claude: {
    label: 'Claude',
    settingsId: 'claude_api_keys_settings',
    settingsName: 'Claude API Keys Settings',
    defaultServerId: 'claude_default_server',
    serverName: 'Claude API',
    baseUrl: (config) => config.anthropicBaseUrl,
    environmentKey: (config) => config.anthropicApiKey,
  },
  groq: {
    label: 'Groq',
    settingsId: 'groq_api_keys_settings',
    settingsName: 'Groq API Keys Settings',
    defaultServerId: 'groq_default_server',
    serverName: 'Groq API',
    baseUrl: (config) => config.groqBaseUrl,
    environmentKey: (config) => config.groqApiKey,
  },
  openrouter: {
    label: 'OpenRouter',
    settingsId: 'openrouter_api_keys_settings',
    settingsName: 'OpenRouter API Keys Settings',
    defaultServerId: 'openrouter_default_server',
    serverName: 'OpenRouter API',
    baseUrl: (config) => config.openrouterBaseUrl,
    environmentKey: (config) => config.openrouterApiKey,
  },
}

export const providers: ProviderInfo[] = providerIds.map((id) => ({ id, ...catalog[id] }))

/** `anthropic` is another word for `claude` (contract decision 12). Throws `unknownProvider`. */
export const getProvider = (name: string): ProviderInfo => {
  const id = name === 'anthropic' ? 'claude' : name
  const found = providers.find((provider) => provider.id === id)
  if (!found) throw unknownProvider(name.slice(0, 60))
  return found
}
