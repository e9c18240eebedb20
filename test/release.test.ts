import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import manifest from '../package.json'
import { findRunner } from './release/runner.ts'
import { checksumsName, executableName, releaseTargets, sbomName } from './release/targets.ts'
import { startServerProcess, temporaryFolder } from './support/server-process.ts'

// What `make release` left in dist/release.

const folder = resolve(import.meta.dir, '../dist/release')
const isBuilt = existsSync(join(folder, checksumsName))
if (!isBuilt) console.log('The release is not tested: there is none, "make release" makes it')

interface Component {
  name: string
  group?: string
  version?: string
  licenses?: object[]
  hashes?: object[]
  purl?: string
  components?: Component[]
}

const fullName = ({ group, name }: Component): string => (group === undefined ? name : `${group}/${name}`)
const readSbom = () => Bun.file(join(folder, sbomName)).json()

/** The bundler writes the path of each file above its code. */
const packagesIn = async (executable: string): Promise<Set<string>> => {
  const text = Buffer.from(await Bun.file(join(folder, executable)).arrayBuffer()).toString('latin1')
  const paths = text.matchAll(
    /^ *\/\/ (?:node_modules\/(?:@[\w.-]+\/)?[\w.-]+\/)*node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//gm,
  )
  return new Set([...paths].map(([, name]) => name ?? ''))
}

describe.skipIf(!isBuilt)('a release', () => {
  test('has an executable for every system, and SHA256SUMS fits every file', async () => {
    const lines = (await Bun.file(join(folder, checksumsName)).text()).trimEnd().split('\n')
    const sums = new Map(lines.map((line) => line.split('  ').toReversed() as [name: string, sum: string]))
    expect([...sums.keys()]).toEqual([...releaseTargets.map(executableName), sbomName].toSorted())
    expect(readdirSync(folder).toSorted()).toEqual([...sums.keys(), checksumsName].toSorted())
    for (const [name, sum] of sums) {
      const bytes = await Bun.file(join(folder, name)).arrayBuffer()
      expect({ name, sum: new Bun.CryptoHasher('sha256').update(bytes).digest('hex') }).toEqual({ name, sum })
    }
  }, 60_000)

  test('the SBOM names every package in the bundle with version, licence and hash, and Bun with its engine', async () => {
    const sbom = await readSbom()
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { version: manifest.version } } })
    const components: Component[] = sbom.components
    const bundled = await packagesIn(executableName('linux-x64'))
    expect(bundled.size).toBeGreaterThan(30)
    expect(bundled.difference(new Set(components.map(fullName)))).toEqual(new Set())
    expect(components.map(fullName)).toContain('swagger-ui-dist')
    const isBun = ({ name }: Component) => name === 'bun'
    const incomplete = components.filter(
      (one) => !one.version || !one.licenses || !one.purl || !(one.hashes ?? isBun(one)),
    )
    expect(incomplete).toEqual([])
    expect(components.find(isBun)).toMatchObject({
      version: manifest.packageManager.replace('bun@', ''),
      components: [{ name: 'JavaScriptCore' }],
    })
  }, 60_000)

  for (const target of releaseTargets) {
    const runner = findRunner(target)
    if ('problem' in runner && isBuilt) console.log(`${executableName(target)} is not started: ${runner.problem}`)
    test.skipIf('problem' in runner)(
      `${executableName(target)} starts and gets ready`,
      async () => {
        if ('problem' in runner) return
        using data = temporaryFolder()
        const command = [...runner.prefix, join(folder, executableName(target)), 'serve']
        await using server = await startServerProcess(command, data.path)
        while ((await server.call('GET', '/health/ready')).status !== 200) await Bun.sleep(50)
        expect(await server.kill('SIGTERM')).toBe(0)
      },
      120_000,
    )
  }
})
