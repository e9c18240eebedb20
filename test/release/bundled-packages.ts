import { join } from 'node:path'
import type { Contrib } from '@cyclonedx/cyclonedx-library'
import lock from '../../bun.lock'

type Manifest = Contrib.FromNodePackageJson.Types.NodePackageJson & { name: string; version: string }

export interface BundledPackage {
  manifest: Manifest
  /** Of what the registry sent, from bun.lock: `sha512-…`. */
  integrity: string | undefined
}

/** What `bun build --metafile` writes, as far as it is read. */
interface Metafile {
  inputs: Record<string, object>
}

const packageFolder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

const foldersOf = ({ inputs }: Metafile): string[] => [
  ...new Set(Object.keys(inputs).flatMap((path) => packageFolder.exec(path)?.[0] ?? [])),
]

const integrities = new Map(
  Object.values(lock.packages).flatMap((one) => (one.length === 4 ? [[one[0], one[3]] as const] : [])),
)

const labelOf = ({ manifest }: BundledPackage): string => `${manifest.name}@${manifest.version}`

const readPackage = async (root: string, folder: string): Promise<BundledPackage> => {
  const manifest = (await Bun.file(join(root, folder, 'package.json')).json()) as Manifest
  return { manifest, integrity: integrities.get(`${manifest.name}@${manifest.version}`) }
}

/** The packages of which something is in the bundle, each version once, in the order of their names. */
export const readBundledPackages = async (metafilePath: string, root: string): Promise<BundledPackage[]> => {
  const metafile = (await Bun.file(metafilePath).json()) as Metafile
  const packages = await Promise.all(foldersOf(metafile).map((folder) => readPackage(root, folder)))
  const byLabel = new Map(packages.map((one) => [labelOf(one), one]))
  return [...byLabel.values()].toSorted((a, b) => labelOf(a).localeCompare(labelOf(b), 'en'))
}
