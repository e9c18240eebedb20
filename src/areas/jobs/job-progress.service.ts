import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { SeenJob } from './job-endings.store.ts'
import { insertEvent, trimEvents } from './job-events.store.ts'
import { type JobNews, toJobState } from './job-news.ts'
import type { ProgressEvent } from './job-progress.ts'
import { type ProgressState, writeProgress } from './job-queue.store.ts'

const keptEvents = 1000

/** Stores how a running job stands together with its new events, then tells them. False when it changed hands or is gone. */
export const saveProgress = (
  { db, clock, jobFeed }: Pick<Deps, 'db' | 'clock' | 'jobFeed'>,
  job: SeenJob,
  state: ProgressState,
  events: ProgressEvent[],
): boolean => {
  const now = clock()
  const news = inTransaction(db, (): JobNews[] | undefined => {
    const row = writeProgress(db, job, state, now)
    if (!row) return undefined
    const written = events.map((event) => insertEvent(db, job.id, event, now))
    const last = written.at(-1)?.sequenceNumber ?? 0
    if (last > keptEvents) trimEvents(db, job.id, last - keptEvents)
    return written.map((event) => ({ job: toJobState(row), event }))
  })
  for (const one of news ?? []) jobFeed.tell(one)
  return news !== undefined
}
