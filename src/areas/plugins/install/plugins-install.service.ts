import type { Deps } from '../../../deps.ts'
import { redactAddress } from '../../../shared/redact.ts'
import { failuresOf } from './install-failure.ts'
import { installPlugin } from './install.service.ts'
import { type Installed, type InstallSource, toWork } from './install-types.ts'
import { toPluginId } from '../plugin-ids.ts'
import * as errors from './plugins-install.errors.ts'
import type { InstallAnswer, InstallForm, InstallFromUrl } from './plugins-install.schema.ts'
import { findPlugin } from '../plugins-read.store.ts'

/** A file that lies on the disk already. */
export interface UploadedFile {
  path: string
  name: string
  bytes: number
}

const methods: Record<string, 'github' | 'local-file' | 'marketplace'> = {
  github: 'github',
  url: 'github',
  'local-file': 'local-file',
  upload: 'local-file',
  marketplace: 'marketplace',
}

/** Undefined for what was left out, or left empty in a form. */
const given = (text: string | null | undefined): string | undefined => text?.trim() || undefined

const toAnswer = (message: string, installed: Installed, rest: Partial<InstallAnswer['data']>): InstallAnswer => ({
  status: 'success',
  message,
  data: {
    plugin_id: installed.pluginId,
    plugin_slug: installed.pluginSlug,
    modules_created: installed.modules,
    plugin_directory: null,
    ...rest,
  },
})

/** Who asks, and the request for the audit log; when it is broken off, so is the work. */
export interface Asker {
  userId: string
  request: Request
}

interface Address extends InstallFromUrl {
  /** The plugin that must be there. */
  expectedSlug?: string
}

const installRepository = async (deps: Deps, { userId, request }: Asker, source: string, from: Address) => {
  const { repo_url: url, expectedSlug } = from
  const version = given(from.version) ?? 'latest'
  const repository = { kind: 'repository', url, version, ...(expectedSlug ? { expectedSlug } : {}) } as const
  const installed = await installPlugin(deps, userId, repository, toWork(request))
  return { installed, origin: { source, repo_url: redactAddress(url), version } }
}

const findInRegistry = async ({ pluginRegistry }: Pick<Deps, 'pluginRegistry'>, slug: string) => {
  const entry = await pluginRegistry.find(slug)
  if (!entry) throw errors.notInRegistry(redactAddress(slug))
  return { repo_url: entry.repo_url, expectedSlug: entry.slug }
}

const installFromAddress = async (deps: Deps, asker: Asker, source: string, from: Address) => {
  const { installed, origin } = await installRepository(deps, asker, source, from)
  return toAnswer(`Plugin installed successfully from ${origin.repo_url}`, installed, origin)
}

const installFromMarketplace = async (deps: Deps, asker: Asker, form: InstallForm): Promise<InstallAnswer> => {
  const slug = given(form.plugin_slug) ?? given(form.slug) ?? given(form.repo_url)
  if (slug === undefined) throw errors.slugRequired()
  const entry = await findInRegistry(deps, slug)
  return await installFromAddress(deps, asker, 'marketplace', { ...entry, version: form.version ?? null })
}

const isArchiveName = (name: string) => /\.(?:zip|rar|tar\.gz|tgz)$/i.test(name)

const maxNameLength = 255

const installFile = async (
  deps: Deps,
  { userId, request }: Asker,
  form: InstallForm,
  file: UploadedFile | undefined,
) => {
  if (!file) throw errors.fileRequired()
  const filename = given(form.filename) ?? file.name.slice(-maxNameLength)
  if (!isArchiveName(filename)) throw errors.unsupportedFormat()
  const source: InstallSource = { kind: 'upload', file: file.path, filename }
  if (/\.rar$/i.test(filename)) throw failuresOf(source)('file_extraction', 'RAR archives cannot be unpacked here')
  const installed = await installPlugin(deps, userId, source, toWork(request))
  const message = `Plugin '${filename}' installed successfully from local file`
  return toAnswer(message, installed, { source: 'local-file', filename, file_size: file.bytes })
}

/**
 * `POST /plugins/install`. The file stays where it is, whatever happens. Throws what `installPlugin` throws, and the
 * errors of this area.
 */
export const installFromForm = async (
  deps: Deps,
  asker: Asker,
  form: InstallForm,
  file: UploadedFile | undefined,
): Promise<InstallAnswer> => {
  const name = form.method.trim().toLowerCase()
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (method === 'local-file') return await installFile(deps, asker, form, file)
  if (method === 'marketplace') return await installFromMarketplace(deps, asker, form)
  if (method === undefined) throw errors.unsupportedMethod(form.method)
  const repoUrl = given(form.repo_url)
  if (repoUrl === undefined) throw errors.repositoryRequired()
  return await installFromAddress(deps, asker, method, { repo_url: repoUrl, version: form.version ?? null })
}

/** `POST /plugins/install-from-url`. */
export const installFromUrl = async (deps: Deps, asker: Asker, body: InstallFromUrl): Promise<InstallAnswer> => {
  const { installed, origin } = await installRepository(deps, asker, 'remote', body)
  const name = installed.pluginName
  const message = `Plugin '${name}' installed successfully from ${origin.repo_url}`
  return toAnswer(message, installed, { plugin_name: name, ...origin })
}

/** `POST /plugins/{slug}/install`: what the registry knows under this slug. */
export const installFromRegistry = async (deps: Deps, asker: Asker, sent: string): Promise<InstallAnswer> => {
  const { userId } = asker
  const id = toPluginId(sent)
  const slug = id.startsWith(`${userId}_`) ? id.slice(userId.length + 1) : sent
  if (findPlugin(deps.db, userId, id, slug)) throw errors.alreadyInstalled()
  const { installed } = await installRepository(deps, asker, 'marketplace', await findInRegistry(deps, slug))
  return toAnswer(`Plugin '${installed.pluginSlug}' installed successfully`, installed, {})
}
