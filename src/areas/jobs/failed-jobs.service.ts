import type { Db } from '../../db/client.ts'
import { countFailedJobs } from './job-retention.store.ts'

/** How many jobs of which type failed since then, and for which reason; the most frequent first. */
export const listFailedJobs = (db: Db, since: number) => countFailedJobs(db, since)
