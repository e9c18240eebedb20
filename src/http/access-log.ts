import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { requestInfo } from './request-info.ts'
import { identity } from './session.ts'

/**
 * One line per request: method, route pattern (never the path, which can hold ids, nor the query, which can hold
 * anything), status, ms until the answer began, user and request id.
 */
export const accessLog = ({ log, clock, findSession }: Pick<Deps, 'log' | 'clock' | 'findSession'>) =>
  new Elysia({ name: 'http.access-log' })
    .use(identity({ findSession }))
    .onAfterResponse({ as: 'global' }, (context) => {
      const { request, route, set, session, responseValue } = context
      const info = requestInfo(request)
      const status = responseValue instanceof Response ? responseValue.status : (set.status ?? 200)
      log.info('request', {
        method: request.method,
        route: route ?? '(none)',
        status,
        ms: clock() - info.startedAt,
        user: session?.user.id,
        requestId: info.id,
      })
    })
