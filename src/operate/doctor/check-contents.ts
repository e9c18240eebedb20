import { listFailedJobs } from '../../areas/jobs/failed-jobs.service.ts'
import { listMissingPackages } from '../../areas/plugins/missing-packages.service.ts'
import type { Db } from '../../db/client.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

export const checkPlugins = (db: Db, dataPath: string): Finding[] => {
  const missing = listMissingPackages(db, dataPath)
  if (missing.length === 0) return [ok('plugins', 'The files of all plugins are there')]
  const names = [...new Set(missing.map(({ slug }) => slug))].slice(0, 10).join(', ')
  return [
    problem(
      'plugins',
      `The files of ${missing.length} installed plugins are gone: ${names}`,
      'Restore the folder plugins from a backup, or let their users install them again.',
    ),
  ]
}

const dayMs = 86_400_000

export const checkJobs = (db: Db, now: number): Finding[] => {
  const failed = listFailedJobs(db, now - dayMs)
  if (failed.length === 0) return [ok('jobs', 'No job failed within a day')]
  const shown = failed
    .map(({ jobType, errorCode, count }) => `${count} of ${jobType} (${errorCode ?? 'no code'})`)
    .join(', ')
  return [warning('jobs', `Jobs failed within a day: ${shown}`, 'Their owners see the reasons at GET /api/v1/jobs.')]
}
