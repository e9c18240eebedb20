import type { PluginKey } from './plugin-rows.ts'

/** What the ids of a plugin's modules begin with, and perhaps those of another one: `a` has `b_c`, `a_b` has `c`. */
export const moduleIdPrefix = ({ userId, pluginSlug }: PluginKey): string => `${userId}_${pluginSlug}_`

/**
 * Gives out ids for new modules of a plugin: `<plugin id>_<name>` as clients know them (plugins.md B1.5), and with more
 * underscores in between where that is taken. Pages name modules by their id alone, so no two of a user may share one.
 * `taken`: the ids in use that begin with `moduleIdPrefix`.
 */
export const createModuleIds = (plugin: PluginKey, taken: Set<string>) => {
  const used = new Set(taken)
  return (name: string): string => {
    let prefix = moduleIdPrefix(plugin)
    while (used.has(prefix + name)) prefix += '_'
    used.add(prefix + name)
    return prefix + name
  }
}
