import type { Deps } from '../../../deps.ts'
import { parseRepositoryUrl } from '../../../shared/repository-url.ts'
import { spellVersion } from '../../../shared/spell-version.ts'
import { findOwnJob } from '../../jobs/jobs.service.ts'
import type { Installed } from './install-types.ts'
import { listPlugins } from './plugin-updates.store.ts'
import { listModulesOfPlugin } from '../plugins-read.store.ts'
import type { PluginRow } from '../plugins.table.ts'

interface Wanted {
  url: string
  version: string
  expectedSlug?: string
}

const isWanted = ({ packageUrl, packageRef, pluginSlug }: PluginRow, { url, version, expectedSlug }: Wanted) =>
  packageUrl === parseRepositoryUrl(url)?.url &&
  (expectedSlug === undefined || pluginSlug === expectedSlug) &&
  (version === 'latest' || spellVersion(version).includes(packageRef ?? ''))

/**
 * What a job was to install, if that has happened since the job was created: by a run of it that was cut off after its
 * commit, or by its owner meanwhile.
 */
export const findInstalledByJob = (
  deps: Pick<Deps, 'db'>,
  { userId, jobId }: { userId: string; jobId: string },
  wanted: Wanted,
): Installed | undefined => {
  const job = findOwnJob(deps, userId, jobId)
  const plugin = listPlugins(deps.db, userId).find(
    (one) => job !== undefined && one.createdAt >= job.createdAt && isWanted(one, wanted),
  )
  if (!plugin) return undefined
  const { id: pluginId, pluginSlug, name: pluginName, version } = plugin
  const modules = listModulesOfPlugin(deps.db, userId, pluginId).map(({ id }) => id)
  return { pluginId, pluginSlug, pluginName, version, modules }
}
