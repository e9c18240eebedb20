import type { Deps } from '../../deps.ts'
import { toUuid } from '../../shared/ids.ts'
import { type Dependency, findOwnDependencies, listDependencies } from './job-dependencies.store.ts'
import { failedDependency, unknownDependency } from './jobs.errors.ts'

/** What a job is at first that depends on these. Throws 400 for one that is over without having completed. */
const statusAfter = (dependencies: Dependency[]): 'queued' | 'waiting' => {
  const lost = dependencies.find(({ status }) => status === 'failed' || status === 'canceled')
  if (lost) throw failedDependency(lost.id)
  return dependencies.every(({ status }) => status === 'completed') ? 'queued' : 'waiting'
}

/** The dependencies of a job that is to be created, each once, as stored. Throws 400 for what is not the user's own. */
export const resolveDependencies = ({ db }: Pick<Deps, 'db'>, userId: string, sent: string[]) => {
  const ids = [...new Set(sent.map(toUuid))]
  if (ids.length === 0) return { ids, status: 'queued' as const }
  const found = findOwnDependencies(db, userId, ids)
  const unknown = ids.find((id) => !found.some((one) => one.id === id))
  if (unknown !== undefined) throw unknownDependency(unknown)
  return { ids, status: statusAfter(found) }
}

/** What a job is that is to be run again. Throws 400 when it depends on one that failed. */
export const statusOfRetry = ({ db }: Pick<Deps, 'db'>, jobId: string) => statusAfter(listDependencies(db, jobId))
