import { writeFileSync } from 'node:fs'
import { PageError } from './pages/types.ts'
import { DocumentError, type ReadAnswer, type ReadOrder } from './types.ts'

/**
 * Entry point of the process that reads one document or page: it is sent an order, answers and ends. Nothing of the server is
 * loaded here, and the server loads nothing of this.
 *
 * A second thread of it keeps watch, since a document can keep the first one busy for good: neither a regular expression
 * nor a compiled function can be stopped from within. The thread ends the process when it takes too much memory or time,
 * or when the server is gone.
 */
declare const self: Worker

const watchEveryMs = 50
/** The server's own time limit comes first, while there is a server. */
const graceMs = 5000

const keepWatch = ({ maxMemoryBytes, maxMs }: ReadOrder): void => {
  const parent = process.ppid
  const endsAt = Date.now() + maxMs + graceMs
  setInterval(() => {
    const isTooMuch = process.memoryUsage.rss() > maxMemoryBytes || Date.now() > endsAt
    if (isTooMuch || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, watchEveryMs)
}

/** Loaded when it is used: a process reads one thing. */
const read = async ({ request }: ReadOrder) => {
  if ('page' in request) return (await import('./pages/read-page.ts')).readPage(request.page)
  return await (await import('./read-document.ts')).readDocument(request.document)
}

const toAnswer = async (order: ReadOrder): Promise<ReadAnswer> => {
  try {
    return { ok: true, result: await read(order) }
  } catch (error) {
    const { message } = error as Error
    const isKnown = error instanceof DocumentError || error instanceof PageError
    return { ok: false, reason: isKnown ? error.reason : 'failed', message }
  }
}

/** When memory runs out, the kernel shall end this process, not the server. Linux only. */
const giveUpFirst = (): void => {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Not allowed here, e.g. in a container: its choice stays as it is.
  }
}

const work = async (order: ReadOrder): Promise<void> => {
  giveUpFirst()
  const watch = new Worker(import.meta.url)
  watch.postMessage(order)
  const answer = await toAnswer(order)
  process.send?.(answer, undefined, undefined, () => process.exit(0))
}

if (Bun.isMainThread) {
  process.once('message', (order: ReadOrder) => void work(order))
  process.once('disconnect', () => process.exit(0))
} else {
  self.onmessage = ({ data }: MessageEvent<ReadOrder>) => keepWatch(data)
}
