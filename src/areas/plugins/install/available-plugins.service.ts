import type { Deps } from '../../../deps.ts'
import type { RegistryEntry } from '../registry/plugin-registry.schema.ts'
import { listPlugins } from './plugin-updates.store.ts'
import type { AvailablePlugin } from './plugins-install.schema.ts'
import type { PluginRow } from '../plugins.table.ts'

const fromRegistry = (entry: RegistryEntry): AvailablePlugin => ({
  slug: entry.slug,
  directory: entry.slug,
  has_lifecycle_manager: true,
  name: entry.name,
  description: entry.description,
  ...(entry.version === undefined ? {} : { version: entry.version }),
  author: entry.author,
  repo_url: entry.repo_url,
  category: entry.category ?? null,
  icon: entry.icon ?? null,
  official: entry.official ?? false,
  installed: false,
})

const fromRow = (row: PluginRow): AvailablePlugin => ({
  slug: row.pluginSlug,
  directory: row.pluginSlug,
  has_lifecycle_manager: true,
  name: row.name,
  description: row.description,
  version: row.version,
  author: row.author,
  repo_url: row.packageUrl ?? row.sourceUrl,
  category: row.category,
  icon: row.icon,
  official: false,
  installed: true,
})

/**
 * The registry, and what the user has besides, by slug in lower case (decision 16). Whether a plugin is official is the
 * registry's word alone.
 */
export const listAvailable = async (deps: Deps, userId: string): Promise<Record<string, AvailablePlugin>> => {
  const available = new Map(
    (await deps.pluginRegistry.list()).map((entry) => [entry.slug.toLowerCase(), fromRegistry(entry)]),
  )
  for (const row of listPlugins(deps.db, userId)) {
    const key = row.pluginSlug.toLowerCase()
    const known = available.get(key)
    available.set(key, known ? { ...known, version: row.version, installed: true } : fromRow(row))
  }
  return Object.fromEntries(available)
}
