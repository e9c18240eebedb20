import { type Static, t } from 'elysia'
import type { Deps } from '../../../deps.ts'
import { Nullable, OptionalText } from '../../../http/wire-types.ts'
import { isSchemeAllowed } from '../../../shared/plain-http.ts'
import { redactAddress } from '../../../shared/redact.ts'
import { parseRepositoryUrl } from '../../../shared/repository-url.ts'
import { defineJob, type JobContext } from '../../jobs/job-type.ts'
import { failuresOf } from './install-failure.ts'
import { installPlugin } from './install.service.ts'
import type { InstallSource, InstallStep, InstallWork, Installed } from './install-types.ts'
import { findInstalledByJob } from './installed-by-job.ts'
import { toSlug } from './plugin-updates.service.ts'
import * as errors from './plugins-install.errors.ts'
import { toInstallJobFailure } from './plugin-install-failure.ts'
import { updatePlugin } from './update.service.ts'

const Payload = t.Object({
  operation: t.Optional(t.Union([t.Literal('install'), t.Literal('update')], { default: 'install' })),
  plugin_slug: t.Optional(
    Nullable(
      t.String({
        maxLength: 200,
        pattern: String.raw`^\s*[\w-]*\s*$`,
        description: 'A plugin of the registry; for an update, slug or id of one of the user',
      }),
    ),
  ),
  repo_url: OptionalText(500, 'Instead: address of a Git repository'),
  version: OptionalText(250, 'For an installation: `latest` (the default), a tag with or without its `v`, or a branch'),
})
type Payload = Static<typeof Payload>

type RepositorySource = Extract<InstallSource, { kind: 'repository' }>

const timeoutMs = 15 * 60_000

const given = (text: string | null | undefined): string | undefined => text?.trim() || undefined

/** The address in its one spelling, without what may sign somebody in. Throws the 400 of plugins.md B2.4. */
const toAllowedUrl = (url: string, version: string, { privateHosts }: Deps['config']): string => {
  const fail = failuresOf({ kind: 'repository', url, version })
  const repository = parseRepositoryUrl(url)
  if (!repository) throw fail('url_parsing', redactAddress(url))
  if (!isSchemeAllowed(new URL(repository.url), new Set(privateHosts))) {
    throw fail('url_parsing', `${repository.url}. The address of the repository must begin with https://.`)
  }
  return repository.url
}

const checkPayload = ({ operation = 'install', ...sent }: Payload, { config }: Pick<Deps, 'config'>): Payload => {
  const [slug, url, chosen] = [given(sent.plugin_slug), given(sent.repo_url), given(sent.version)]
  if (slug !== undefined && url !== undefined) throw errors.oneSourceRequired()
  if (operation === 'update') {
    if (slug === undefined || chosen !== undefined) throw errors.updateBySlug()
    return { operation, plugin_slug: slug }
  }
  const version = chosen ?? 'latest'
  if (slug !== undefined) return { operation, version, plugin_slug: slug }
  if (url === undefined) throw errors.oneSourceRequired()
  return { operation, version, repo_url: toAllowedUrl(url, version, config) }
}

const steps: Record<InstallStep, { percent: number; message: string }> = {
  url_parsing: { percent: 2, message: 'Checking the address' },
  release_lookup: { percent: 5, message: 'Looking for the release' },
  download_and_extract: { percent: 15, message: 'Downloading and unpacking' },
  file_extraction: { percent: 15, message: 'Unpacking' },
  plugin_validation: { percent: 60, message: 'Checking the plugin' },
  setup_and_copy: { percent: 70, message: 'Storing the files' },
  lifecycle_manager_install: { percent: 95, message: 'Installing' },
}

const toWork = ({ signal, report }: JobContext): InstallWork => ({
  signal,
  onProgress: (step) => report({ stage: step, ...steps[step] }),
})

const findInRegistry = async (deps: Deps, slug: string, version: string): Promise<RepositorySource> => {
  const entry = await deps.pluginRegistry.find(slug)
  if (!entry) throw errors.notInRegistry(redactAddress(slug))
  return { kind: 'repository', url: entry.repo_url, version, expectedSlug: entry.slug }
}

const toResult = ({ pluginId, pluginSlug, pluginName, version, modules }: Installed) => ({
  plugin_id: pluginId,
  plugin_slug: pluginSlug,
  plugin_name: pluginName,
  version,
  modules_created: modules,
})

const install = async (deps: Deps, payload: Payload, context: JobContext) => {
  const { plugin_slug: slug, repo_url: url, version } = payload
  const { userId, report } = context
  const wanted = version ?? 'latest'
  report({ stage: 'started', percent: 0, message: `Installing ${slug ?? url ?? ''}` })
  const source: RepositorySource = slug
    ? await findInRegistry(deps, slug, wanted)
    : { kind: 'repository', url: url ?? '', version: wanted }
  const installed =
    findInstalledByJob(deps, context, source) ?? (await installPlugin(deps, userId, source, toWork(context)))
  return {
    operation: 'install',
    ...toResult(installed),
    source: slug ? 'marketplace' : 'github',
    repo_url: redactAddress(source.url),
  }
}

const update = async (deps: Deps, { plugin_slug: slug }: Payload, context: JobContext) => {
  const { userId, report } = context
  report({ stage: 'started', percent: 0, message: `Updating ${slug ?? ''}` })
  const updated = await updatePlugin(deps, userId, toSlug(deps, userId, slug ?? ''), toWork(context))
  const { previousVersion, newVersion, ...rest } = updated
  return {
    operation: 'update',
    ...toResult({ ...rest, version: newVersion }),
    previous_version: previousVersion,
    new_version: newVersion,
  }
}

/**
 * Installs a plugin of the registry or of a repository, or updates one, as the endpoints of plugins.md A2 do while somebody
 * waits. Result: `operation`, `plugin_id`, `plugin_slug`, `plugin_name`, `version`, `modules_created` (ids); for an
 * installation `source` and `repo_url`, for an update `previous_version` and `new_version`.
 */
export const pluginInstall = defineJob({
  name: 'plugin_install',
  payload: Payload,
  check: checkPayload,
  secretFields: [],
  timeoutMs: () => timeoutMs,
  isResumable: true,
  async run(deps, payload, context) {
    try {
      return payload.operation === 'update'
        ? await update(deps, payload, context)
        : await install(deps, payload, context)
    } catch (error) {
      throw toInstallJobFailure(error)
    }
  },
})
