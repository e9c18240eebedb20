import { entryPoint } from '../../../shared/entry-point.ts'
import { createSemaphore } from '../../../shared/semaphore.ts'
import type { PageAnswer } from './page-worker.ts'
import { PageError, type PageReader, type PageRequest, type PageText } from './types.ts'

const workerUrl = entryPoint('adapters/documents/pages/page-worker')

export interface PageReaderOptions {
  /** Pages that are read at once. */
  threads: number
  maxWaiting: number
  /** For one page, from when its turn has come. */
  timeMs: number
  /** How long a thread that has nothing to do is kept. */
  idleMs: number
}

/** What a large page leaves behind in memory goes with its thread. */
const LARGE_PAGE_BYTES = 500_000

const defaults: PageReaderOptions = { threads: 2, maxWaiting: 200, timeMs: 8000, idleMs: 10_000 }

/** Threads that have nothing to do, for whoever comes next. */
const createThreads = (idleMs: number) => {
  const idle = new Map<Worker, Timer>()
  const leave = (thread: Worker) => {
    clearTimeout(idle.get(thread))
    idle.delete(thread)
  }
  const start = (): Worker => {
    const thread = new Worker(workerUrl, { smol: true })
    // Nobody waits for it at the end of the process.
    thread.unref()
    thread.addEventListener('close', () => leave(thread))
    return thread
  }
  return {
    take: (): Worker => {
      const [next] = idle.keys()
      if (!next) return start()
      leave(next)
      return next
    },
    giveBack: (thread: Worker) => {
      const end = () => {
        leave(thread)
        thread.terminate()
      }
      idle.set(thread, setTimeout(end, idleMs).unref())
    },
  }
}

const ask = (thread: Worker, request: PageRequest, signal: AbortSignal): Promise<PageAnswer> => {
  const { promise, resolve, reject } = Promise.withResolvers<PageAnswer>()
  const died = () => reject(new PageError('unreadable', 'The page cannot be read'))
  const onAbort = () => reject(signal.reason)
  thread.onmessage = ({ data }: MessageEvent<PageAnswer>) => resolve(data)
  thread.onerror = died
  thread.addEventListener('close', died, { once: true })
  signal.addEventListener('abort', onAbort, { once: true })
  thread.postMessage(request)
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    thread.removeEventListener('close', died)
  })
}

/** Makes what reads pages. Threads are started when they are needed; one that does not answer in time is ended. */
export const createPageReader = (options: Partial<PageReaderOptions> = {}): PageReader => {
  const { threads, maxWaiting, timeMs, idleMs } = { ...defaults, ...options }
  const idle = createThreads(idleMs)
  const turns = createSemaphore(threads, maxWaiting, () => new PageError('busy', 'Too many pages wait to be read'))

  const readNow = async (request: PageRequest, signal: AbortSignal | undefined): Promise<PageText> => {
    const deadline = AbortSignal.timeout(timeMs)
    const thread = idle.take()
    let answer: PageAnswer
    try {
      answer = await ask(thread, request, signal ? AbortSignal.any([signal, deadline]) : deadline)
    } catch (error) {
      thread.terminate()
      signal?.throwIfAborted()
      if (!deadline.aborted) throw error
      throw new PageError('too_slow', 'The page takes too long to read')
    }
    if (request.bytes.byteLength > LARGE_PAGE_BYTES) thread.terminate()
    else idle.giveBack(thread)
    if (answer.ok) return answer.page
    throw new PageError(answer.reason, answer.message)
  }
  return { read: (request, signal) => turns.run(() => readNow(request, signal), signal) }
}
