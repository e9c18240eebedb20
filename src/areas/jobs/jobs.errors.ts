import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const jobNotFound = defineError(404, 'jobs.not_found', 'Job not found')
export const unknownJobType = defineErrorWith(
  400,
  'jobs.unknown_type',
  (name: string, known: string) => `Unknown job type '${name}'. Known types: ${known}`,
)
export const unknownDependency = defineErrorWith(
  400,
  'jobs.unknown_dependency',
  (id: string) => `Job ${id}, which this one would depend on, does not exist`,
)
export const failedDependency = defineErrorWith(
  400,
  'jobs.failed_dependency',
  (id: string) => `Job ${id}, which this one depends on, has not completed and is over`,
)
export const cannotCancel = defineError(400, 'jobs.cannot_cancel', 'Unable to cancel job')
export const cannotDelete = defineError(400, 'jobs.cannot_delete', 'Unable to delete job')
export const tooManyJobs = defineErrorWith(
  429,
  'jobs.too_many',
  (limit: number) => `You have ${limit} unfinished jobs, which is the limit. Wait for some, or cancel them`,
)
export const queueFull = defineError(503, 'jobs.queue_full', 'Too many jobs are waiting. Please try again later')
export const tooManyStreams = defineError(429, 'jobs.too_many_streams', 'Too many event streams are open')
export const streamsFull = defineError(503, 'jobs.streams_full', 'The server has too many event streams open')
