import { GithubError } from '../../../adapters/github/types.ts'
import type { Deps } from '../../../deps.ts'
import { parseRepositoryUrl } from '../../../shared/repository-url.ts'
import { compareVersions } from '../../../shared/version-compare.ts'
import { normalizeVersion } from '../manifest/plugin-identity.ts'
import { findPluginBySlug, updatePluginFields } from '../plugins.store.ts'
import type { PluginRow } from '../plugins.table.ts'

export interface FoundUpdate {
  /** Without a leading `v`. */
  latestVersion: string
  updateAvailable: boolean
}

const cachedForMs = 60 * 60 * 1000

/** The tag that was installed: authors forget to raise the version inside. */
const installedVersion = ({ packageRef, version }: PluginRow) =>
  packageRef !== null && /^v?\d/i.test(packageRef) ? packageRef : version

const askGithub = async ({ github }: Pick<Deps, 'github'>, url: string, signal: AbortSignal | undefined) => {
  const repository = parseRepositoryUrl(url)
  if (!repository?.isGithub) return undefined
  const { owner, repo } = repository
  return await github.findRelease({ owner, repo, version: 'latest', ...(signal ? { signal } : {}) })
}

const toFound = (plugin: PluginRow, latestVersion: string | null): FoundUpdate | undefined =>
  latestVersion === null
    ? undefined
    : { latestVersion, updateAvailable: compareVersions(latestVersion, installedVersion(plugin)) > 0 }

/**
 * Whether there is a newer release of a plugin that was installed from GitHub; undefined when that is unknown, as for other
 * sources. The answer is kept in the plugin's row for an hour. Throws the signal's reason.
 */
export const findUpdate = async (
  deps: Pick<Deps, 'clock' | 'db' | 'github' | 'log'>,
  plugin: PluginRow,
  signal?: AbortSignal,
): Promise<FoundUpdate | undefined> => {
  const { packageSource, packageUrl, lastUpdateCheck, latestVersion } = plugin
  if (packageSource !== 'github' || packageUrl === null) return undefined
  const now = deps.clock()
  if (lastUpdateCheck !== null && now - lastUpdateCheck < cachedForMs) return toFound(plugin, latestVersion)
  try {
    const release = await askGithub(deps, packageUrl, signal)
    const latest = release ? normalizeVersion(release.tag).slice(0, 100) : null
    // Read again: it may have been updated while GitHub was asked.
    const found = toFound(findPluginBySlug(deps.db, plugin.userId, plugin.pluginSlug) ?? plugin, latest)
    updatePluginFields(deps.db, plugin.userId, plugin.id, {
      lastUpdateCheck: now,
      latestVersion: latest,
      updateAvailable: found?.updateAvailable ?? false,
    })
    return found
  } catch (error) {
    if (!(error instanceof GithubError)) throw error
    deps.log.info('GitHub did not say whether there is an update', { plugin: plugin.id, reason: error.message })
    return undefined
  }
}
