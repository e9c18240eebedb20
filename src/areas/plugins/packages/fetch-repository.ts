import { join } from 'node:path'
import { ArchiveError } from '../../../adapters/archive/types.ts'
import { GitError } from '../../../adapters/git/types.ts'
import { GithubError, type Release } from '../../../adapters/github/types.ts'
import type { Deps } from '../../../deps.ts'
import { redactAddress } from '../../../shared/redact.ts'
import { type RepositoryUrl, parseRepositoryUrl } from '../../../shared/repository-url.ts'
import { UpstreamError } from '../../../shared/upstream-error.ts'
import type { Fail } from '../install/install-failure.ts'
import { enterStep } from '../install/install-step.ts'
import type { InstallWork } from '../install/install-types.ts'
import { isPackageFile } from './package-files.ts'
import { downloadLimits, gitLimits } from './package-limits.ts'
import type { PackageOrigin } from './package-origin.ts'
import { checkOutInTurn, unpackArchive } from './unpack-archive.ts'

type FetchDeps = Pick<Deps, 'github' | 'git' | 'download' | 'archives' | 'config'>

interface Fetch {
  repository: RepositoryUrl
  version: string
  /** For what is downloaded. */
  folder: string
  /** Empty: for the files. */
  tree: string
  userId: string
  signal: AbortSignal | undefined
  fail: Fail
}

const lookupFailed = ({ repository: { owner, repo }, version, fail }: Fetch, reason: string, cause: unknown) =>
  fail('release_lookup', reason, { repo_owner: owner, repo_name: repo, requested_version: version }, cause)

const findRelease = async ({ github }: FetchDeps, fetch: Fetch): Promise<Release | undefined> => {
  const { owner, repo } = fetch.repository
  try {
    return await github.findRelease({ owner, repo, version: fetch.version, ...withSignal(fetch) })
  } catch (error) {
    throw error instanceof GithubError ? lookupFailed(fetch, `${fetch.version}. ${error.message}`, error) : error
  }
}

const withSignal = ({ signal }: Pick<Fetch, 'signal'>) => (signal ? { signal } : {})

const fetchRelease = async (deps: FetchDeps, fetch: Fetch, { archive, tag }: Release) => {
  const file = join(fetch.folder, 'download')
  const limits = { ...downloadLimits, maxBytes: deps.config.maxPluginBytes }
  try {
    await deps.download({ url: archive.url, file, ...limits, ...withSignal(fetch) })
    await unpackArchive(deps, file, fetch.tree, fetch)
  } catch (error) {
    const isTheirs = error instanceof UpstreamError || error instanceof ArchiveError
    throw isTheirs ? fetch.fail('download_and_extract', error.message, { release_version: tag }, error) : error
  }
}

/** What says that there is no such thing. On GitHub we have asked for a release before. */
const isAbsent = ({ reason }: GitError, isGithub: boolean) =>
  reason === 'no_such_version' || (isGithub && ['not_found', 'needs_login', 'empty'].includes(reason))

const toGitFailure = (error: GitError, fetch: Fetch) => {
  const { repository, version, fail } = fetch
  if (error.reason === 'bad_url') return fail('url_parsing', `${repository.url}. ${error.message}`)
  if (isAbsent(error, repository.isGithub)) return lookupFailed(fetch, version, error)
  return fail('download_and_extract', error.message, { release_version: version }, error)
}

const checkOut = async ({ git }: FetchDeps, fetch: Fetch): Promise<string> => {
  const { repository, version, tree: into } = fetch
  try {
    const request = { url: repository.url, version, into, limits: gitLimits, keep: isPackageFile, ...withSignal(fetch) }
    return (await checkOutInTurn(fetch, () => git.checkOut(request))).ref
  } catch (error) {
    throw error instanceof GitError ? toGitFailure(error, fetch) : error
  }
}

/** Brings the files of a repository to `tree`: of a GitHub release, else of a tag or branch. Throws what `fail` makes. */
export const fetchRepository = async (
  deps: FetchDeps,
  { url, ...request }: Omit<Fetch, 'repository' | 'signal'> & { url: string },
  work: InstallWork,
): Promise<PackageOrigin> => {
  enterStep(work, 'url_parsing')
  const repository = parseRepositoryUrl(url)
  if (!repository) throw request.fail('url_parsing', redactAddress(url))
  const fetch = { ...request, repository, signal: work.signal }
  enterStep(work, 'release_lookup')
  const release = repository.isGithub ? await findRelease(deps, fetch) : undefined
  enterStep(work, 'download_and_extract')
  if (release) await fetchRelease(deps, fetch, release)
  const packageRef = release ? release.tag : await checkOut(deps, fetch)
  return { packageSource: repository.isGithub ? 'github' : 'git', packageUrl: repository.url, packageRef }
}
