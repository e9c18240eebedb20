import type { ProgressState } from './job-queue.store.ts'
import type { JobProgress } from './job-type.ts'

export interface ProgressEvent {
  type: string
  data: Record<string, unknown>
}

const gatherMs = 25
const ordinaryMs = 500
const maxNotablePerSecond = 20
const bucketPercent = 5
const maxStage = 100
const maxType = 50
const maxMessage = 1000
const maxDataJson = 8192

const cut = (text: string, length: number) => text.slice(0, length).toWellFormed()

const toPercent = (percent: number | undefined, before: number): number | undefined =>
  percent === undefined || Number.isNaN(percent)
    ? undefined
    : Math.max(before, Math.floor(Math.min(Math.max(percent, 0), 100)))

/** What handlers report may come from the far end of a connection, and is stored once for each event. */
const bound = ({ percent, stage, message, type = 'progress', data = {} }: JobProgress, before: number) => ({
  percent: toPercent(percent, before),
  stage: stage === undefined ? undefined : cut(stage, maxStage),
  message: message === undefined ? undefined : cut(message, maxMessage),
  type: cut(type, maxType),
  data: JSON.stringify(data).length > maxDataJson ? {} : data,
})

type Report = ReturnType<typeof bound>

const toEvent = ({ percent, stage, message, type, data }: Report): ProgressEvent => ({
  type,
  data: {
    ...data,
    ...(percent === undefined ? {} : { progress_percent: percent }),
    ...(stage === undefined ? {} : { stage }),
    ...(message === undefined ? {} : { message }),
  },
})

/** At most so many in each second. */
const createSecondLimit = (perSecond: number) => {
  let second = 0
  let count = 0
  return () => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) count = 0
    second = now
    return ++count <= perSecond
  }
}

/**
 * Gathers reports into few writes. Notable ones are written within 25 ms, at most 20 a second: a new stage, a new 5 % bucket,
 * a new line of a log, any type of its own. Of the others the latest is written every half second.
 */
export const createJobProgress = (
  before: ProgressState,
  write: (state: ProgressState, events: ProgressEvent[]) => void,
) => {
  const mayBeNotable = createSecondLimit(maxNotablePerSecond)
  let state = before
  let notable: ProgressEvent[] = []
  let ordinary: ProgressEvent | undefined
  let lastLine: string | undefined
  let writtenAt = -Infinity
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueAt = Infinity
  let isClosed = false

  const flush = () => {
    clearTimeout(timer)
    dueAt = Infinity
    const now = performance.now()
    // Timers may be a bit early.
    const isOrdinaryDue = isClosed || now >= writtenAt + ordinaryMs - 1
    const events = ordinary && isOrdinaryDue ? [...notable, ordinary] : notable
    if (isOrdinaryDue) ordinary = undefined
    notable = []
    if (events.length > 0) writtenAt = now
    if (ordinary) flushAt(writtenAt + ordinaryMs)
    if (events.length > 0) write(state, events)
  }
  const flushAt = (at: number) => {
    if (at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(flush, Math.max(0, at - performance.now()))
  }
  const isNotable = ({ type, percent, stage, message }: Report): boolean => {
    if (type === 'log') return message !== lastLine
    if (type !== 'progress') return true
    if (stage !== undefined && stage !== state.stage) return true
    return Math.floor((percent ?? state.percent) / bucketPercent) !== Math.floor(state.percent / bucketPercent)
  }
  const take = (report: Report) => {
    const isUrgent = isNotable(report) && mayBeNotable()
    const { type, percent = state.percent, stage = state.stage, message = state.message } = report
    state = { percent, stage, message }
    if (type === 'log') lastLine = report.message
    const event = toEvent(report)
    if (!isUrgent) {
      ordinary = event
      return flushAt(writtenAt + ordinaryMs)
    }
    // A later step of the same kind says all that the one before it did.
    if (ordinary && type !== 'progress') notable.push(ordinary)
    ordinary = undefined
    notable.push(event)
    flushAt(writtenAt + gatherMs)
  }
  return {
    report(progress: JobProgress) {
      if (!isClosed) take(bound(progress, state.percent))
    },
    /** Writes what is left. Later reports count for nothing. */
    close() {
      isClosed = true
      flush()
    },
  }
}
