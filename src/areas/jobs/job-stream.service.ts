import type { Deps } from '../../deps.ts'
import { type EventFollower, type EventSink, openResumableSse } from '../../http/resumable-sse.ts'
import { encodeEvent, type SseContext } from '../../http/sse.ts'
import { listEvents } from './job-events.store.ts'
import { encodeEventFrame, encodeNewsFrame, type ToJobFrame } from './job-frames.ts'
import { type JobNews, type JobState, toJobState } from './job-news.ts'
import { takeStreamSlot } from './job-stream-slots.ts'
import { findJob } from './jobs.store.ts'
import type { JobRow } from './jobs.table.ts'

export type { ToJobFrame } from './job-frames.ts'

/** The request, and what a client asks for: events after `Last-Event-ID`, or else after `since_sequence`. */
export type JobStreamContext = SseContext & { query?: { since_sequence?: number | undefined } }

type StreamDeps = Pick<Deps, 'db' | 'jobFeed'>

/** Read and written in one go; what a client has no time for stays where it is. */
const eventsAtOnce = 50

const lastSeen = ({ request, query }: JobStreamContext): number => {
  const sent = request.headers.get('last-event-id') ?? ''
  return /^\d{1,15}$/.test(sent) ? Number(sent) : (query?.since_sequence ?? 0)
}

const isOver = ({ status }: JobState) => status === 'completed' || status === 'failed' || status === 'canceled'

interface Subject {
  opened: JobRow
  toFrame: ToJobFrame
  after: number
}

/**
 * Writes the events of one job to one client, each once and in order: from the database what was before, what did not fit
 * and what was not heard of; from the feed what follows on the last one.
 */
const followJob = (
  { db, jobFeed }: StreamDeps,
  { opened, toFrame, after }: Subject,
  sink: EventSink,
): EventFollower => {
  let state: JobState = toJobState(opened)
  let sent = after
  /** The last event that was heard of. */
  let newest = 0
  /** Whether there may be events in the database that the client has not got. */
  let isBehind = true
  const write = (what: 'snapshot' | 'terminal') => sink.write(encodeEvent(toFrame(state, what, opened)))

  /** True when there may be more. */
  const writeStored = (): boolean => {
    const events = listEvents(db, opened.id, { after: sent, limit: eventsAtOnce })
    for (const event of events) {
      sink.write(encodeEventFrame(state, event, toFrame, opened))
      sent = event.sequenceNumber
    }
    return events.length === eventsAtOnce
  }
  const catchUp = () => {
    while (isBehind && sink.hasRoom()) isBehind = writeStored()
    if (isBehind || !isOver(state)) return
    write('terminal')
    sink.end()
  }
  const take = (news: JobNews) => {
    const { job, event } = news
    // What happened in the two threads may be told in another order, and the clock may have been set back.
    if (event ? event.sequenceNumber > newest : job.updatedAt >= state.updatedAt) state = job
    newest = Math.max(newest, event?.sequenceNumber ?? 0)
    if (event?.sequenceNumber === sent + 1 && !isBehind && sink.hasRoom()) {
      sink.write(encodeNewsFrame(news, event, toFrame, opened))
      sent = event.sequenceNumber
    } else if (event ? event.sequenceNumber > sent : isOver(state)) isBehind = true
    catchUp()
  }
  const onNews = (news: JobNews) => {
    try {
      take(news)
    } catch (error) {
      sink.fail(error)
    }
  }
  /** In case the news were lost with the thread that told them, or the job is gone. */
  const check = () => {
    const row = findJob(db, opened.userId, opened.id)
    if (!row) return sink.end()
    state = toJobState(row)
    isBehind = true
    catchUp()
  }
  const stopListening = jobFeed.listen(opened.id, onNews)
  write('snapshot')
  return { onRoom: catchUp, onCheck: check, onClose: stopListening }
}

/**
 * The events of a job as they happen: a snapshot, what was before, what comes, and a last frame; then it closes. It closes
 * without a last frame when the job is deleted. Each event carries its number as `id`, from which a client can go on. Throws
 * 429 and 503 when too many streams are open.
 */
export const openJobStream = (
  context: JobStreamContext,
  deps: StreamDeps,
  job: JobRow,
  toFrame: ToJobFrame,
): Response => {
  const subject = { opened: job, toFrame, after: lastSeen(context) }
  return openResumableSse(context, (sink) => {
    const release = takeStreamSlot(job.userId)
    const follower = followJob(deps, subject, sink)
    const onClose = () => {
      follower.onClose()
      release()
    }
    return { ...follower, onClose }
  })
}
