import type { Db } from '../../db/client.ts'
import type { Deps } from '../../deps.ts'
import { countUnfinished, countUnfinishedOf } from './job-limits.store.ts'
import { queueFull, tooManyJobs } from './jobs.errors.ts'

const recountMs = 1000

interface Estimate {
  count: number
  countedAt: number
}

/** Unfinished jobs of all users. Too high rather than too low: jobs end unseen, but each new one is added. */
const estimates = new WeakMap<Db, Estimate>()

const recount = (db: Db, now: number): Estimate => {
  const estimate = { count: countUnfinished(db), countedAt: now }
  estimates.set(db, estimate)
  return estimate
}

/** Counts all jobs only once a second, or when the limit seems to be reached. */
const assertRoomInQueue = (db: Db, limit: number, now: number) => {
  let estimate = estimates.get(db)
  if (!estimate || now - estimate.countedAt > recountMs || estimate.count >= limit) estimate = recount(db, now)
  if (estimate.count >= limit) throw queueFull()
  estimate.count++
}

/** To be asked before a job of this user is queued, in the transaction that does it. Throws 429 and 503. */
export const assertRoomForJob = (
  { db, clock, config }: Pick<Deps, 'db' | 'clock' | 'config'>,
  userId: string,
): void => {
  if (countUnfinishedOf(db, userId) >= config.maxJobsPerUser) throw tooManyJobs(config.maxJobsPerUser)
  assertRoomInQueue(db, config.maxJobs, clock())
}
