import { encodeEvent } from '../../http/sse.ts'
import { toIso } from '../../shared/clock.ts'
import type { JobNews, JobState } from './job-news.ts'
import { toWireStatus } from './jobs.schema.ts'
import type { JobEventRow, JobRow } from './jobs.table.ts'

export interface JobEvent {
  id: string
  eventType: string
  sequenceNumber: number
  timestamp: number
  data: Record<string, unknown>
}

/**
 * What a frame says. `opened` is the row as it was when the stream was opened, for what does not change (payload, times).
 * A function of a module, not a closure: each frame is made and encoded once for all streams that have the same one.
 */
export type ToJobFrame = (
  job: JobState,
  what: 'snapshot' | 'terminal' | JobEvent,
  opened: JobRow,
) => Record<string, unknown>

const toEvent = ({ id, eventType, sequenceNumber, timestamp, data }: JobEventRow): JobEvent => ({
  id,
  eventType,
  sequenceNumber,
  timestamp,
  data: JSON.parse(data) as Record<string, unknown>,
})

/** Fields of an event that stand beside `data`, too (work.md 1.9). */
const raised = ['stage', 'message', 'progress_percent', 'progress_bucket', 'completed_bytes', 'total_bytes']

const raise = (data: Record<string, unknown>) => ({
  ...Object.fromEntries(raised.filter((name) => name in data).map((name) => [name, data[name]])),
  ...('stage' in data ? { current_stage: data['stage'] } : {}),
})

/** The frames of `GET /jobs/{id}/events/stream`. */
export const toJobFrame: ToJobFrame = (job, what) => {
  const fields = {
    job_id: job.id,
    job_type: job.jobType,
    status: toWireStatus(job.status),
    current_stage: job.currentStage,
    message: job.message,
    progress_percent: job.progressPercent,
    error: job.errorMessage,
    error_message: job.errorMessage,
  }
  if (typeof what === 'object') {
    const { eventType, sequenceNumber, timestamp, data } = what
    const event = { event_type: eventType, sequence_number: sequenceNumber, timestamp: toIso(timestamp), data }
    return { ...fields, ...event, ...raise(data) }
  }
  const data = { stage: job.currentStage, progress_percent: job.progressPercent, message: job.message }
  return { ...fields, event_type: what, sequence_number: 0, timestamp: toIso(job.updatedAt), data }
}

/** Frames of what is told to many streams at once. */
const shared = new WeakMap<JobNews, Map<ToJobFrame, Uint8Array>>()

export const encodeEventFrame = (job: JobState, event: JobEventRow, toFrame: ToJobFrame, opened: JobRow): Uint8Array =>
  encodeEvent(toFrame(job, toEvent(event), opened), event.sequenceNumber)

/** The frame of an event that has just happened. Made once for all who listen. */
export const encodeNewsFrame = (news: JobNews, event: JobEventRow, toFrame: ToJobFrame, opened: JobRow): Uint8Array => {
  const frames = shared.get(news) ?? new Map<ToJobFrame, Uint8Array>()
  shared.set(news, frames)
  const bytes = frames.get(toFrame) ?? encodeEventFrame(news.job, event, toFrame, opened)
  frames.set(toFrame, bytes)
  return bytes
}
