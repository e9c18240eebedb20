import type { Deps } from '../../../deps.ts'
import { type Fail, failuresOf } from './install-failure.ts'
import { enterStep } from './install-step.ts'
import type { InstallSource, InstallWork, Installed } from './install-types.ts'
import type { SealedPackage } from '../packages/package-store.ts'
import { commitChange, storeParts, withinUserLimit, withPluginLock } from './plugin-change.ts'
import { toNewPlugin, toPluginFields } from './plugin-rows.ts'
import { findPluginBySlug, insertPlugin } from '../plugins.store.ts'
import { type Candidate, prepareCandidate, sealCandidate } from '../packages/prepare-package.ts'

export type InstallDeps = Pick<
  Deps,
  | 'archives'
  | 'audit'
  | 'clock'
  | 'config'
  | 'db'
  | 'download'
  | 'git'
  | 'github'
  | 'log'
  | 'packageStore'
  | 'secretBox'
>

const assertNotInstalled = ({ db }: Pick<Deps, 'db'>, userId: string, slug: string, fail: Fail) => {
  if (findPluginBySlug(db, userId, slug)) {
    throw fail('lifecycle_manager_install', 'Plugin already installed for user', { plugin_slug: slug })
  }
}

const storePlugin = (
  deps: InstallDeps,
  userId: string,
  { manifest, origin, sealed }: Candidate & { sealed: SealedPackage },
  { request }: InstallWork,
): Installed => {
  const { db, packageStore, clock, audit } = deps
  const { contentHash, bytes: contentBytes } = sealed
  const fields = toPluginFields(manifest, { ...origin, contentHash, contentBytes }, clock())
  const plugin = toNewPlugin(userId, manifest.pluginSlug, fields)
  packageStore.place(sealed)
  insertPlugin(db, plugin)
  const modules = storeParts(deps, plugin, manifest)
  const { id: pluginId, pluginSlug, name: pluginName, version } = plugin
  audit({
    type: 'plugin.installed',
    status: 'success',
    userId,
    ...(request ? { request } : {}),
    resource: { type: 'plugin', id: pluginId },
    extra: { version, source: origin.packageSource },
  })
  return { pluginId, pluginSlug, pluginName, version, modules }
}

const install = async (
  deps: InstallDeps,
  userId: string,
  source: InstallSource,
  work: InstallWork,
): Promise<Installed> => {
  const fail = failuresOf(source)
  await using staging = await deps.packageStore.stage()
  const preparation = { staging, userId, work, fail }
  const candidate = await prepareCandidate(deps, source, preparation)
  const slug = candidate.manifest.pluginSlug
  return await withPluginLock({ userId, slug, signal: work.signal }, async () => {
    assertNotInstalled(deps, userId, slug, fail)
    const sealed = await sealCandidate(deps, candidate, preparation)
    enterStep(work, 'lifecycle_manager_install')
    return commitChange(deps, { userId, slug, fail }, () => {
      // Again: a registration does not wait for the lock.
      assertNotInstalled(deps, userId, slug, fail)
      return storePlugin(deps, userId, { ...candidate, sealed }, work)
    })
  })
}

/**
 * Installs a plugin for a user: fetches it, checks it, stores files and rows at once (plugins.md B1.5, B2, B3). Nothing of
 * it is run. Throws 400 with the object of B2.4 as `detail`, 429 and 503 when too many installations are under way, or the
 * signal's reason; nothing is left of it then. An uploaded file stays, it is the caller's.
 */
export const installPlugin = async (
  deps: InstallDeps,
  userId: string,
  source: InstallSource,
  work: InstallWork = {},
): Promise<Installed> => await withinUserLimit(userId, () => install(deps, userId, source, work))
