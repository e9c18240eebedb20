import type { Deps } from '../../deps.ts'
import { isOwnId } from '../../shared/ids.ts'
import { collectPackages } from './package-upkeep.service.ts'
import * as errors from './plugins-change.errors.ts'
import type { ServiceCall } from './plugins-change.schema.ts'
import { switchModule, switchPlugin } from './plugins-change.store.ts'
import { moduleNotFound, orNotYours } from './plugins-read.errors.ts'
import { findOwnModule, findOwnPlugin, getOwnPlugin } from './plugins-read.service.ts'
import { deletePlugin } from './plugins.store.ts'
import type { PluginRow } from './plugins.table.ts'

type WriteDeps = Pick<Deps, 'db' | 'clock'>

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : !value

/** What a client means by `enabled`: empty values are false, as in the reference, and so is the word. Throws 400 without one. */
const readEnabled = (body: { enabled?: unknown }): boolean => {
  if (!Object.hasOwn(body, 'enabled')) throw errors.enabledMissing()
  const { enabled } = body
  return !isEmpty(typeof enabled === 'string' && enabled.trim().toLowerCase() === 'false' ? false : enabled)
}

interface Switched {
  plugin: PluginRow
  enabled: boolean
}

/** Throws 400 before it looks for the plugin, then 404. */
export const enablePlugin = (
  deps: WriteDeps,
  userId: string,
  pluginId: string,
  body: { enabled?: unknown },
): Switched => {
  const enabled = readEnabled(body)
  const plugin = getOwnPlugin(deps, userId, pluginId, orNotYours)
  switchPlugin(deps.db, plugin, enabled, deps.clock())
  return { plugin, enabled }
}

/** As `enablePlugin`. Clients show whether a module is enabled; the manifest holds it all the same. */
export const enableModule = (
  deps: WriteDeps,
  userId: string,
  { pluginId, moduleId }: { pluginId: string; moduleId: string },
  body: { enabled?: unknown },
): boolean => {
  const enabled = readEnabled(body)
  const plugin = findOwnPlugin(deps, userId, pluginId)
  const module = plugin && findOwnModule(deps, userId, plugin, moduleId)
  if (!module) throw moduleNotFound(moduleId, pluginId, orNotYours)
  switchModule(deps.db, module, enabled, deps.clock())
  return enabled
}

/** Takes a plugin away, with its modules, its services, and its files unless others use them. Settings stay. Throws 404. */
export const unregisterPlugin = (
  deps: Pick<Deps, 'db' | 'packageStore'>,
  userId: string,
  pluginId: string,
): PluginRow => {
  const plugin = getOwnPlugin(deps, userId, pluginId, orNotYours)
  deletePlugin(deps.db, userId, plugin.id)
  collectPackages(deps)
  return plugin
}

/** Always throws: 403 for another user, 400 without a definition, else 501, since nothing of a plugin runs here (contract decision 19). */
export const refuseService = (userId: string, { user_id: sent, definition_id: definitionId }: ServiceCall): never => {
  if (sent && !isOwnId(userId, sent)) throw errors.foreignServices()
  if (!definitionId) throw errors.definitionRequired()
  throw errors.servicesUnsupported()
}
