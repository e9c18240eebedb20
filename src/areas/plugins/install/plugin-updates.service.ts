import type { Deps } from '../../../deps.ts'
import { createSemaphore } from '../../../shared/semaphore.ts'
import { findUpdate, type FoundUpdate } from './find-update.ts'
import { toPluginId } from '../plugin-ids.ts'
import { listPlugins } from './plugin-updates.store.ts'
import type { AvailableUpdate, FoundUpdateAnswer } from './plugins-install.schema.ts'
import { findPlugin } from '../plugins-read.store.ts'
import type { PluginRow } from '../plugins.table.ts'

const atOnce = 6
const timeMs = 20_000

/** Undefined when nobody knows: no source to ask, or no usable answer in time. */
export const lookUp = async (deps: Deps, plugin: PluginRow, signal: AbortSignal): Promise<FoundUpdate | undefined> => {
  try {
    return await findUpdate(deps, plugin, signal)
  } catch (error) {
    deps.log.debug('no answer about updates of a plugin', { plugin: plugin.pluginSlug, error })
    return undefined
  }
}

/** The slug of a plugin that a client named by slug or id; what the user does not have stays as it is. */
export const toSlug = ({ db }: Pick<Deps, 'db'>, userId: string, sent: string): string =>
  findPlugin(db, userId, toPluginId(sent), sent)?.pluginSlug ?? sent

/** `GET /plugins/{slug}/update/available`: never an error (plugins.md A1). */
export const readUpdate = async (deps: Deps, userId: string, sent: string): Promise<FoundUpdateAnswer['data']> => {
  const plugin = findPlugin(deps.db, userId, toPluginId(sent), sent)
  if (!plugin) return { plugin_id: sent, update_available: false, message: 'Plugin not found' }
  const found = await lookUp(deps, plugin, AbortSignal.timeout(timeMs))
  return {
    plugin_id: plugin.pluginSlug,
    current_version: plugin.version,
    latest_version: found?.latestVersion ?? null,
    repo_url: plugin.sourceUrl,
    update_available: found?.updateAvailable ?? false,
    message: `Current: ${plugin.version}, Latest: ${found?.latestVersion ?? 'unknown'}`,
  }
}

/** `GET /plugins/updates/available`: those of the user's plugins that have a newer version. A few are asked for at once. */
export const listUpdates = async (deps: Deps, userId: string): Promise<AvailableUpdate[]> => {
  const signal = AbortSignal.timeout(timeMs)
  const plugins = listPlugins(deps.db, userId)
  const places = createSemaphore(atOnce, plugins.length, () => new Error('more updates than plugins'))
  const found = await Promise.all(
    plugins.map(async (plugin) => ({ plugin, update: await places.run(() => lookUp(deps, plugin, signal)) })),
  )
  return found.flatMap(({ plugin, update }) =>
    update?.updateAvailable
      ? [
          {
            plugin_id: plugin.id,
            plugin_slug: plugin.pluginSlug,
            plugin_name: plugin.name,
            current_version: plugin.version,
            latest_version: update.latestVersion,
            repo_url: plugin.packageUrl ?? plugin.sourceUrl,
          },
        ]
      : [],
  )
}
