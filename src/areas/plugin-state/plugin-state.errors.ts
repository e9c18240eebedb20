import { defineError } from '../../shared/app-error.ts'

export const stateNotFound = defineError(404, 'plugin_state.not_found', 'Plugin state not found')
export const stateExists = defineError(
  409,
  'plugin_state.already_exists',
  'Plugin state already exists. Use PUT to update.',
)
export const versionConflict = defineError(
  409,
  'plugin_state.version_conflict',
  'Plugin state was changed by another client',
)
export const storageFull = defineError(413, 'plugin_state.quota_exceeded', 'Plugin state storage is full')
