import type { Deps } from '../../../deps.ts'
import { AppError } from '../../../shared/app-error.ts'
import { createKeyedLock } from '../../../shared/keyed-lock.ts'
import { createPerKeyLimit } from '../../../shared/per-key-limit.ts'
import { ensureUserSetting, isProgramSetting } from '../../settings/plugin-settings.service.ts'
import type { Fail } from './install-failure.ts'
import { createModuleIds, moduleIdPrefix } from './module-ids.ts'
import { collectPackages } from '../package-upkeep.service.ts'
import type { PluginManifest } from '../manifest/plugin-manifest.ts'
import type { SettingsRecipe } from '../manifest/settings-recipes.ts'
import { listPluginSettings, replacePluginSettings } from '../plugin-settings.store.ts'
import { withinPluginRoom } from '../plugin-room.ts'
import { type PluginKey, toModuleRow, toServiceRow } from './plugin-rows.ts'
import { listModulesOfPlugin } from '../plugins-read.store.ts'
import { tooManyInstallsOfUser } from './plugins-lifecycle.errors.ts'
import { listModuleIds, replaceModules, replaceServices } from '../plugins.store.ts'

const locks = createKeyedLock()
const withinLimit = createPerKeyLimit(8, tooManyInstallsOfUser)

/** Runs an installation or update, of which a user may have eight under way. Throws 429. */
export const withinUserLimit = <T>(userId: string, work: () => Promise<T>): Promise<T> => withinLimit(userId, work)

/** One installation or update at a time for each plugin of a user. */
export const withPluginLock = <T>(
  { userId, slug, signal }: { userId: string; slug: string; signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> => locks.run(`${userId}/${slug}`, work, signal)

type PartsDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

const storeModules = ({ db, clock }: PartsDeps, plugin: PluginKey, { modules }: PluginManifest): string[] => {
  const { id, userId } = plugin
  const now = clock()
  const stored = new Map(listModulesOfPlugin(db, userId, id).map((module) => [module.name, module]))
  const newId = createModuleIds(plugin, listModuleIds(db, userId, moduleIdPrefix(plugin)))
  const rows = modules.map((module) =>
    toModuleRow(plugin, module, stored.get(module.name) ?? { id: newId(module.name) }, now),
  )
  replaceModules(db, userId, id, rows)
  return rows.map((row) => row.id)
}

/** No plugin takes along a setting of this program, such as the keys of a provider, unless we know the plugin. */
export const goesWithPlugin = ({ removeInstanceOnUninstall, isKnown, definition }: SettingsRecipe) =>
  removeInstanceOnUninstall && (isKnown || !isProgramSetting(definition.id))

const storeSettings = (deps: PartsDeps, { id: pluginId, userId }: PluginKey, { settings }: PluginManifest) => {
  const made = new Set(
    listPluginSettings(deps.db, userId, pluginId)
      .filter(({ madeInstance }) => madeInstance)
      .map(({ definitionId }) => definitionId),
  )
  const rows = settings.map((recipe) => {
    const definitionId = recipe.definition.id
    const madeInstance = ensureUserSetting(deps, userId, recipe) || made.has(definitionId)
    return { pluginId, userId, definitionId, madeInstance, goesWithPlugin: goesWithPlugin(recipe) }
  })
  replacePluginSettings(deps.db, userId, pluginId, rows)
}

/**
 * Writes what belongs to a plugin's row; call in its transaction. Returns the ids of the modules. Throws when there is no
 * room for the settings.
 */
export const storeParts = (deps: PartsDeps, plugin: PluginKey, manifest: PluginManifest): string[] => {
  const modules = storeModules(deps, plugin, manifest)
  const services = manifest.services.map((service) => toServiceRow(plugin, service, deps.clock()))
  replaceServices(deps.db, plugin.userId, plugin.id, services)
  storeSettings(deps, plugin, manifest)
  return modules
}

/** Whose plugin changes. */
interface Change {
  userId: string
  slug: string
  fail: Fail
}

/**
 * The one transaction of an installation or update. After a failure what it had put in place is taken away again; our own
 * errors, such as a full disk quota or settings store, become a failed step.
 */
export const commitChange = <T>(
  deps: Pick<Deps, 'db' | 'config' | 'packageStore'>,
  { userId, slug, fail }: Change,
  work: () => T extends PromiseLike<unknown> ? never : T,
): T => {
  try {
    return withinPluginRoom<T>(deps, userId, work)
  } catch (error) {
    collectPackages(deps)
    const isPlain = error instanceof AppError && error.detail === undefined && error.status !== 404
    throw isPlain ? fail('lifecycle_manager_install', error.message, { plugin_slug: slug }, error) : error
  }
}
