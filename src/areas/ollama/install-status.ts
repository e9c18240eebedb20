import { toIso } from '../../shared/clock.ts'
import type { ToJobFrame } from '../jobs/job-stream.service.ts'
import type { JobRow } from '../jobs/jobs.table.ts'
import type { InstallStatus } from './ollama.schema.ts'

type JobState = Parameters<ToJobFrame>[0]

const ownStages = new Set(['downloading', 'verifying', 'extracting', 'finalizing'])

const endStates: Partial<Record<JobRow['status'], string>> = {
  completed: 'completed',
  failed: 'error',
  canceled: 'canceled',
}

/** The words of work.md 2, which are not those of the job. */
export const toInstallState = ({ status, currentStage }: Pick<JobState, 'status' | 'currentStage'>): string => {
  if (status === 'running') return currentStage !== null && ownStages.has(currentStage) ? currentStage : 'running'
  return endStates[status] ?? 'queued'
}

const toSeconds = (time: number | null): number | null => (time === null ? null : time / 1000)

/** `opened` holds what never changes. */
export const toInstallStatus = (job: JobState, opened: Pick<JobRow, 'payload' | 'createdAt'>): InstallStatus => {
  const { model_name: name, server_url: serverBase } = JSON.parse(opened.payload) as Record<string, string>
  return {
    task_id: job.id,
    name: name ?? '',
    server_base: serverBase ?? '',
    state: toInstallState(job),
    progress: job.progressPercent,
    message: job.message ?? '',
    error: job.errorMessage,
    created_at: toSeconds(opened.createdAt),
    updated_at: toSeconds(job.updatedAt),
  }
}

/**
 * A frame of the event stream (work.md 2): the status, and over it what the event says. The state of an event that tells
 * how the job ended, or that it begins anew, is the job's own: it may be a matter of the past.
 */
export const toInstallFrame: ToJobFrame = (job, what, opened) => {
  const status = toInstallStatus(job, opened)
  if (what === 'snapshot' || what === 'terminal') return { ...status }
  const { model_name: _, server_url: __, ...data } = what.data
  return {
    ...status,
    ...(typeof data['progress_percent'] === 'number' ? { progress: data['progress_percent'] } : {}),
    ...(typeof data['stage'] === 'string' ? { state: data['stage'] } : {}),
    ...data,
    event_type: what.eventType,
    sequence_number: what.sequenceNumber,
    timestamp: toIso(what.timestamp),
  }
}
