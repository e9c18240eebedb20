import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'
import { median, percentile } from './statistics.ts'

const installs = 5
const limitMs = 1500
const probeEveryMs = 2
const healthLimitMs = 25

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

/** 30 MB. */
const hugePlugin = () =>
  pluginPackage({
    files: Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`dist/chunk${index}.js`, script(2_000_000)])),
  })

const uninstall = (server: BenchServer) => server.call('DELETE', '/api/v1/plugins/Lamp/uninstall')

/** From the request to the answer. */
const measureWaiting = async (server: BenchServer, repoUrl: string): Promise<Row> => {
  const times: number[] = []
  for (let index = 0; index < installs; index++) {
    const startedAt = performance.now()
    await server.call('POST', '/api/v1/plugins/install-from-url', { repo_url: repoUrl })
    times.push(performance.now() - startedAt)
    await uninstall(server)
  }
  return {
    measure: 'install of a 3 MB plugin from Git',
    ours: `${median(times).toFixed(0)} ms`,
    figure: `${Math.min(...times).toFixed(0)}..${Math.max(...times).toFixed(0)} ms`,
    target: atMost(median(times), limitMs, 'ms'),
  }
}

const installInBackground = async (server: BenchServer, repoUrl: string): Promise<void> => {
  const payload = { repo_url: repoUrl }
  const { id } = await server.call<{ id: string }>('POST', '/api/v1/jobs', { job_type: 'plugin_install', payload })
  for (;;) {
    const { status, error } = await server.call<{ status: string; error: string }>('GET', `/api/v1/jobs/${id}`)
    if (status === 'completed') return
    if (status === 'failed') throw new Error(error)
    await Bun.sleep(50)
  }
}

/** How long others wait for an answer while the worker installs. */
const measureOthers = async (server: BenchServer, name: string, repoUrl: string): Promise<Row> => {
  const times: number[] = []
  const end = new AbortController()
  const installing = installInBackground(server, repoUrl).finally(() => end.abort())
  while (!end.signal.aborted) {
    const startedAt = performance.now()
    await server.call('GET', '/health')
    times.push(performance.now() - startedAt)
    await Bun.sleep(probeEveryMs)
  }
  await installing
  await uninstall(server)
  const slow = percentile(times, 0.99)
  return {
    measure: `GET /health while the worker installs ${name}, p99`,
    ours: `${slow.toFixed(1)} ms`,
    figure: `${median(times).toFixed(1)}..${Math.max(...times).toFixed(1)} ms`,
    target: atMost(slow, healthLimitMs, 'ms'),
  }
}

/** With a real Git server on loopback. Nothing on machines without Git. */
export const measurePluginInstall = async (): Promise<Row[]> => {
  if (!hasGit) return []
  using folder = temporaryFolder()
  await makeRepository(join(folder.path, 'git', 'lamp'), bigPlugin())
  await makeRepository(join(folder.path, 'git', 'huge'), hugePlugin())
  await using gits = gitServer(join(folder.path, 'git'))
  await using server = await startServer(folder.path, { PRIVATE_HOSTS: gits.host })
  await server.signUp()
  return [
    await measureWaiting(server, `${gits.url}/lamp`),
    await measureOthers(server, '3 MB', `${gits.url}/lamp`),
    await measureOthers(server, '30 MB', `${gits.url}/huge`),
  ]
}
