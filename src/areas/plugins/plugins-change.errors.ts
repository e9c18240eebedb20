import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const enabledMissing = defineError(400, 'plugins.enabled_missing', "Missing 'enabled' field in request body")
export const invalidSlug = defineErrorWith(
  400,
  'plugins.invalid_slug',
  (slug: string, rule: string) => `Invalid plugin slug '${slug}': ${rule}`,
)
export const slugTaken = defineErrorWith(
  400,
  'plugins.slug_taken',
  (slug: string) => `Plugin with slug '${slug}' already exists for this user`,
)
export const invalidModules = defineErrorWith(400, 'plugins.invalid_modules', (reason: string) => reason)
export const noRoom = defineError(
  400,
  'plugins.no_room',
  'Your plugins are full (500 of them, or 16 MB of metadata): uninstall some first',
)
export const quotaExceeded = defineErrorWith(
  400,
  'plugins.quota_exceeded',
  (megabytes: number) => `Your plugins would take more than ${megabytes} MB of disk: uninstall some first`,
)
export const metadataTooLarge = defineError(
  413,
  'plugins.metadata_too_large',
  'The metadata of a plugin can have at most 1 MB as JSON',
)
export const foreignServices = defineError(403, 'plugins.foreign_services', 'Cannot access settings for another user')
export const definitionRequired = defineError(400, 'plugins.definition_required', 'definition_id is required')
export const servicesUnsupported = defineError(
  501,
  'plugins.services_unsupported',
  'This server runs no services of plugins: start and stop them yourself, where they are installed',
)
