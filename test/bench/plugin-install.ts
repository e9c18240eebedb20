import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { startServer } from './server.ts'
import { median } from './statistics.ts'

const installs = 5
const limitMs = 1500

/** Lines that compress about as well as a bundle does. */
const script = (bytes: number): string =>
  Array.from({ length: bytes / 50 }, (_, line) => `let v${line} = lamp("${randomBytes(8).toString('hex')}");`)
    .map((text) => `${text.padEnd(49)}\n`)
    .join('')

/** 3 MB, of which 1 MB are sources. */
const bigPlugin = () =>
  pluginPackage({
    files: {
      'dist/main.js': script(1_000_000),
      'dist/vendors.js': script(1_000_000),
      ...Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`src/part${index}.tsx`, script(20_000)])),
    },
  })

/** From the request to the answer, with a real Git server on loopback. Nothing on machines without Git. */
export const measurePluginInstall = async (): Promise<Row[]> => {
  if (!hasGit) return []
  using folder = temporaryFolder()
  await makeRepository(join(folder.path, 'git', 'lamp'), bigPlugin())
  await using gits = gitServer(join(folder.path, 'git'))
  await using server = await startServer(folder.path, { PRIVATE_HOSTS: gits.host })
  await server.signUp()
  const times: number[] = []
  for (let index = 0; index < installs; index++) {
    const startedAt = performance.now()
    await server.call('POST', '/api/v1/plugins/install-from-url', { repo_url: `${gits.url}/lamp` })
    times.push(performance.now() - startedAt)
    await server.call('DELETE', '/api/v1/plugins/Lamp/uninstall')
  }
  return [
    {
      measure: 'install of a 3 MB plugin from Git',
      ours: `${median(times).toFixed(0)} ms`,
      figure: `${Math.min(...times).toFixed(0)}..${Math.max(...times).toFixed(0)} ms`,
      target: atMost(median(times), limitMs, 'ms'),
    },
  ]
}
