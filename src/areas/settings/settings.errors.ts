import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const definitionExists = defineErrorWith(
  400,
  'settings.definition_exists',
  (idOrName: string) => `Setting definition ${idOrName} already exists`,
)
export const definitionNotFound = defineErrorWith(
  404,
  'settings.definition_not_found',
  (id: string) => `Setting definition ${id} not found`,
)
export const definitionIdMismatch = defineError(
  400,
  'settings.definition_id_mismatch',
  'Definition ID in path does not match ID in request body',
)
export const definitionInUse = defineErrorWith(
  400,
  'settings.definition_in_use',
  (id: string, count: number) =>
    `Cannot delete definition ${id} because it has ${count} instances. Delete the instances first.`,
)
export const validationNotObject = defineError(
  422,
  'settings.validation_not_object',
  'validation must be an object or null',
)
export const keyInDefault = defineError(
  400,
  'settings.key_in_default',
  'Every user can read a default value: it must not hold an API key',
)

export const invalidScope = defineErrorWith(
  400,
  'settings.invalid_scope',
  (scope: string) => `Invalid scope value: ${scope}. Valid values are: system, user, page, user_page`,
)
export const instanceIdRequired = defineError(
  400,
  'settings.instance_id_required',
  'Instance ID is required for delete action',
)
export const pageIdRequired = defineError(
  400,
  'settings.page_id_required',
  'A page_id is required for the scopes page and user_page',
)
export const instanceNotFound = defineErrorWith(
  404,
  'settings.instance_not_found',
  (id: string) => `Setting instance ${id} not found`,
)
export const systemNeedsAdmin = defineError(
  403,
  'settings.system_needs_admin',
  'Admin privileges required for system settings',
)
export const maskedKey = defineError(
  400,
  'settings.masked_key',
  'This API key is masked and not the mask of the stored one: send the whole key',
)
export const valueTooLarge = defineError(
  413,
  'settings.value_too_large',
  'The value is too large: at most 256 KB of JSON',
)
export const tooManyDefinitions = defineError(
  400,
  'settings.too_many_definitions',
  'You already use 200 settings that nobody defined: delete some first',
)
export const noRoom = defineError(
  400,
  'settings.no_room',
  'Your settings are full (1000 entries or 16 MB): delete some first',
)
