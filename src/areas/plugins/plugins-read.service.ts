import type { Deps } from '../../deps.ts'
import { toFolded } from '../../shared/folded-text.ts'
import { listModules, listModulesByKey, listModuleTexts, type ModuleTexts } from './module-list.store.ts'
import { toPluginId } from './plugin-ids.ts'
import * as texts from './plugin-texts.schema.ts'
import { lookUp } from './install/plugin-updates.service.ts'
import { moduleNotFound, orNotYours, pluginNotFound } from './plugins-read.errors.ts'
import type { ListModulesQuery } from './plugins-read.schema.ts'
import * as store from './plugins-read.store.ts'
import type { PluginModuleRow, PluginRow } from './plugins.table.ts'

type ReadDeps = Pick<Deps, 'db'>

/** The user's own plugin by id or slug; undefined when there is none, or it is somebody else's. */
export const findOwnPlugin = ({ db }: ReadDeps, userId: string, idOrSlug: string): PluginRow | undefined =>
  store.findPlugin(db, userId, toPluginId(idOrSlug), idOrSlug)

/** As `findOwnPlugin`; throws 404, whose text ends in `addition`. */
export const getOwnPlugin = (deps: ReadDeps, userId: string, idOrSlug: string, addition = ''): PluginRow => {
  const plugin = findOwnPlugin(deps, userId, idOrSlug)
  if (!plugin) throw pluginNotFound(idOrSlug, addition)
  return plugin
}

/** A module of the user's own plugin, with the plugin; undefined when there is no such module in it. */
export const findOwnModule = (deps: ReadDeps, userId: string, plugin: PluginRow, moduleId: string) =>
  store.findModule(deps.db, userId, plugin.id, toPluginId(moduleId))

/** The same by ids. Throws 404. */
export const getOwnModule = (deps: ReadDeps, userId: string, pluginId: string, moduleId: string) => {
  const plugin = getOwnPlugin(deps, userId, pluginId)
  const module = findOwnModule(deps, userId, plugin, moduleId)
  if (!module) throw moduleNotFound(moduleId, pluginId)
  return { plugin, module }
}

/** What is enabled, as members of a JSON object. */
export const readManifest = ({ db }: ReadDeps, userId: string): Generator<string> =>
  texts.manifestMembers(store.listEnabledPlugins(db, userId))

/** The same with modules, also disabled ones. Two queries, however many plugins there are. */
export const readDesignerManifest = ({ db }: ReadDeps, userId: string): Generator<string> =>
  texts.manifestMembers(store.listEnabledPlugins(db, userId), store.listModulesOfUser(db, userId))

/** As JSON text, like all that follow. */
export const readPlugin = (deps: ReadDeps, userId: string, idOrSlug: string): string =>
  texts.toPluginText(getOwnPlugin(deps, userId, idOrSlug))

export const readPluginWithModules = (deps: ReadDeps, userId: string, idOrSlug: string): string => {
  const plugin = getOwnPlugin(deps, userId, idOrSlug)
  return texts.toPluginWithModulesText(plugin, store.listModulesOfPlugin(deps.db, userId, plugin.id))
}

export const readModules = (deps: ReadDeps, userId: string, idOrSlug: string): string => {
  const { id } = getOwnPlugin(deps, userId, idOrSlug, orNotYours)
  return `{"modules":${texts.toModulesText(store.listModulesOfPlugin(deps.db, userId, id))}}`
}

/** Without asking the plugin's source for updates. */
export const readModule = (deps: ReadDeps, userId: string, pluginId: string, moduleId: string): string => {
  const { plugin, module } = getOwnModule(deps, userId, pluginId, moduleId)
  return texts.toModuleDetailText(plugin, module)
}

/** As long as a page may wait for somebody else's server. */
const checkTimeMs = 10_000

/** Asks the plugin's source for a newer version first; when that fails, answers with what is known. */
export const readModuleAndUpdate = async (
  deps: Deps,
  userId: string,
  pluginId: string,
  moduleId: string,
): Promise<string> => {
  const { plugin } = getOwnModule(deps, userId, pluginId, moduleId)
  // What is found stands in the plugin's row.
  await lookUp(deps, plugin, AbortSignal.timeout(checkTimeMs))
  return readModule(deps, userId, pluginId, moduleId)
}

const isMatch =
  (search: string, tags: Set<string>) =>
  ({ name, displayName, description, tags: tagText }: ModuleTexts): boolean =>
    (search === '' || [name, displayName, description].some((one) => one && toFolded(one).includes(search))) &&
    (tags.size === 0 || hasTag(tagText, tags))

const hasTag = (text: string, tags: Set<string>): boolean => {
  try {
    const own: unknown = JSON.parse(text)
    return Array.isArray(own) && own.some((one) => typeof one === 'string' && tags.has(one.trim()))
  } catch {
    return false
  }
}

interface ModulePage {
  rows: PluginModuleRow[]
  total: number
}

const findModules = ({ db }: ReadDeps, userId: string, query: ListModulesQuery): ModulePage => {
  const [category, skip] = [query.category || undefined, (query.page - 1) * query.pageSize]
  const search = toFolded(query.search ?? '')
  const tags = new Set((query.tags ?? '').split(',').map((tag) => tag.trim()))
  tags.delete('')
  if (search === '' && tags.size === 0) return listModules(db, userId, category, { skip, limit: query.pageSize })
  const found = listModuleTexts(db, userId, category).filter(isMatch(search, tags))
  const keys = found.slice(skip, skip + query.pageSize).map(({ key }) => key)
  return { rows: listModulesByKey(db, userId, keys), total: found.length }
}

/** A page of all modules, also of disabled plugins. */
export const readModulePage = (deps: ReadDeps, userId: string, query: ListModulesQuery): string => {
  const { rows, total } = findModules(deps, userId, query)
  return `{"modules":${texts.toModulesText(rows)},"totalItems":${total}}`
}

export const countOwnEnabled = ({ db }: ReadDeps, userId: string): number => store.countEnabledPlugins(db, userId)

/** What a report of a problem says about a user's plugins (auth.md 8). */
export const summarizePlugins = ({ db }: ReadDeps, userId: string) => {
  const items = store.listPluginSummaries(db, userId).map((one) => ({
    id: one.pluginSlug,
    version: one.version,
    module_count: one.moduleCount,
    bundlelocation: one.bundleLocation,
    enabled: one.enabled,
  }))
  return { count: items.length, modules: items.reduce((sum, one) => sum + one.module_count, 0), items }
}
