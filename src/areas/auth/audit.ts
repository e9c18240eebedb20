import type { Deps } from '../../deps.ts'
import { requestInfo } from '../../http/request-info.ts'
import { newUuid } from '../../shared/ids.ts'
import { insertAuditRow } from './auth.store.ts'

export interface AuditEvent {
  /** One of auth.md 11.1, e.g. `auth.login_success`. */
  type: string
  status: 'success' | 'failure'
  userId?: string
  request?: Request
  resource?: { type: string; id: string }
  /** Our own words: never the text of an exception, never what was sent. */
  reason?: string
  extra?: Record<string, unknown>
}

export type Audit = (event: AuditEvent) => void

const anonymousPerMinute = 60

/** Writes one row of the audit log. A failure is logged, not thrown. Strangers get 60 rows a minute: they could fill the disk. */
export const createAudit = ({ db, clock, log }: Pick<Deps, 'db' | 'clock' | 'log'>): Audit => {
  let minute = 0
  let anonymousRows = 0
  const isFlooded = () => {
    const now = Math.floor(clock() / 60_000)
    if (now !== minute) {
      minute = now
      anonymousRows = 0
    }
    return ++anonymousRows > anonymousPerMinute
  }
  return (event) => {
    if (!event.userId && isFlooded()) return
    const info = event.request && requestInfo(event.request)
    try {
      insertAuditRow(db, {
        id: newUuid(),
        eventType: event.type,
        actorType: event.userId ? 'user' : 'anonymous',
        actorId: event.userId ?? null,
        requestId: info?.id ?? null,
        ip: info?.address ?? null,
        userAgent: event.request?.headers.get('user-agent')?.slice(0, 500) ?? null,
        method: event.request?.method ?? null,
        path: event.request ? new URL(event.request.url).pathname.slice(0, 500) : null,
        resourceType: event.resource?.type ?? null,
        resourceId: event.resource?.id ?? null,
        status: event.status,
        reason: event.reason ?? null,
        extraData: event.extra ?? null,
        createdAt: clock(),
      })
    } catch (error) {
      log.error('audit row was not written', { error, event: event.type })
    }
  }
}
