import type { Deps } from '../../../deps.ts'
import { type FetchContext, fetchPackage } from './fetch-package.ts'
import type { Fail } from '../install/install-failure.ts'
import { enterStep } from '../install/install-step.ts'
import type { InstallSource } from '../install/install-types.ts'
import type { PackageOrigin } from './package-origin.ts'
import type { SealedPackage, Staging } from './package-store.ts'
import type { PluginManifest } from '../manifest/plugin-manifest.ts'
import { readPackage } from './read-package.ts'

type PrepareDeps = Pick<Deps, 'github' | 'git' | 'download' | 'archives' | 'config' | 'packageStore' | 'log'>

/** Files of a plugin that were found good, in the staging folder. */
export interface Candidate {
  root: string
  origin: PackageOrigin
  manifest: PluginManifest
}

export interface Preparation extends FetchContext {
  staging: Staging
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** What the operating system says of our own disk is for the log; the user learns that it was not the plugin. */
const explainDiskFailure = (log: Deps['log'], error: unknown, { work, fail }: Preparation): unknown => {
  if (work.signal?.aborted) return work.signal.reason
  const code = codeOf(error)
  if (!/^E[A-Z0-9]+$/.test(code)) return error
  log.error('the files of a plugin were not written', { error })
  return fail('setup_and_copy', 'the server cannot store the files', { exception_type: code })
}

const assertExpected = (source: InstallSource, { pluginSlug }: PluginManifest, fail: Fail) => {
  const expected = source.kind === 'repository' ? source.expectedSlug : undefined
  if (expected === undefined || expected === pluginSlug) return
  const reason = `The package holds another plugin: ${pluginSlug}`
  throw fail('plugin_validation', reason, { validation_error: reason })
}

/** Fetches and checks a package. Throws what `fail` makes, or the signal's reason. */
export const prepareCandidate = async (
  deps: PrepareDeps,
  source: InstallSource,
  preparation: Preparation,
): Promise<Candidate> => {
  const { staging, work, fail } = preparation
  try {
    const { tree, origin } = await fetchPackage(deps, source, staging.path, preparation)
    enterStep(work, 'plugin_validation')
    const read = await readPackage(tree, work.signal)
    if (!read.ok) throw fail('plugin_validation', read.reason, { validation_error: read.reason })
    assertExpected(source, read.manifest, fail)
    if (read.warnings.length > 0) {
      deps.log.info('parts of a plugin were left out', { plugin: read.manifest.pluginSlug, warnings: read.warnings })
    }
    return { root: read.root, manifest: read.manifest, origin }
  } catch (error) {
    throw explainDiskFailure(deps.log, error, preparation)
  }
}

/** Makes the files ready to be placed. Throws what `fail` makes, or the signal's reason. */
export const sealCandidate = async (
  deps: PrepareDeps,
  candidate: Candidate,
  preparation: Preparation,
): Promise<SealedPackage> => {
  const { staging, work } = preparation
  try {
    enterStep(work, 'setup_and_copy')
    return await deps.packageStore.seal(staging, candidate.root, work.signal)
  } catch (error) {
    throw explainDiskFailure(deps.log, error, preparation)
  }
}
