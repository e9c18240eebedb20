import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ArchiveError } from '../../../adapters/archive/types.ts'
import type { Deps } from '../../../deps.ts'
import { fetchRepository } from './fetch-repository.ts'
import type { Fail } from '../install/install-failure.ts'
import { enterStep } from '../install/install-step.ts'
import type { InstallSource, InstallWork } from '../install/install-types.ts'
import type { PackageOrigin } from './package-origin.ts'
import { unpackArchive } from './unpack-archive.ts'

export interface FetchedPackage {
  /** The folder of the files. */
  tree: string
  origin: PackageOrigin
}

export interface FetchContext {
  userId: string
  work: InstallWork
  fail: Fail
}

const extractUpload = async (
  deps: Pick<Deps, 'archives'>,
  { file, tree }: { file: string; tree: string },
  { userId, work, fail }: FetchContext,
): Promise<PackageOrigin> => {
  enterStep(work, 'file_extraction')
  try {
    await unpackArchive(deps, file, tree, { userId, signal: work.signal })
  } catch (error) {
    throw error instanceof ArchiveError ? fail('file_extraction', error.message) : error
  }
  return { packageSource: 'upload', packageUrl: null, packageRef: null }
}

/** Brings a package's files into the staging folder. Throws what `fail` makes, or the signal's reason. */
export const fetchPackage = async (
  deps: Pick<Deps, 'github' | 'git' | 'download' | 'archives' | 'config'>,
  source: InstallSource,
  folder: string,
  context: FetchContext,
): Promise<FetchedPackage> => {
  const { userId, work, fail } = context
  const tree = join(folder, 'tree')
  await mkdir(tree, { mode: 0o700 })
  const origin =
    source.kind === 'upload'
      ? await extractUpload(deps, { ...source, tree }, context)
      : await fetchRepository(
          deps,
          { url: source.url, version: source.version.trim() || 'latest', folder, tree, userId, fail },
          work,
        )
  return { tree, origin }
}
