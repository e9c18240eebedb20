import type { SettingScope } from '../../settings/settings.table.ts'

/** A setting that comes with a plugin (plugins.md B1.5). */
export interface SettingsRecipe {
  /** Made when there is none of this id: definitions are shared by all users. */
  definition: {
    id: string
    name: string
    description: string | null
    category: string
    type: string
    defaultValue: unknown
    allowedScopes: SettingScope[]
    validation: Record<string, unknown> | null
    isMultiple: boolean
    tags: string[]
  }
  /** The user's own, in scope `user`, made when there is none. Null where the definition has no such scope. */
  instance: {
    /** The id is this and the user's id; null: a random one. */
    idPrefix: string | null
    name: string
    value: unknown
  } | null
  removeInstanceOnUninstall: boolean
  /** Whether the definition is one of those in this file. */
  isKnown: boolean
}

interface KnownSetting {
  definition: Pick<SettingsRecipe['definition'], 'id' | 'name' | 'description' | 'category' | 'tags' | 'defaultValue'>
  idPrefix: string
  instanceName: string
}

/** What the two plugins write that build their settings in code: of the user alone, and gone with the plugin. */
const knownRecipe = ({ definition, idPrefix, instanceName }: KnownSetting): SettingsRecipe => ({
  definition: { ...definition, type: 'object', allowedScopes: ['user'], validation: {}, isMultiple: false },
  instance: { idPrefix, name: instanceName, value: definition.defaultValue },
  removeInstanceOnUninstall: true,
  isKnown: true,
})

const openRouter = knownRecipe({
  idPrefix: 'openrouter_settings_',
  instanceName: 'OpenRouter API Keys Settings',
  definition: {
    id: 'openrouter_api_keys_settings',
    name: 'OpenRouter API Keys Settings',
    description: null,
    category: 'LLM Servers',
    tags: ['openrouter_api_keys_settings', 'OpenRouter', 'API Keys', 'AI Models', 'settings'],
    defaultValue: {
      apiKey: '',
      enabled: true,
      baseUrl: 'https://openrouter.ai/api/v1',
      defaultModel: 'openai/gpt-3.5-turbo',
      modelPreferences: {},
      requestTimeout: 30,
      maxRetries: 3,
    },
  },
})

const ollamaOnHost = 'http://host.docker.internal:11434'

const chatWithDocs = knownRecipe({
  idPrefix: 'chat_with_doc_proc_settings_',
  instanceName: 'LLM and Document Processor Settings',
  definition: {
    id: 'braindrive_chat_with_documents_settings',
    name: 'Chat with Document Processor Settings',
    description: 'Configure the Chat with Document Processor services.',
    category: 'LLM and Embeddings',
    tags: ['ollama', 'document-processor', 'settings'],
    defaultValue: {
      LLM_PROVIDER: 'ollama',
      EMBEDDING_PROVIDER: 'ollama',
      ENABLE_CONTEXTUAL_RETRIEVAL: true,
      OLLAMA_CONTEXTUAL_LLM_BASE_URL: ollamaOnHost,
      OLLAMA_CONTEXTUAL_LLM_MODEL: '',
      OLLAMA_LLM_BASE_URL: ollamaOnHost,
      OLLAMA_LLM_MODEL: '',
      OLLAMA_EMBEDDING_BASE_URL: ollamaOnHost,
      OLLAMA_EMBEDDING_MODEL: 'mxbai-embed-large',
      DOCUMENT_PROCESSOR_API_URL: 'http://host.docker.internal:8080/documents/',
      DOCUMENT_PROCESSOR_API_KEY: 'default_api_key',
      DOCUMENT_PROCESSOR_TIMEOUT: 600,
      DOCUMENT_PROCESSOR_MAX_RETRIES: 3,
      OPENAI_EVALUATION_API_KEY: '',
      OPENAI_EVALUATION_MODEL: 'gpt-5-mini',
      DISABLE_AUTH: true,
      AUTH_METHOD: 'api_key',
      AUTH_API_KEY: '',
      JWT_SECRET: '',
      JWT_ALGORITHM: 'HS256',
      JWT_EXPIRE_MINUTES: 60,
      SPACY_MODEL: 'en_core_web_sm',
      DEFAULT_CHUNKING_STRATEGY: 'hierarchical',
      DEFAULT_CHUNK_SIZE: 1000,
      DEFAULT_CHUNK_OVERLAP: 200,
      MIN_CHUNK_SIZE: 100,
      MAX_CHUNK_SIZE: 2000,
      LOG_FORMAT: 'console',
      LOG_FILE: '/app/logs/app.log',
    },
  },
})

const knownRecipes = new Map<string, SettingsRecipe[]>([
  ['BrainDriveOpenRouter', [openRouter]],
  ['BrainDriveChatWithDocs', [chatWithDocs]],
])

/** The built-in recipes of a plugin. A definition without a description of its own has that of the plugin's module. */
export const knownRecipesOf = (slug: string, moduleDescription: string | null): SettingsRecipe[] =>
  (knownRecipes.get(slug) ?? []).map(({ definition, ...recipe }) => ({
    ...recipe,
    definition: { ...definition, description: definition.description ?? moduleDescription },
  }))

const knownIds = new Set([...knownRecipes.values()].flat().map(({ definition }) => definition.id))

/**
 * A setting as a plugin may bring it along, given the known ones of that plugin: a known definition stays as it is written
 * here, whatever the package says. Undefined for one that belongs to another plugin.
 */
export const claimRecipe = (recipe: SettingsRecipe, known: SettingsRecipe[]): SettingsRecipe | undefined => {
  const own = known.find(({ definition }) => definition.id === recipe.definition.id)
  if (own) return { ...recipe, definition: own.definition, isKnown: true }
  return knownIds.has(recipe.definition.id) ? undefined : recipe
}
