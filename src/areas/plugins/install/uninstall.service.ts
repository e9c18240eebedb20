import { inTransaction } from '../../../db/transaction.ts'
import type { Deps } from '../../../deps.ts'
import { deleteUserSetting } from '../../settings/settings.service.ts'
import type { Uninstalled } from './install-types.ts'
import { collectPackages } from '../package-upkeep.service.ts'
import { listGoingSettings } from '../plugin-settings.store.ts'
import * as errors from './plugins-lifecycle.errors.ts'
import { listModulesOfPlugin } from '../plugins-read.store.ts'
import { deletePlugin, findPluginBySlug } from '../plugins.store.ts'

type UninstallDeps = Pick<Deps, 'audit' | 'db' | 'packageStore'>

/**
 * Removes a plugin with all that belongs to it; also when its files are gone. Of the user's settings only those go that were
 * made for this plugin, are meant to go with it, and that no other plugin of the user came with. Throws 404 with the text of
 * plugins.md A2. An installation or update under way does not delay it: an update then finds no plugin. `request`: for the
 * audit log.
 */
export const uninstallPlugin = (deps: UninstallDeps, userId: string, slug: string, request?: Request): Uninstalled => {
  const uninstalled = inTransaction(deps.db, () => {
    const plugin = findPluginBySlug(deps.db, userId, slug)
    if (!plugin) throw errors.notInstalled()
    const { id: pluginId, pluginSlug, version } = plugin
    const deletedModules = listModulesOfPlugin(deps.db, userId, pluginId).length
    const settings = listGoingSettings(deps.db, userId, pluginId)
    deletePlugin(deps.db, userId, pluginId)
    for (const definitionId of settings) deleteUserSetting(deps, userId, definitionId)
    deps.audit({
      type: 'plugin.uninstalled',
      status: 'success',
      userId,
      ...(request ? { request } : {}),
      resource: { type: 'plugin', id: pluginId },
      extra: { version },
    })
    return { pluginId, pluginSlug, deletedModules }
  })
  collectPackages(deps)
  return uninstalled
}
