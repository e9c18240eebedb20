import { leaseMs } from '../areas/jobs/claim-job.service.ts'
import { renewLeases } from '../areas/jobs/job-queue.store.ts'
import { failDependants } from '../areas/jobs/job-endings.service.ts'
import { listDependenciesInVain } from '../areas/jobs/job-endings.store.ts'
import { recoverJobs } from '../areas/jobs/job-retries.service.ts'
import type { Deps } from '../deps.ts'
import type { JobRun } from './job-run.ts'

/** What a crash leaves of it is found at the start; this is for writes that failed. */
const vainEveryMs = 60_000

/** What keeps the rows of running jobs and the runs of this worker in step, whatever was lost in between. */
export const createJobUpkeep = (deps: Deps, workerId: string, runs: ReadonlyMap<string, JobRun>) => {
  const recover = (leaseBefore: number) => {
    const count = recoverJobs(deps, { workerId, held: [...runs.keys()], leaseBefore })
    if (count > 0) deps.log.warn('interrupted jobs were taken up', { count })
  }
  let lookedForVainAt = -Infinity
  const endVainWaits = () => {
    if (performance.now() - lookedForVainAt < vainEveryMs) return
    lookedForVainAt = performance.now()
    void failDependants(deps, listDependenciesInVain(deps.db))
  }
  const renew = () => {
    const own = new Map(renewLeases(deps.db, workerId, deps.clock() + leaseMs).map((row) => [row.id, row]))
    for (const [id, run] of runs) {
      const row = own.get(id)
      // One that has ended is here too while its handler lets go; stopping it again means nothing.
      if (!row) run.stop('lost')
      else if (row.cancelRequested) run.stop('canceled')
    }
  }
  return {
    /** For the start, when no other worker is left: takes up or fails all that counts as running. */
    recoverAll: () => {
      recover(Number.MAX_SAFE_INTEGER)
      endVainWaits()
    },
    /** Keeps the leases, stops runs that are to be canceled or are not ours any more, and takes up what nobody runs. */
    lookAfter() {
      try {
        renew()
        recover(deps.clock())
        endVainWaits()
      } catch (error) {
        deps.log.error('running jobs were not looked after', { error })
      }
    },
  }
}
