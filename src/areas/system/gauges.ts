import { databaseSize } from '../../db/database-size.ts'
import type { Deps } from '../../deps.ts'
import type { MetricFamily, Sample } from '../../shared/metrics.ts'
import { commit, version } from '../../shared/version.ts'
import { type JobCount, countJobs } from '../jobs/job-counts.service.ts'
import { createLagMeter } from './event-loop-lag.ts'

export type GaugeDeps = Pick<Deps, 'db' | 'clock' | 'jobTypes' | 'liveReplies' | 'readiness'>

/** Counting all jobs reads as much as there are: not more often than this, however often somebody asks. */
const countJobsEveryMs = 10_000

const createJobCounter = (deps: GaugeDeps) => {
  let counted: { at: number; counts: JobCount[] } | undefined
  return () => {
    const now = deps.clock()
    if (!counted || now - counted.at >= countJobsEveryMs) counted = { at: now, counts: countJobs(deps) }
    return counted.counts
  }
}

const gauge = (name: string, help: string, read: () => Sample[]): MetricFamily => ({ name, help, type: 'gauge', read })
const single = (name: string, help: string, read: () => number) =>
  gauge(name, help, () => [{ value: read(), labels: {} }])

const processFamilies = (): MetricFamily[] => {
  const { takeWorst } = createLagMeter()
  const startedAt = Math.round(Date.now() / 1000 - process.uptime())
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000_000
  }
  return [
    single('process_resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss()),
    single(
      'process_heap_used_bytes',
      'Memory of objects in the thread of the server',
      () => process.memoryUsage().heapUsed,
    ),
    { ...single('process_cpu_seconds_total', 'Time of processors, all threads together', cpuSeconds), type: 'counter' },
    single('process_start_time_seconds', 'When the process was started', () => startedAt),
    single('event_loop_lag_seconds', 'Longest delay of the server since the last time this was asked', takeWorst),
  ]
}

const databaseFamilies = ({ db }: GaugeDeps): MetricFamily[] => [
  single('sqlite_file_bytes', 'Size of the database', () => databaseSize(db).fileBytes),
  single('sqlite_free_bytes', 'What of it is unused', () => databaseSize(db).freeBytes),
  single('sqlite_wal_bytes', 'Size of the write-ahead log', () => databaseSize(db).walBytes),
  single(
    'sqlite_cache_bytes',
    'Most memory that the page cache of one connection may take',
    () => databaseSize(db).cacheBytes,
  ),
]

/** What is measured only when somebody asks. `countStreams`: the event streams that are open now. */
export const createGauges = (deps: GaugeDeps, countStreams: () => number): MetricFamily[] => {
  const listJobs = createJobCounter(deps)
  return [
    gauge('braindrive_info', 'Version and commit', () => [{ value: 1, labels: { version, commit: commit ?? '' } }]),
    gauge('braindrive_ready', 'Checks of /health/ready: 1 is ok', () =>
      Object.entries(deps.readiness()).map(([check, result]) => ({
        value: Number(result === 'ok'),
        labels: { check },
      })),
    ),
    gauge('jobs', 'Background jobs by state and type, counted every ten seconds at most', () =>
      listJobs().map(({ status, type, total }) => ({ value: total, labels: { status, type } })),
    ),
    single('event_streams_open', 'Clients that listen to event streams', countStreams),
    single('live_replies', 'Replies of models that are being written', () => deps.liveReplies.size),
    ...databaseFamilies(deps),
    ...processFamilies(),
  ]
}
