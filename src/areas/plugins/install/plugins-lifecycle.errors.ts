import { defineError, defineErrorWith } from '../../../shared/app-error.ts'

// plugins.md A2, update and uninstall.
export const updateTargetNotFound = defineErrorWith(
  404,
  'plugins.update_not_found',
  (slug: string) => `Plugin '${slug}' not found`,
)
export const noSourceUrl = defineErrorWith(
  400,
  'plugins.no_source_url',
  (slug: string) => `Plugin '${slug}' does not have a source URL and cannot be updated`,
)
export const noInstallMetadata = defineError(
  400,
  'plugins.no_install_metadata',
  'Plugin installation metadata not found',
)
export const changedMeanwhile = defineError(
  409,
  'plugins.changed_meanwhile',
  'The plugin was changed while the update was fetched: try again',
)
export const notInstalled = defineError(404, 'plugins.not_installed', 'Plugin not found for user')
export const tooManyInstallsOfUser = defineError(
  429,
  'plugins.too_many_installs_of_user',
  'You have other installations under way: wait until they are done',
)
export const tooManyInstalls = defineError(
  503,
  'plugins.too_many_installs',
  'The server is busy with other installations: try again in a minute',
)
