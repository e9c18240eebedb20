import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { entryPoint, isExecutable } from '../../shared/entry-point.ts'
import type { ReadAnswer, ReadOrder } from './types.ts'

/** Behind the requests of others: documents may take seconds, answers may not. */
const LOW_PRIORITY = 19

/** On Linux that is the file that runs, also after an update has put another one in its place. */
const executable = process.platform === 'linux' ? '/proc/self/exe' : process.execPath

/** The executable begins as what its first argument names (`main.ts`); Bun runs the source itself. */
const command = isExecutable
  ? [executable, 'read-document']
  : [process.execPath, fileURLToPath(entryPoint('adapters/documents/process'))]

const lower = (pid: number): void => {
  try {
    setPriority(pid, LOW_PRIORITY)
  } catch {
    // It has ended already.
  }
}

/** How a process ended that did not answer: it took too long, too much memory, or crashed. */
export type Ending = 'too_slow' | 'too_large' | 'broken'

/**
 * Has something read by a process of its own, which is killed when it takes too long or the signal aborts: a thread could
 * not be, while it is busy. It gets nothing of this one: no environment, no open files. Throws the signal's reason.
 */
export const askProcess = async (
  order: ReadOrder,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<ReadAnswer | Ending> => {
  signal?.throwIfAborted()
  let answer: ReadAnswer | undefined
  let isLate = false
  const child = Bun.spawn(command, {
    cwd,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore'],
    ipc: (message: ReadAnswer) => {
      answer = message
    },
  })
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(() => {
    isLate = true
    kill()
  }, order.maxMs)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    lower(child.pid)
    child.send(order)
    await child.exited
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
  }
  if (answer) return answer
  signal?.throwIfAborted()
  if (isLate) return 'too_slow'
  return child.signalCode === 'SIGKILL' ? 'too_large' : 'broken'
}
