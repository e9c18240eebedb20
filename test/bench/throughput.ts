import { join } from 'node:path'
import type { BaselineInput, BaselinePorts } from './baseline-server.ts'
import { byHttpClient, byRawSockets, type MeasureRate, type Target } from './load.ts'
import { atLeast, type Row } from './report.ts'
import { installBundle } from './plugin-bundle.ts'
import type { BenchServer } from './server.ts'
import { median, spread } from './statistics.ts'

const rounds = 5
const roundMs = 500
const warmUpMs = 700

const startBaseline = async (input: BaselineInput) => {
  const { promise, resolve } = Promise.withResolvers<BaselinePorts>()
  const child = Bun.spawn(['bun', join(import.meta.dir, 'baseline-server.ts')], { ipc: resolve, stdout: 'ignore' })
  child.send(input)
  return { ports: await promise, [Symbol.dispose]: () => child.kill('SIGKILL') }
}

const seed = async (server: BenchServer): Promise<string> => {
  const { id } = await server.call<{ id: string }>('GET', '/api/v1/auth/me')
  for (let index = 0; index < 40; index++) {
    const page = { page_context: '{"pageName":"Chat","pageRoute":"chat","isStudioPage":false}', page_id: null }
    const model = { model: 'llama3.2:3b', server: 'Home', conversation_type: 'chat' }
    await server.call('POST', '/api/v1/conversations', { title: `Conversation ${index}`, ...page, ...model })
  }
  return id
}

interface Comparison {
  ours: number
  baseline: number
  /** Of each round: what slows the machine down for a moment slows both sides of one round. */
  ratios: number[]
}

const compare = async (
  ours: Target,
  baseline: Target,
  measureRate: MeasureRate = byHttpClient,
): Promise<Comparison> => {
  for (const target of [baseline, ours]) await measureRate(target, warmUpMs)
  const pairs = []
  for (let round = 0; round < rounds; round++)
    pairs.push({ baseline: await measureRate(baseline, roundMs), ours: await measureRate(ours, roundMs) })
  return {
    ours: median(pairs.map((pair) => pair.ours)),
    baseline: median(pairs.map((pair) => pair.baseline)),
    ratios: pairs.map((pair) => pair.ours / pair.baseline),
  }
}

const perSecond = (rate: number): string => `${(rate / 1000).toFixed(1)} k/s`

const toRow = (measure: string, { ours, baseline, ratios }: Comparison, least?: number): Row => ({
  measure,
  ours: perSecond(ours),
  baseline: perSecond(baseline),
  figure: `${median(ratios).toFixed(2)} (${spread(ratios)})`,
  ...(least === undefined ? {} : { target: atLeast(median(ratios), least) }),
})

const readText = async (server: BenchServer, path: string): Promise<string> => {
  const response = await fetch(server.url + path, { headers: server.headers })
  return response.text()
}

/** Reads of a signed-in user against the same bytes without any work, and the list against the bare query. */
export const compareThroughput = async (server: BenchServer, folder: string): Promise<Row[]> => {
  const userId = await seed(server)
  const listPath = `/api/v1/users/${userId}/conversations?limit=20`
  const list = await readText(server, listPath)
  const [first] = JSON.parse(list) as [{ id: string }]
  const singlePath = `/api/v1/conversations/${first.id}`
  const single = await readText(server, singlePath)
  const bundle = installBundle(folder, userId)
  const databasePath = join(folder, 'data/braindrive.db')
  using baseline = await startBaseline({ single, list, userId, databasePath, filePath: bundle.diskPath })
  const { ports } = baseline
  const ours = (path: string): Target => ({ port: server.port, path, headers: server.headers })
  const bare = (port: number): Target => ({ port, path: '/' })
  return [
    toRow(`single read, ${single.length} B / Bun.serve`, await compare(ours(singlePath), bare(ports.single)), 0.33),
    toRow(`20-row list, ${list.length} B / Bun.serve`, await compare(ours(listPath), bare(ports.list)), 0.2),
    toRow('20-row list / bun:sqlite + JSON', await compare(ours(listPath), bare(ports.sqlite))),
    toRow('1 MB bundle of a plugin / Bun.serve', await compare(ours(bundle.path), bare(ports.file)), 0.5),
    toRow('single read, by raw sockets', await compare(ours(singlePath), bare(ports.single), byRawSockets)),
    toRow('20-row list, by raw sockets', await compare(ours(listPath), bare(ports.list), byRawSockets)),
  ]
}
