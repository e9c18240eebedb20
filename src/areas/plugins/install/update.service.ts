import type { Deps } from '../../../deps.ts'
import { failuresOf, withoutDetails } from './install-failure.ts'
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

/**
 * The plugin as it was when the update began. The other thread does not wait for our lock: what it uninstalled is gone, and
 * what it has put in its place may be newer, or come from elsewhere.
 */
const getUnchanged = (deps: Pick<Deps, 'db'>, before: PluginRow, { contentHash }: SealedPackage): PluginRow => {
  const plugin = getPlugin(deps, before.userId, before.pluginSlug)
  const isSame = plugin.contentHash === before.contentHash || plugin.contentHash === contentHash
  if (!isSame || plugin.packageUrl !== before.packageUrl) throw errors.changedMeanwhile()
  return plugin
}

const sourceOf = ({ pluginSlug, packageSource, packageUrl, sourceUrl }: PluginRow): InstallSource => {
  if (packageUrl !== null) {
    return { kind: 'repository', url: packageUrl, version: 'latest', expectedSlug: pluginSlug }
  }
  // Of an upload it is known that nothing is known, whatever the package says (plugins.md B3).
  throw packageSource === 'upload' || sourceUrl !== null ? errors.noInstallMetadata() : errors.noSourceUrl(pluginSlug)
}

const storeUpdate = (
  deps: InstallDeps,
  plugin: PluginRow,
  { manifest, origin, sealed }: Candidate & { sealed: SealedPackage },
  { request }: InstallWork,
): Updated => {
  const { id: pluginId, userId, pluginSlug, version: previousVersion } = plugin
  deps.packageStore.place(sealed)
  const { contentHash, bytes: contentBytes } = sealed
  const fields = toPluginFields(manifest, { ...origin, contentHash, contentBytes }, deps.clock())
  updatePluginFields(deps.db, userId, pluginId, fields)
  const modules = storeParts(deps, plugin, manifest)
  deps.audit({
    type: 'plugin.updated',
    status: 'success',
    userId,
    ...(request ? { request } : {}),
    resource: { type: 'plugin', id: pluginId },
    extra: { previous_version: previousVersion, new_version: fields.version },
  })
  return { pluginId, pluginSlug, pluginName: fields.name, previousVersion, newVersion: fields.version, modules }
}

const update = async (deps: InstallDeps, before: PluginRow, work: InstallWork): Promise<Updated> => {
  const { userId, pluginSlug: slug } = before
  const source = sourceOf(before)
  const fail = failuresOf(source)
  await using staging = await deps.packageStore.stage()
  const preparation = { staging, userId, work, fail }
  const candidate = await prepareCandidate(deps, source, preparation)
  const sealed = await sealCandidate(deps, candidate, preparation)
  enterStep(work, 'lifecycle_manager_install')
  const updated = commitChange(deps, { userId, slug, fail }, () =>
    storeUpdate(deps, getUnchanged(deps, before, sealed), { ...candidate, sealed }, work),
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
    withPluginLock({ userId, slug, signal: work.signal }, async () => {
      work.signal?.throwIfAborted()
      try {
        return await update(deps, getPlugin(deps, userId, slug), work)
      } catch (error) {
        throw withoutDetails(error)
      }
    }),
  )
