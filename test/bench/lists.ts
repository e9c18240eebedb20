import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fillDatabase } from './fill-database.ts'
import { temporaryFolder } from './folder.ts'
import { type AreaRequests, type ListRequest, listRequests } from './list-requests.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'
import { median, percentile } from './statistics.ts'

const warmUps = 5
const samples = 100
/** So that slow requests do not hold up the rest. They get `leastSamples`, of which the p99 is the longest. */
const limitMs = 250
const leastSamples = 20

const ask = async (server: BenchServer, { path, body }: ListRequest, round: number): Promise<number> => {
  const init = body ? { method: 'POST', body: JSON.stringify(body(round)) } : {}
  const startedAt = performance.now()
  const response = await fetch(`${server.url}/api/v1${path}`, { headers: server.headers, ...init })
  const bytes = await response.arrayBuffer()
  const ms = performance.now() - startedAt
  if (!response.ok) throw new Error(`${path}: ${response.status} ${new TextDecoder().decode(bytes)}`)
  return ms
}

/** The times of one request at each server, by turns: what slows the machine for a moment slows all of them. */
const sample = async (servers: BenchServer[], request: ListRequest): Promise<number[][]> => {
  for (let round = 0; round < warmUps; round++) for (const server of servers) await ask(server, request, round)
  const times = servers.map((): number[] => [])
  const startedAt = performance.now()
  for (let round = 0; round < samples; round++) {
    if (round >= leastSamples && performance.now() - startedAt > limitMs * servers.length) break
    for (const [index, server] of servers.entries()) times[index]?.push(await ask(server, request, round))
  }
  return times
}

const nameOf = ({ path }: ListRequest): string => path.replaceAll(/[0-9a-f]{32}/g, '{id}')

/** The request whose median is the worst. */
const findSlowest = async (server: BenchServer, requests: ListRequest[]) => {
  const measured = []
  for (const request of requests) {
    const [times = []] = await sample([server], request)
    measured.push({ name: nameOf(request), median: median(times), p99: percentile(times, 0.99) })
  }
  return measured.toSorted((left, right) => right.median - left.median)
}

interface Servers {
  /** Without another user's rows. */
  alone: BenchServer
  beside: BenchServer
}

const toRows = async ({ area, usual, others }: AreaRequests, { alone, beside }: Servers): Promise<Row[]> => {
  const [timesAlone = [], timesBeside = []] = await sample([alone, beside], usual)
  const ratio = median(timesBeside) / median(timesAlone)
  const [slowest] = await findSlowest(beside, [usual, ...others])
  if (!slowest) throw new Error(`no lists of ${area}`)
  return [
    {
      measure: `slowest list of ${area}`,
      ours: `${slowest.median.toFixed(2)} ms`,
      figure: `p99 ${slowest.p99.toFixed(2)} ms, ${slowest.name}`,
      target: atMost(slowest.median, 20, 'ms'),
    },
    {
      measure: `${area} beside another user's`,
      ours: `${median(timesBeside).toFixed(2)} ms`,
      baseline: `${median(timesAlone).toFixed(2)} ms`,
      figure: ratio.toFixed(2),
      target: atMost(ratio, 1.5, 'times'),
    },
  ]
}

/** Two users who have signed up, in a folder whose server is stopped again. */
const signUpTwo = async (folder: string) => {
  await using server = await startServer(folder)
  await server.signUp()
  const { id } = await server.call<{ id: string }>('GET', '/api/v1/auth/me')
  const other = { username: 'grace', email: 'grace@home.local', password: 'correct horse' }
  const { id: otherId } = await server.call<{ id: string }>('POST', '/api/v1/auth/register', other)
  return { id, otherId, headers: server.headers }
}

/** Lists of a user who has 10,000 of nearly everything, with and without another one who has as many. */
export const measureLists = async (): Promise<Row[]> => {
  using folder = temporaryFolder()
  const [aloneFolder, besideFolder] = [join(folder.path, 'alone'), join(folder.path, 'beside')]
  mkdirSync(aloneFolder)
  const { id, otherId, headers } = await signUpTwo(aloneFolder)
  // A copy, so that one sign-in is good for both.
  cpSync(aloneFolder, besideFolder, { recursive: true })
  fillDatabase(aloneFolder, [id])
  fillDatabase(besideFolder, [id, otherId])
  await using alone = await startServer(aloneFolder)
  await using beside = await startServer(besideFolder)
  for (const server of [alone, beside]) Object.assign(server.headers, headers)
  const rows = []
  for (const area of listRequests(id)) rows.push(...(await toRows(area, { alone, beside })))
  return rows
}
