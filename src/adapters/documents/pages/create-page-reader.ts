import { tmpdir } from 'node:os'
import { createFairQueue } from '../../../shared/fair-queue.ts'
import { askProcess } from '../ask-process.ts'
import { PageError, type PageErrorReason, type PageReader, type PageRequest, type PageText } from './types.ts'

export interface PageReaderOptions {
  /** Pages that are read at once. */
  processes: number
  maxWaiting: number
  /** For one page, from when its turn has come. */
  timeMs: number
  maxMemoryBytes: number
}

const defaults: PageReaderOptions = { processes: 2, maxWaiting: 200, timeMs: 8000, maxMemoryBytes: 512_000_000 }
/** For a user none of whose pages is read: the slow ones of others do not hold up the first one. */
const SPARE_PROCESSES = 1

const readNow = async (
  page: PageRequest,
  { timeMs: maxMs, maxMemoryBytes }: PageReaderOptions,
  signal: AbortSignal | undefined,
): Promise<PageText> => {
  const answer = await askProcess({ request: { page }, maxMs, maxMemoryBytes }, tmpdir(), signal)
  if (answer === 'too_slow') throw new PageError('too_slow', 'The page takes too long to read')
  if (typeof answer === 'string') throw new PageError('unreadable', 'The page cannot be read')
  if (answer.ok) return answer.result as PageText
  if (answer.reason === 'failed') throw new PageError('unreadable', 'The page cannot be read')
  throw new PageError(answer.reason as PageErrorReason, answer.message)
}

/** Makes what reads pages, each in a process of its own; users take turns. */
export const createPageReader = (options: Partial<PageReaderOptions> = {}): PageReader => {
  const all = { ...defaults, ...options }
  const busy = () => new PageError('busy', 'Too many pages wait to be read')
  const queue = createFairQueue({
    places: all.processes,
    sparePlaces: SPARE_PROCESSES,
    maxWaiting: all.maxWaiting,
    maxWaitingPerKey: all.maxWaiting,
    full: busy,
    keyFull: busy,
  })
  return { read: (userId, request, signal) => queue.run(userId, () => readNow(request, all, signal), signal) }
}
