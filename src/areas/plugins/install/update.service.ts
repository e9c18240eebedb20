import type { Deps } from '../../../deps.ts'
import { type Fail, failuresOf, withoutDetails } from './install-failure.ts'
import { enterStep } from './install-step.ts'
import type { InstallSource, InstallWork, Updated } from './install-types.ts'
import type { InstallDeps } from './install.service.ts'
import type { SealedPackage } from '../packages/package-store.ts'
import { collectPackages } from '../package-upkeep.service.ts'
import { commitChange, storeParts, withinUserLimit, withPluginLock } from './plugin-change.ts'
import { toPluginFields } from './plugin-rows.ts'
import * as errors from './plugins-lifecycle.errors.ts'
import { findPluginBySlug, updatePluginFields } from '../plugins.store.ts'
import type { PluginRow } from '../plugins.table.ts'
import { type Candidate, prepareCandidate, sealCandidate } from '../packages/prepare-package.ts'

const getPlugin = ({ db }: Pick<Deps, 'db'>, userId: string, slug: string): PluginRow => {
  const plugin = findPluginBySlug(db, userId, slug)
  if (!plugin) throw errors.updateTargetNotFound(slug)
  return plugin
}

const sourceOf = ({ pluginSlug, packageUrl, sourceUrl }: PluginRow): InstallSource & { kind: 'repository' } => {
  if (packageUrl !== null) return { kind: 'repository', url: packageUrl, version: 'latest' }
  throw sourceUrl === null ? errors.noSourceUrl(pluginSlug) : errors.noInstallMetadata()
}

const assertSamePlugin = (slug: string, { manifest }: Candidate, fail: Fail) => {
  if (manifest.pluginSlug === slug) return
  const reason = `The package holds another plugin: ${manifest.pluginSlug}`
  throw fail('plugin_validation', reason, { validation_error: reason })
}

const storeUpdate = (
  deps: InstallDeps,
  plugin: PluginRow,
  { manifest, origin, sealed }: Candidate & { sealed: SealedPackage },
): Updated => {
  const { id: pluginId, userId, pluginSlug, version: previousVersion } = plugin
  deps.packageStore.place(sealed)
  const fields = toPluginFields(manifest, { ...origin, contentHash: sealed.contentHash }, deps.clock())
  updatePluginFields(deps.db, userId, pluginId, fields)
  storeParts(deps, plugin, manifest)
  const extra = { previous_version: previousVersion, new_version: fields.version }
  const resource = { type: 'plugin', id: pluginId }
  deps.audit({ type: 'plugin.updated', status: 'success', userId, resource, extra })
  return { pluginId, pluginSlug, previousVersion, newVersion: fields.version }
}

const update = async (
  deps: InstallDeps,
  source: InstallSource,
  { userId, slug, work }: { userId: string; slug: string; work: InstallWork },
): Promise<Updated> => {
  const fail = failuresOf(source)
  await using staging = await deps.packageStore.stage()
  const preparation = { staging, userId, work, fail }
  const candidate = await prepareCandidate(deps, source, preparation)
  assertSamePlugin(slug, candidate, fail)
  const sealed = await sealCandidate(deps, candidate, preparation)
  enterStep(work, 'lifecycle_manager_install')
  const updated = commitChange(deps, { fail, slug }, () =>
    // Read again: it may have been uninstalled meanwhile.
    storeUpdate(deps, getPlugin(deps, userId, slug), { ...candidate, sealed }),
  )
  collectPackages(deps)
  return updated
}

/**
 * Replaces a plugin by the newest version of where it came from (plugins.md B2.9); the same version is installed anew.
 * Modules keep their ids and whether they are enabled, settings stay, modules that are gone are removed. Throws 404 and 400
 * with plain texts (A2), 429 and 503 when too many installations are under way, or the signal's reason; the old version is
 * untouched then.
 */
export const updatePlugin = async (
  deps: InstallDeps,
  userId: string,
  slug: string,
  work: InstallWork = {},
): Promise<Updated> =>
  await withinUserLimit(userId, () =>
    withPluginLock(userId, slug, async () => {
      work.signal?.throwIfAborted()
      const source = sourceOf(getPlugin(deps, userId, slug))
      try {
        return await update(deps, source, { userId, slug, work })
      } catch (error) {
        throw withoutDetails(error)
      }
    }),
  )
