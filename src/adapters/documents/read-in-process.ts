import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryPoint, isExecutable } from '../../shared/entry-point.ts'
import { DocumentError, type DocumentText, type ReadAnswer, type ReadOrder } from './types.ts'

/** Behind the requests of others: documents may take seconds, answers may not. */
const LOW_PRIORITY = 15

/** On Linux that is the file that runs, also after an update has put another one in its place. */
const executable = process.platform === 'linux' ? '/proc/self/exe' : process.execPath

/** The executable begins as what its first argument names (`main.ts`); Bun runs the source itself. */
const command = isExecutable
  ? [executable, 'read-document']
  : [process.execPath, fileURLToPath(entryPoint('adapters/documents/process'))]

const tooSlow = (maxMs: number) =>
  new DocumentError('too_slow', `The document takes longer than ${Math.ceil(maxMs / 1000)} seconds to read`)
const tooLarge = () => new DocumentError('too_large', 'The document needs more memory than one may have')
const broken = () => new DocumentError('unreadable', 'The document cannot be read: its reader failed on it')

const lower = (pid: number): void => {
  try {
    setPriority(pid, LOW_PRIORITY)
  } catch {
    // It has ended already.
  }
}

/**
 * Reads a document in a process of its own, which is killed when it takes too long or the signal aborts. It gets nothing
 * of this one: no environment, no open files.
 */
export const readInProcess = async (order: ReadOrder, signal?: AbortSignal): Promise<DocumentText> => {
  signal?.throwIfAborted()
  let answer: ReadAnswer | undefined
  let failure: unknown
  const child = Bun.spawn(command, {
    cwd: dirname(order.request.path),
    env: {},
    stdio: ['ignore', 'ignore', 'ignore'],
    ipc: (message: ReadAnswer) => {
      answer = message
    },
  })
  const kill = (reason: unknown) => {
    failure ??= reason
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => kill(tooSlow(order.maxMs)), order.maxMs)
  const onAbort = () => kill(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    lower(child.pid)
    child.send(order)
    await child.exited
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
  if (answer?.ok) return answer.document
  if (answer?.reason === 'failed') throw new Error(`reading a document failed: ${answer.message}`)
  if (answer) throw new DocumentError(answer.reason, answer.message)
  throw failure ?? (child.signalCode === 'SIGKILL' ? tooLarge() : broken())
}
