import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createFairQueue } from '../../shared/fair-queue.ts'
import { readInProcess } from './read-in-process.ts'
import type { DocumentReader } from './types.ts'

/** A document's process keeps one core busy. */
const MAX_PROCESSES = 4
/** For a user who has no document under way: the long ones of others do not hold up the first one. */
const SPARE_PROCESSES = 1
const MAX_WAITING = 200
const MAX_WAITING_PER_USER = 40

export interface DocumentReaderOptions {
  /** For uploads. Belongs to the reader: what a crash left there is removed. */
  folder: string
  maxMs: number
  maxMemoryBytes: number
  /** What to throw when all places in the queue are taken, or those of one user. */
  full: () => Error
  userFull: () => Error
}

/** Makes what reads documents. Nothing runs, and nothing is loaded, while there is no document to read. */
export const createDocumentReader = (options: DocumentReaderOptions): DocumentReader => {
  const { folder, maxMs, maxMemoryBytes, full, userFull } = options
  let emptied: Promise<void> | undefined
  // Not when it is made: the worker thread makes a reader of the same folder, and never reads.
  const recover = () => (emptied ??= rm(folder, { recursive: true, force: true }))
  const queue = createFairQueue({
    places: Math.min(availableParallelism(), MAX_PROCESSES),
    sparePlaces: SPARE_PROCESSES,
    maxWaiting: MAX_WAITING,
    maxWaitingPerKey: MAX_WAITING_PER_USER,
    full,
    keyFull: userFull,
  })
  return {
    read: (userId, request, signal) =>
      queue.run(userId, () => readInProcess(request, { maxMs, maxMemoryBytes }, signal), signal),
    recover,
    stage: async () => {
      await recover()
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = await mkdtemp(join(folder, 'upload-'))
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
    },
  }
}
