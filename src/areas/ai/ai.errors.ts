import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const unknownProvider = defineErrorWith(404, 'ai.unknown_provider', (id: string) => `Provider '${id}' not found`)
export const noServer = defineErrorWith(404, 'ai.no_server', (text: string) => text)
export const noApiKey = defineErrorWith(
  400,
  'ai.no_api_key',
  (label: string) => `${label} API key is not configured. Add it in the settings.`,
)
export const noServerAddress = defineErrorWith(
  400,
  'ai.no_server_address',
  (name: string) => `The server "${name}" has no address`,
)
export const personaIncomplete = defineError(
  400,
  'ai.persona_incomplete',
  'persona_system_prompt is required with persona_id',
)
export const invalidModelSettings = defineErrorWith(
  400,
  'ai.invalid_model_settings',
  (text: string) => `Invalid model settings: ${text}`,
)
export const tooManyReplies = defineError(
  503,
  'ai.busy',
  'The server is writing as many replies as it can. Please try again in a moment.',
)
export const tooManyOwnReplies = defineError(
  429,
  'ai.too_many_replies',
  'You have as many replies under way as one user may have. Wait for one to end, or stop it.',
)
export const providerFailed = defineErrorWith(502, 'ai.provider_failed', (text: string) => `Provider error: ${text}`)
export const addressRefused = defineErrorWith(400, 'ai.address_refused', (text: string) => `Provider error: ${text}`)
export const foreignUser = defineError(403, 'ai.foreign_user', 'Not authorized to use the settings of another user')
export const providerInstanceNotFound = defineErrorWith(
  404,
  'ai.instance_not_found',
  (id: string) => `Provider instance '${id}' not found`,
)
export const oneInstance = defineErrorWith(
  409,
  'ai.one_instance',
  (label: string) => `${label} already has an instance. Change or delete that one.`,
)
export const maskedKey = defineError(
  400,
  'ai.masked_key',
  'This is the mask of another key. Send the key itself, or leave it out.',
)
export const unknownSettings = defineErrorWith(
  404,
  'ai.unknown_settings',
  (id: string) => `No provider keeps its servers in '${id}'`,
)
