import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../../package.json'
import { readBundledPackages } from './bundled-packages.ts'
import { renderSbom } from './sbom.ts'
import { checksumsName, executableName, type ReleaseTarget, releaseTargets, sbomName } from './targets.ts'

// What `make release` runs. Bun fetches the runtimes of other systems from the npm registry.

const root = join(import.meta.dir, '../..')
const folder = join(root, 'dist/release')

const compile = (target: ReleaseTarget, metafile: string) => {
  const outfile = join(folder, executableName(target))
  const options = [`--target=bun-${target}`, `--outfile=${outfile}`, `--metafile=${metafile}`]
  const { success } = Bun.spawnSync([process.execPath, 'run', 'compile', ...options], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (!success) throw new Error(`the executable of ${target} could not be built`)
}

/** Executables have their source maps inside. */
const removeMaps = () => {
  for (const name of readdirSync(folder)) if (name.endsWith('.map')) rmSync(join(folder, name))
}

const writeSbom = async (metafile: string) => {
  const packages = await readBundledPackages(metafile, root)
  const text = renderSbom({ name: 'braindrive', version: manifest.version, bunVersion: Bun.version, packages })
  await Bun.write(join(folder, sbomName), text)
}

const sha256 = async (path: string): Promise<string> => {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const bytes of Bun.file(path).stream()) hash.update(bytes)
  return hash.digest('hex')
}

const writeChecksums = async () => {
  const lines: string[] = []
  for (const name of readdirSync(folder).toSorted()) lines.push(`${await sha256(join(folder, name))}  ${name}\n`)
  await Bun.write(join(folder, checksumsName), lines.join(''))
}

const work = mkdtempSync(join(tmpdir(), 'braindrive-release-'))
try {
  rmSync(folder, { recursive: true, force: true })
  const metafile = join(work, 'bundle.json')
  for (const target of releaseTargets) compile(target, metafile)
  removeMaps()
  await writeSbom(metafile)
  await writeChecksums()
} finally {
  rmSync(work, { recursive: true, force: true })
}
