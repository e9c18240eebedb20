import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { requestInfo } from './request-info.ts'
import { identity } from './session.ts'

/**
 * One line per request: method, route pattern (never the path, which can hold ids, nor the query, which can hold
 * anything), status, ms until the answer began, user and request id.
 */
export const accessLog = ({
  log,
  clock,
  metrics,
  findSession,
}: Pick<Deps, 'log' | 'clock' | 'metrics' | 'findSession'>) =>
  new Elysia({ name: 'http.access-log' })
    .use(identity({ findSession }))
    .onAfterResponse({ as: 'global' }, (context) => {
      const { request, route, set, session, responseValue } = context
      const info = requestInfo(request)
      const status = responseValue instanceof Response ? responseValue.status : (set.status ?? 200)
      const pattern = route || '(none)'
      const seconds = (performance.now() - info.beganAt) / 1000
      metrics.request({ method: request.method, route: pattern, status: Number(status), seconds })
      log.info('request', {
        method: request.method,
        route: pattern,
        status,
        ms: clock() - info.startedAt,
        user: session?.user.id,
        requestId: info.id,
      })
    })
