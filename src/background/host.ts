import type { JobNews, JobWorker } from '../areas/jobs/job-news.ts'
import type { Log } from '../shared/log.ts'
import { entryPoint } from '../shared/entry-point.ts'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'

export interface WorkerHost extends JobWorker {
  start(): void
  /** Whether the thread has answered lately. */
  isAlive(): boolean
  /** Lets the thread finish and close its connection; ends it after two seconds. */
  stop(): Promise<void>
}

interface HostOptions {
  /** Handed to each thread that is started. */
  start: WorkerStart
  log: Log
  onNews: (news: JobNews) => void
  /** How long a thread may be silent before it is ended: it hangs in a loop. */
  hungAfterMs?: number
}

const pingEveryMs = 2_000
const silentAfterMs = 10_000
const hungMs = 20_000
const stopMs = 2_000
const maxRestartDelayMs = 30_000

const workerUrl = entryPoint('background/worker')

/**
 * The worker thread: watched, ended when it hangs, and started again when it has ended, at once, then ever more slowly. There
 * is never more than one at a time.
 */
export const createWorkerHost = ({ start, log, onNews, hungAfterMs = hungMs }: HostOptions): WorkerHost => {
  let worker: Worker | undefined
  let lastAnswerAt = 0
  /** When the thread was started or answered. */
  let heardAt = 0
  let restarts = 0
  let isStopping = false
  let whenStopped: (() => void) | undefined
  let watching: ReturnType<typeof setInterval> | undefined
  const send = (message: ToWorker) => worker?.postMessage(message)

  const receive = (message: FromWorker) => {
    lastAnswerAt = Date.now()
    heardAt = lastAnswerAt
    switch (message.type) {
      case 'ready':
        restarts = 0
        return
      case 'news':
        return onNews(message.news)
      case 'log':
        return log[message.level](message.message, message.fields)
      case 'stopped':
        // Only when the thread is gone is its connection, which would keep the WAL from becoming part of the file.
        worker?.terminate()
        return
      case 'pong':
        return
    }
  }
  const restart = () => {
    lastAnswerAt = 0
    worker = undefined
    if (isStopping) return whenStopped?.()
    const delayMs = restarts === 0 ? 0 : Math.min(1000 * 2 ** restarts, maxRestartDelayMs)
    restarts++
    log.error('worker thread ended, starting it again', { delayMs })
    setTimeout(startThread, delayMs)
  }
  const startThread = () => {
    if (isStopping) return
    worker = new Worker(workerUrl)
    heardAt = Date.now()
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(data)
    worker.onerror = ({ message }) => log.error('worker thread failed', { reason: message })
    worker.addEventListener('close', restart)
    send({ type: 'start', start })
  }
  const watch = () => {
    if (worker && Date.now() - heardAt > hungAfterMs) {
      log.error('worker thread hangs, ending it', { silentMs: Date.now() - heardAt })
      worker.terminate()
    } else send({ type: 'ping' })
  }
  return {
    start() {
      watching = setInterval(watch, Math.min(pingEveryMs, hungAfterMs / 2))
      startThread()
    },
    // Later, since it may be called in a transaction: the thread would look before the commit.
    wake: () => queueMicrotask(() => send({ type: 'wake' })),
    cancel: (jobId) => send({ type: 'cancel', jobId }),
    isAlive: () => Date.now() - lastAnswerAt < silentAfterMs,
    stop: () => {
      isStopping = true
      clearInterval(watching)
      // A thread that waits to be started again would never answer.
      if (!worker) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(() => worker?.terminate(), stopMs)
        whenStopped = () => {
          clearTimeout(timer)
          resolve()
        }
        send({ type: 'stop' })
      })
    },
  }
}
