import { deleteExpiredSessions, deleteOldAuditRows } from '../areas/auth/auth.store.ts'
import { deleteOldestJobs, deleteSomeExpiredJobs, listUsersWithManyJobs } from '../areas/jobs/job-retention.store.ts'
import { deleteOldStateHistory } from '../areas/plugin-state/plugin-state-history.store.ts'
import { deleteExpiredStates } from '../areas/plugin-state/state-usage.store.ts'
import type { Db } from '../db/client.ts'
import { writeInBatches } from '../db/write-in-batches.ts'

const auditDays = 365
const stateHistoryDays = 30
const dayMs = 86_400_000
const keptJobsOfUser = 5_000
const jobsAtOnce = 100

const deleteSurplusJobs = async (db: Db): Promise<number> => {
  let deleted = 0
  for (const { userId, ended } of listUsersWithManyJobs(db, keptJobsOfUser)) {
    let surplus = ended - keptJobsOfUser
    deleted += await writeInBatches(() => {
      const count = deleteOldestJobs(db, userId, Math.min(surplus, jobsAtOnce))
      surplus -= count
      return count
    })
  }
  return deleted
}

/** Removes what has outlived its use. Safe to run at any time, and again. */
export const tidyUp = async (db: Db, now: number): Promise<Record<string, number>> => ({
  sessions: deleteExpiredSessions(db, now),
  auditRows: deleteOldAuditRows(db, now - auditDays * dayMs),
  pluginStates: deleteExpiredStates(db, now),
  pluginStateHistory: deleteOldStateHistory(db, now - stateHistoryDays * dayMs),
  expiredJobs: await writeInBatches(() => deleteSomeExpiredJobs(db, now)),
  surplusJobs: await deleteSurplusJobs(db),
})
