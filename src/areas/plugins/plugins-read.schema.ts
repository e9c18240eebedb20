import { t } from 'elysia'
import { IntegerInput, Nullable, Timestamp } from '../../http/wire-types.ts'

/** Room for `<user id>_<slug>_<module>` with dashes in the user's id. */
const idText = (description: string) => t.String({ minLength: 1, maxLength: 255, description })

const pluginId = idText('Id or slug of a plugin')
export const PluginParams = t.Object({ pluginId })
export const ModuleParams = t.Object({ pluginId, moduleId: idText('Id of a module') })

export const ListModulesQuery = t.Object({
  search: t.Optional(
    t.String({ maxLength: 500, description: 'Literally a part of name, displayed name or description, in any case' }),
  ),
  category: t.Optional(t.String({ maxLength: 100, description: 'Exact; an empty text is no filter' })),
  tags: t.Optional(t.String({ maxLength: 5200, description: 'Separated by commas; a module must have one of them' })),
  page: IntegerInput({ minimum: 1, maximum: 20_000_000, default: 1, description: 'Counted from 1' }),
  pageSize: IntegerInput({ minimum: 1, maximum: 100, default: 16 }),
})
export type ListModulesQuery = typeof ListModulesQuery.static

export const Categories = t.Object({ categories: t.Array(t.String()) })
export const Tags = t.Object({ tags: t.Array(t.String()) })
export const Probe = t.Object({ message: t.String(), user_id: t.String() })
export const CacheAnswer = t.Object({
  total: t.Integer({ description: 'Your enabled plugins' }),
  new: t.Array(t.String()),
  removed: t.Array(t.String()),
})

const Health = t.Object({
  bundle_exists: t.Boolean(),
  bundle_size: t.Integer({ description: 'Bytes' }),
  package_json_valid: Nullable(t.Boolean({ description: 'Null when there is none' })),
  assets_present: t.Boolean({ description: 'Whether there is a folder `assets`' }),
})

/** plugins.md A1: what the plugins of the reference answer, all of it together. */
export const PluginStatus = t.Object({
  status: t.Literal('success'),
  data: t.Object({
    plugin_slug: t.String(),
    exists: t.Boolean(),
    installed: t.Boolean(),
    status: t.Union([
      t.Literal('healthy'),
      t.Literal('unhealthy'),
      t.Literal('files_missing'),
      t.Literal('not_installed'),
    ]),
    plugin_id: t.Optional(t.String()),
    plugin_name: t.Optional(t.String()),
    version: t.Optional(t.String()),
    plugin_info: t.Optional(
      t.Object({
        id: t.String(),
        name: t.String(),
        version: t.String(),
        enabled: t.Integer({ description: '1 or 0' }),
        created_at: Timestamp,
        updated_at: Timestamp,
      }),
    ),
    health_details: t.Optional(Health),
  }),
})
export type PluginStatus = typeof PluginStatus.static

/** plugins.md A2: what the web client shows after an installation. */
export const LoadingTest = t.Object({
  plugin_installed: t.Boolean(),
  files_exist: t.Boolean(),
  manifest_valid: t.Boolean(),
  bundle_accessible: t.Boolean(),
  modules_configured: t.Array(
    t.Object({
      moduleName: t.String(),
      configured: t.Boolean(),
      hasRequiredFields: t.Boolean(),
      issues: t.Array(t.String()),
    }),
  ),
  errors: t.Array(t.String()),
  warnings: t.Array(t.String()),
})
export type LoadingTest = typeof LoadingTest.static
