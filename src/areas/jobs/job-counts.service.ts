import type { Deps } from '../../deps.ts'
import { countByStatusAndType } from './job-counts.store.ts'

export interface JobCount {
  status: string
  /** `other` for types that this version does not know. */
  type: string
  total: number
}

/** How many jobs there are of each type in each state, those of all users that have not been deleted yet. */
export const countJobs = ({ db, jobTypes }: Pick<Deps, 'db' | 'jobTypes'>): JobCount[] => {
  const totals = new Map<string, JobCount>()
  for (const { status, jobType, total } of countByStatusAndType(db)) {
    const type = jobTypes.has(jobType) ? jobType : 'other'
    const known = totals.get(`${status} ${type}`)?.total ?? 0
    totals.set(`${status} ${type}`, { status, type, total: known + total })
  }
  return [...totals.values()]
}
