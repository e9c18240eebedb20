import type { Deps } from '../../deps.ts'
import { readUserAgent, requestInfo } from '../../http/request-info.ts'
import type { Clock } from '../../shared/clock.ts'
import { newUuid } from '../../shared/ids.ts'
import { insertAuditRow } from './auth.store.ts'
import { redact } from '../../shared/redact.ts'

export interface AuditEvent {
  /** One of auth.md 11.1, e.g. `auth.login_success`, or what the command line does to accounts, e.g. `user.created`. */
  type: string
  status: 'success' | 'failure'
  /** Who did it, once proven. A failed login names its account as `resource` instead. */
  userId?: string
  /** Somebody at the machine itself, who is no user. */
  isBySystem?: boolean
  request?: Request
  resource?: { type: string; id: string }
  /** Our own words: never the text of an exception, never what was sent. */
  reason?: string
  extra?: Record<string, unknown>
}

export type Audit = (event: AuditEvent) => void

const anonymousPerMinute = 60

/** Whether one more of these may happen in this minute. */
const createMinuteCap = (clock: Clock, perMinute: number) => {
  let minute = 0
  let count = 0
  return () => {
    const now = Math.floor(clock() / 60_000)
    if (now !== minute) {
      minute = now
      count = 0
    }
    return ++count <= perMinute
  }
}

const actorOf = ({ userId, isBySystem }: AuditEvent) => {
  if (isBySystem) return { actorType: 'system', actorId: null } as const
  return { actorType: userId ? 'user' : 'anonymous', actorId: userId ?? null } as const
}

const toRequestColumns = (request: Request | undefined) => {
  const info = request && requestInfo(request)
  return {
    requestId: info?.id ?? null,
    ip: info?.address ?? null,
    userAgent: request ? readUserAgent(request) : null,
    method: request?.method ?? null,
    path: request ? new URL(request.url).pathname.slice(0, 500) : null,
  }
}

/** Writes one row of the audit log. A failure is logged, not thrown. Strangers get 60 rows a minute: they could fill the disk. */
export const createAudit = ({ db, clock, log }: Pick<Deps, 'db' | 'clock' | 'log'>): Audit => {
  const mayWriteAnonymous = createMinuteCap(clock, anonymousPerMinute)
  return (event) => {
    const actor = actorOf(event)
    if (actor.actorType === 'anonymous' && !mayWriteAnonymous()) return
    try {
      insertAuditRow(db, {
        id: newUuid(),
        eventType: event.type,
        ...actor,
        ...toRequestColumns(event.request),
        resourceType: event.resource?.type ?? null,
        resourceId: event.resource?.id ?? null,
        status: event.status,
        reason: event.reason ?? null,
        extraData: event.extra ? redact(event.extra) : null,
        createdAt: clock(),
      })
    } catch (error) {
      log.error('audit row was not written', { error, event: event.type })
    }
  }
}
