import { inTransaction } from '../../../db/transaction.ts'
import type { Deps } from '../../../deps.ts'
import { isProgramSetting } from '../../settings/plugin-settings.service.ts'
import { deleteUserSetting } from '../../settings/settings.service.ts'
import type { Uninstalled } from './install-types.ts'
import { collectPackages } from '../package-upkeep.service.ts'
import * as errors from './plugins-lifecycle.errors.ts'
import { listModulesOfPlugin } from '../plugins-read.store.ts'
import { deletePlugin, findPluginBySlug } from '../plugins.store.ts'
import type { PluginRow } from '../plugins.table.ts'
import { readManifestIn } from '../packages/read-package.ts'
import { knownRecipesOf } from '../manifest/settings-recipes.ts'

type UninstallDeps = Pick<Deps, 'audit' | 'db' | 'packageStore'>

const getPlugin = ({ db }: Pick<Deps, 'db'>, userId: string, slug: string): PluginRow => {
  const plugin = findPluginBySlug(db, userId, slug)
  if (!plugin) throw errors.notInstalled()
  return plugin
}

/** The settings that go with the plugin, by what its files say, and without them by what we know of it. */
const findRemovableSettings = async (
  { packageStore }: Pick<Deps, 'packageStore'>,
  { contentHash, pluginSlug }: PluginRow,
): Promise<string[]> => {
  const known = knownRecipesOf(pluginSlug, null)
  const result = contentHash === null ? undefined : await readManifestIn(packageStore.filesOf(contentHash))
  const recipes = result?.ok ? result.manifest.settings : known
  return (
    recipes
      .filter(({ removeInstanceOnUninstall }) => removeInstanceOnUninstall)
      .map(({ definition }) => definition.id)
      // No plugin takes along a setting of this program, such as the keys of a provider, unless we know the plugin.
      .filter((id) => !isProgramSetting(id) || known.some(({ definition }) => definition.id === id))
  )
}

/**
 * Removes a plugin with all that belongs to it; also when its files are gone. Throws 404 with the text of plugins.md A2. An
 * installation or update under way does not delay it: an update then finds no plugin.
 */
export const uninstallPlugin = async (deps: UninstallDeps, userId: string, slug: string): Promise<Uninstalled> => {
  const settings = await findRemovableSettings(deps, getPlugin(deps, userId, slug))
  const uninstalled = inTransaction(deps.db, () => {
    const { id: pluginId, pluginSlug, version } = getPlugin(deps, userId, slug)
    const deletedModules = listModulesOfPlugin(deps.db, userId, pluginId).length
    deletePlugin(deps.db, userId, pluginId)
    for (const definitionId of settings) deleteUserSetting(deps, userId, definitionId)
    const resource = { type: 'plugin', id: pluginId }
    deps.audit({ type: 'plugin.uninstalled', status: 'success', userId, resource, extra: { version } })
    return { pluginId, pluginSlug, deletedModules }
  })
  collectPackages(deps)
  return uninstalled
}
