import type { Log } from '../shared/log.ts'
import type { FromWorker, ToWorker } from './messages.ts'

export interface WorkerHost {
  /** Whether the thread has answered lately. */
  isAlive(): boolean
  /** Lets the thread finish and close its connection; ends it after two seconds. */
  stop(): Promise<void>
}

const pingEveryMs = 2_000
const silentAfterMs = 10_000
const maxRestartDelayMs = 30_000

/** In the executable all modules are one file at the root; the worker is an entry point of its own below it. */
const workerUrl = new URL(
  import.meta.url.includes('/$bunfs/') ? './background/worker.js' : './worker.ts',
  import.meta.url,
).href

/** Starts the worker thread, watches it, and starts it again when it dies: at once, then ever more slowly. */
export const startWorker = (databasePath: string, log: Log): WorkerHost => {
  let worker: Worker
  let lastAnswerAt = 0
  let restarts = 0
  let isRunning = false
  let isStopping = false
  let whenStopped: (() => void) | undefined
  const send = (message: ToWorker) => worker.postMessage(message)

  const receive = (message: FromWorker) => {
    lastAnswerAt = Date.now()
    switch (message.type) {
      case 'ready':
        restarts = 0
        return
      case 'log':
        return log[message.level](message.message, message.fields)
      case 'stopped':
        return whenStopped?.()
      case 'pong':
        return
    }
  }
  const restart = (reason: string) => {
    lastAnswerAt = 0
    isRunning = false
    if (isStopping) return whenStopped?.()
    const delayMs = restarts === 0 ? 0 : Math.min(1000 * 2 ** restarts, maxRestartDelayMs)
    restarts++
    log.error('worker thread ended, starting it again', { reason, delayMs })
    setTimeout(start, delayMs)
  }
  const start = () => {
    if (isStopping) return
    worker = new Worker(workerUrl)
    isRunning = true
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(data)
    worker.onerror = ({ message }) => log.error('worker thread failed', { reason: message })
    worker.addEventListener('close', () => restart('closed'))
    send({ type: 'start', databasePath })
  }
  start()
  const pinging = setInterval(() => send({ type: 'ping', id: Date.now() }), pingEveryMs)
  return {
    isAlive: () => Date.now() - lastAnswerAt < silentAfterMs,
    stop: () => {
      isStopping = true
      clearInterval(pinging)
      // A thread that waits to be started again would never answer.
      if (!isRunning) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(() => worker.terminate(), 2_000)
        whenStopped = () => {
          clearTimeout(timer)
          resolve()
        }
        send({ type: 'stop' })
      })
    },
  }
}
