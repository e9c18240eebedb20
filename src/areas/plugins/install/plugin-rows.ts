import { toIso } from '../../../shared/clock.ts'
import type { ManifestModule, ManifestService } from '../manifest/manifest-parts.ts'
import type { PackageOrigin } from '../packages/package-origin.ts'
import type { PluginManifest } from '../manifest/plugin-manifest.ts'
import type { PluginModuleRow, PluginRow, PluginServiceRow } from '../plugins.table.ts'

/** Whose parts they are. */
export type PluginKey = Pick<PluginRow, 'id' | 'userId' | 'pluginSlug'>

/** What each version of a plugin brings anew (plugins.md B1.5). */
export const toPluginFields = (
  manifest: PluginManifest,
  origin: PackageOrigin & Pick<PluginRow, 'contentHash' | 'contentBytes'>,
  now: number,
) => {
  const { modules: _, services: __, settings: ___, pluginSlug: ____, ...fields } = manifest
  return {
    ...fields,
    ...origin,
    configFields: JSON.stringify(manifest.configFields),
    messages: JSON.stringify(manifest.messages),
    dependencies: JSON.stringify(manifest.dependencies),
    permissions: JSON.stringify(manifest.permissions),
    requiredServicesRuntime: JSON.stringify(manifest.requiredServicesRuntime),
    backendDependencies: JSON.stringify(manifest.backendDependencies),
    lastUpdated: toIso(now),
    lastUpdateCheck: null,
    updateAvailable: false,
    latestVersion: null,
    updatedAt: now,
  }
}
export type PluginFields = ReturnType<typeof toPluginFields>

/** A plugin that a user did not have before. */
export const toNewPlugin = (userId: string, pluginSlug: string, fields: PluginFields): PluginRow => ({
  ...fields,
  id: `${userId}_${pluginSlug}`,
  userId,
  pluginSlug,
  enabled: true,
  status: 'activated',
  downloads: 0,
  createdAt: fields.updatedAt,
})

/** Pages store the ids of modules, and users switch them off: what there is of both, in `stored`, stays. */
export const toModuleRow = (
  plugin: PluginKey,
  module: ManifestModule,
  stored: Pick<PluginModuleRow, 'id'> & Partial<PluginModuleRow>,
  now: number,
): PluginModuleRow => ({
  ...module,
  id: stored.id,
  pluginId: plugin.id,
  userId: plugin.userId,
  enabled: stored.enabled ?? true,
  props: JSON.stringify(module.props),
  configFields: JSON.stringify(module.configFields),
  messages: JSON.stringify(module.messages),
  requiredServices: JSON.stringify(module.requiredServices),
  dependencies: JSON.stringify(module.dependencies),
  layout: JSON.stringify(module.layout),
  tags: JSON.stringify(module.tags),
  createdAt: stored.createdAt ?? now,
  updatedAt: now,
})

export const toServiceRow = (plugin: PluginKey, service: ManifestService, now: number): PluginServiceRow => ({
  ...service,
  // With a colon, which no slug has: `a_b` and `c` must not meet `a` and `b_c`.
  id: `${plugin.id}:${service.name}`,
  pluginId: plugin.id,
  userId: plugin.userId,
  requiredEnvVars: JSON.stringify(service.requiredEnvVars),
  envOverrides: JSON.stringify(service.envOverrides),
  status: 'pending',
  createdAt: now,
  updatedAt: now,
})
