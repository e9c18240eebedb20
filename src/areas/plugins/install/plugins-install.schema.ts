import { t } from 'elysia'
import { Nullable, OptionalText } from '../../../http/wire-types.ts'

const RepositoryUrl = 'Address of a Git repository, e.g. https://github.com/owner/repository'
const Version = '`latest` (the default), a tag with or without its `v`, or a branch'

const repoUrlLength = 500
const versionLength = 250

export const PluginParams = t.Object({
  pluginId: t.String({ minLength: 1, maxLength: 200, description: 'Slug or id of a plugin' }),
})

/** plugins.md A2, decision 15. In a form, an empty field is one that was left out. */
export const InstallForm = t.Object({
  method: t.String({
    maxLength: 50,
    description: '`github` (or `url`), `local-file` (or `upload`), or `marketplace`',
  }),
  repo_url: OptionalText(repoUrlLength, RepositoryUrl),
  version: OptionalText(versionLength, Version),
  filename: OptionalText(255, 'Name of the file, if it is not the one of its part'),
  plugin_slug: OptionalText(100, 'With `marketplace`: which plugin of the registry'),
  slug: OptionalText(100, 'The same as plugin_slug'),
})
export type InstallForm = typeof InstallForm.static

export const InstallFromUrl = t.Object({
  repo_url: t.String({ maxLength: repoUrlLength, description: RepositoryUrl }),
  version: OptionalText(versionLength, Version),
})
export type InstallFromUrl = typeof InstallFromUrl.static

const success = { status: t.Literal('success') }

export const InstallAnswer = t.Object({
  ...success,
  message: t.String(),
  data: t.Object({
    plugin_id: t.String(),
    plugin_slug: t.String(),
    plugin_name: t.Optional(t.String()),
    modules_created: t.Array(t.String(), { description: 'Ids' }),
    plugin_directory: t.Null({ description: 'Where the files are is nobody’s business' }),
    source: t.Optional(t.String()),
    repo_url: t.Optional(t.String()),
    version: t.Optional(t.String({ description: 'As it was asked for' })),
    filename: t.Optional(t.String()),
    file_size: t.Optional(t.Integer()),
  }),
})
export type InstallAnswer = typeof InstallAnswer.static

export const UpdateAnswer = t.Object({
  ...success,
  message: t.String(),
  data: t.Object({
    plugin_slug: t.String(),
    plugin_id: t.String(),
    previous_version: t.String(),
    new_version: t.String(),
  }),
})

export const UninstallAnswer = t.Object({
  ...success,
  message: t.String(),
  data: t.Object({ plugin_slug: t.String(), plugin_id: t.String(), deleted_modules: t.Integer() }),
})

export const FoundUpdateAnswer = t.Object({
  ...success,
  data: t.Object({
    plugin_id: t.String({ description: 'The slug' }),
    current_version: t.Optional(t.String()),
    latest_version: t.Optional(Nullable(t.String({ description: 'Null when it is not known' }))),
    repo_url: t.Optional(Nullable(t.String())),
    update_available: t.Boolean(),
    message: t.String(),
  }),
})
export type FoundUpdateAnswer = typeof FoundUpdateAnswer.static

const AvailableUpdate = t.Object({
  plugin_id: t.String({ description: 'The id, not the slug' }),
  plugin_slug: t.String(),
  plugin_name: t.String(),
  current_version: t.String(),
  latest_version: t.String(),
  repo_url: Nullable(t.String()),
})
export type AvailableUpdate = typeof AvailableUpdate.static

export const UpdatesAnswer = t.Object({
  ...success,
  data: t.Object({ available_updates: t.Array(AvailableUpdate), total_count: t.Integer() }),
})

const AvailablePlugin = t.Object({
  slug: t.String(),
  directory: t.String({ description: 'The slug' }),
  has_lifecycle_manager: t.Boolean(),
  name: t.String(),
  description: t.String(),
  version: t.Optional(t.String({ description: 'The installed one, else what the registry says' })),
  author: Nullable(t.String()),
  repo_url: Nullable(t.String()),
  category: Nullable(t.String()),
  icon: Nullable(t.String()),
  official: t.Boolean(),
  installed: t.Boolean(),
})
export type AvailablePlugin = typeof AvailablePlugin.static

export const AvailableAnswer = t.Object({
  ...success,
  data: t.Object({
    available_plugins: t.Record(t.String(), AvailablePlugin, { description: 'By slug in lower case' }),
    total_count: t.Integer(),
  }),
})
