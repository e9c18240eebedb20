import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pdfOf } from '../support/hostile-documents.ts'
import { residentMb } from '../support/process-memory.ts'
import { temporaryFolder } from './folder.ts'
import { atLeast, atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'
import { percentile } from './statistics.ts'

const mebibyte = 1_048_576
const settleMs = 3000
/** Between two requests of the one who measures: a person's browser, not a load test. */
const pauseMs = 2
const files = 10

/** Padded with pictures up to 50 MB; its pages keep a reader busy for seconds. */
const largePdf = () => pdfOf(10_000, { padding: 50 * mebibyte })
/** Each about half a second of work. */
const mediumPdf = () => pdfOf(1000)

/** In a process of its own, whose work must not count as time of the server's answers. */
const client = `
  const [url, authorization, field, count, path] = process.argv.slice(1)
  const form = new FormData()
  for (let at = 0; at < Number(count); at++) form.append(field, Bun.file(path), at + '.pdf')
  const response = await fetch(url, { method: 'POST', body: form, headers: { authorization } })
  console.log(JSON.stringify({ status: response.status, answer: await response.json() }))
`

interface Uploaded {
  seconds: number
  answer: { successful_files?: number }
}

const upload = async ({ url, headers }: BenchServer, path: string, count: number): Promise<Uploaded> => {
  const [route, field] = count === 1 ? ['process', 'file'] : ['process-multiple', 'files']
  const target = `${url}/api/v1/documents/${route}`
  const startedAt = performance.now()
  const child = Bun.spawn(
    [process.execPath, '-e', client, target, headers['authorization'] ?? '', field, String(count), path],
    { stdout: 'pipe' },
  )
  const { status, answer } = (await new Response(child.stdout).json()) as Uploaded & { status: number }
  if (status !== 200) throw new Error(`the documents were not read: ${JSON.stringify(answer)}`)
  return { seconds: (performance.now() - startedAt) / 1000, answer }
}

/** Whether work is still going on. */
const isGoing = (work: Promise<unknown>): (() => boolean) => {
  const state = { isDone: false }
  const end = () => {
    state.isDone = true
  }
  void work.then(end, end)
  return () => !state.isDone
}

/** Times of small requests, one after the other, until `work` is done. */
const askDuring = async (server: BenchServer, work: Promise<unknown>): Promise<number[]> => {
  const goesOn = isGoing(work)
  const times: number[] = []
  while (goesOn()) {
    const startedAt = performance.now()
    await server.call('GET', '/api/v1/personas?limit=20')
    times.push(performance.now() - startedAt)
    await Bun.sleep(pauseMs)
  }
  await work
  return times
}

/** Processes that read documents, at the moment. */
const countReaders = (pid: number): number =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).length

const mostReadersDuring = async (pid: number, work: Promise<unknown>): Promise<number> => {
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, countReaders(pid))
  }, 5)
  await work
  clearInterval(timer)
  return most
}

/** Until the first process is there: the upload has come in. */
const untilReader = async (pid: number, work: Promise<unknown>): Promise<void> => {
  const goesOn = isGoing(work)
  while (countReaders(pid) === 0 && goesOn()) await Bun.sleep(1)
}

/** Other requests while a large document is read; ten at once; memory afterwards. */
export const measureDocuments = async (): Promise<Row[]> => {
  using folder = temporaryFolder()
  const [large, medium] = [join(folder.path, 'large.pdf'), join(folder.path, 'medium.pdf')]
  await Promise.all([Bun.write(large, largePdf()), Bun.write(medium, mediumPdf())])
  await using server = await startServer(folder.path, { MAX_DOCUMENT_SIZE: String(60 * mebibyte) })
  await server.signUp()
  await askDuring(server, Bun.sleep(1000))
  const idle = residentMb(server.pid)
  const usual = percentile(await askDuring(server, Bun.sleep(4000)), 0.99)
  const reading = upload(server, large, 1)
  const receiving = percentile(await askDuring(server, untilReader(server.pid, reading)), 0.99)
  const times = await askDuring(server, reading)
  const busy = percentile(times, 0.99)
  const { seconds: largeSeconds } = await reading
  const ten = upload(server, medium, files)
  const atOnce = await mostReadersDuring(server.pid, ten)
  const { seconds: tenSeconds, answer } = await ten
  await Bun.sleep(settleMs)
  const after = residentMb(server.pid)
  return [
    {
      measure: 'p99 of requests while a 50 MB PDF is read',
      ours: `${busy.toFixed(2)} ms`,
      baseline: `${usual.toFixed(2)} ms`,
      figure: `${(busy / usual).toFixed(2)}x, ${times.length} in ${largeSeconds.toFixed(1)} s`,
      target: atMost(busy / usual, 2, 'times'),
    },
    {
      measure: 'p99 of requests while 50 MB are received',
      ours: `${receiving.toFixed(2)} ms`,
      baseline: `${usual.toFixed(2)} ms`,
      figure: `${(receiving / usual).toFixed(2)}x`,
    },
    {
      measure: `${files} documents at once`,
      ours: `${tenSeconds.toFixed(1)} s`,
      figure: `${atOnce} processes at once, ${answer.successful_files} read`,
      target: atLeast(atOnce, Math.min(availableParallelism(), 4)),
    },
    {
      measure: 'RSS after reading documents',
      ours: `${after.toFixed(0)} MB`,
      baseline: `${idle.toFixed(0)} MB`,
      figure: `+${(after - idle).toFixed(1)} MB`,
      target: atMost(after - idle, 60, 'MB more'),
    },
  ]
}
