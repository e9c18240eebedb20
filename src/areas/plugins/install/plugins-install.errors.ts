import { defineError, defineErrorWith } from '../../../shared/app-error.ts'

export const repositoryRequired = defineError(
  400,
  'plugins.repository_required',
  'repo_url is required for GitHub installation',
)
export const fileRequired = defineError(400, 'plugins.file_required', 'file is required for local file installation')
export const slugRequired = defineError(
  400,
  'plugins.slug_required',
  'plugin_slug is required for marketplace installation',
)
export const unsupportedMethod = defineErrorWith(
  400,
  'plugins.unsupported_method',
  (method: string) =>
    `Unsupported installation method: ${method}. Supported methods: 'github', 'local-file', 'marketplace'`,
)
export const unsupportedFormat = defineError(
  400,
  'plugins.unsupported_format',
  'Unsupported file format. Supported formats: .zip, .rar, .tar.gz, .tgz',
)
export const fileTooLarge = defineErrorWith(
  400,
  'plugins.file_too_large',
  (bytes: number, maxBytes: number) => `File size (${bytes} bytes) exceeds maximum allowed size (${maxBytes} bytes)`,
)
/** plugins.md A2. The reference looks for a folder, we look into the registry. */
export const notInRegistry = defineErrorWith(
  400,
  'plugins.not_in_registry',
  (slug: string) => `Plugin directory not found for slug: ${slug}`,
)
export const tooManyOwnInstalls = defineError(
  429,
  'plugins.too_many_own_installs',
  'You have other installations under way: wait until they are done',
)
export const oneSourceRequired = defineError(
  400,
  'plugins.one_source_required',
  'Either plugin_slug or repo_url is required, and not both',
)
export const updateBySlug = defineError(
  400,
  'plugins.update_by_slug',
  'An update takes a plugin_slug, and no repo_url or version',
)
export const alreadyInstalled = defineError(400, 'plugins.already_installed', 'Plugin already installed for user')
