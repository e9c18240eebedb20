import { inTransaction } from '../../../db/transaction.ts'
import type { Deps } from '../../../deps.ts'
import { AppError } from '../../../shared/app-error.ts'
import { createKeyedLock } from '../../../shared/keyed-lock.ts'
import { createPerKeyLimit } from '../../../shared/per-key-limit.ts'
import { ensureUserSetting } from '../../settings/plugin-settings.service.ts'
import type { Fail } from './install-failure.ts'
import { collectPackages } from '../package-upkeep.service.ts'
import type { PluginManifest } from '../manifest/plugin-manifest.ts'
import { checkPluginRoom } from '../plugin-room.ts'
import { type PluginKey, toModuleRow, toServiceRow } from './plugin-rows.ts'
import { listModulesOfPlugin } from '../plugins-read.store.ts'
import { tooManyInstallsOfUser } from './plugins-lifecycle.errors.ts'
import { replaceModules, replaceServices } from '../plugins.store.ts'

const locks = createKeyedLock()
const withinLimit = createPerKeyLimit(8, tooManyInstallsOfUser)

/** Runs an installation or update, of which a user may have eight under way. Throws 429. */
export const withinUserLimit = <T>(userId: string, work: () => Promise<T>): Promise<T> => withinLimit(userId, work)

/** One installation or update at a time for each plugin of a user. */
export const withPluginLock = <T>(userId: string, slug: string, work: () => Promise<T>): Promise<T> =>
  locks.run(`${userId}/${slug}`, work)

type PartsDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

/**
 * Writes what belongs to a plugin's row; call in its transaction. Returns the ids of the modules. Throws when there is no
 * room for them or the settings.
 */
export const storeParts = (deps: PartsDeps, plugin: PluginKey, manifest: PluginManifest): string[] => {
  const { db } = deps
  const { id, userId } = plugin
  const now = deps.clock()
  const existing = new Map(listModulesOfPlugin(db, userId, id).map((module) => [module.name, module]))
  const modules = manifest.modules.map((module) => toModuleRow(plugin, module, existing.get(module.name), now))
  replaceModules(db, userId, id, modules)
  const services = manifest.services.map((service) => toServiceRow(plugin, service, now))
  replaceServices(db, userId, id, services)
  for (const recipe of manifest.settings) ensureUserSetting(deps, userId, recipe)
  checkPluginRoom(deps, userId)
  return modules.map((module) => module.id)
}

/**
 * The one transaction of an installation or update. After a failure what it had put in place is taken away again; our own
 * errors, such as a full settings store, become a failed step.
 */
export const commitChange = <T>(
  deps: Pick<Deps, 'db' | 'packageStore'>,
  { fail, slug }: { fail: Fail; slug: string },
  work: () => T extends PromiseLike<unknown> ? never : T,
): T => {
  try {
    return inTransaction(deps.db, work)
  } catch (error) {
    collectPackages(deps)
    const isPlain = error instanceof AppError && error.detail === undefined && error.status !== 404
    throw isPlain ? fail('lifecycle_manager_install', error.message, { plugin_slug: slug }) : error
  }
}
