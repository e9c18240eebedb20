import type { Deps } from '../../deps.ts'
import { listEvents, listLogEvents } from './job-events.store.ts'
import { type ListEventsQuery, toEventText } from './jobs.schema.ts'
import type { JobRow } from './jobs.table.ts'

/** Rows read at once: an event may hold thousands of characters. */
const rowsAtOnce = 50

/** As JSON texts, which are made as they are asked for. */
const textsOf = (list: typeof listEvents) =>
  function* ({ db }: Pick<Deps, 'db'>, { id }: JobRow, { since_sequence, limit }: ListEventsQuery): Generator<string> {
    let after = since_sequence ?? 0
    for (let left = limit; left > 0; left -= rowsAtOnce) {
      const events = list(db, id, { after, limit: Math.min(left, rowsAtOnce) })
      for (const event of events) yield toEventText(event)
      const last = events.at(-1)
      if (!last || events.length < rowsAtOnce) return
      after = last.sequenceNumber
    }
  }

export const eventTexts = textsOf(listEvents)
/** The same of those that are lines of a log. */
export const logTexts = textsOf(listLogEvents)
