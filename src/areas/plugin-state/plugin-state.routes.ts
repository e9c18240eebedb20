import { Elysia } from 'elysia'
import type { Deps, SignedInUser } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { jsonText, jsonTextList } from '../../http/json-text.ts'
import { readUserAgent, requestInfo } from '../../http/request-info.ts'
import { requireUser } from '../../http/session.ts'
import { Message } from '../../http/wire-types.ts'
import * as errors from './plugin-state.errors.ts'
import * as schema from './plugin-state.schema.ts'
import * as service from './plugin-state.service.ts'
import { createStates, syncStates } from './state-batches.service.ts'
import { toFilters } from './state-fields.schema.ts'
import { removeExpiredStates } from './state-quota.ts'

const authorOf = (user: SignedInUser, request: Request) => ({
  userId: user.id,
  userAgent: readUserAgent(request),
  ipAddress: requestInfo(request).address,
})

/** plugins.md 6. */
export const pluginStateRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.plugin-state', prefix: '/api/v1' })
    .use(requireUser(deps))
    .post(
      '/plugin-state',
      async ({ user, request, body }) => jsonText(await service.createState(deps, authorOf(user, request), body)),
      {
        user: true,
        body: schema.CreateState,
        response: schema.State,
        detail: documented('Keep a state of a plugin', errors.stateExists, errors.storageFull),
      },
    )
    .get(
      '/plugin-state',
      ({ user, query }) => jsonTextList(service.listStates(deps, user.id, toFilters(query), query)),
      {
        user: true,
        query: schema.ListStatesQuery,
        response: schema.States,
        detail: documented('Your states that have not expired, last accessed first'),
      },
    )
    .get('/plugin-state/stats', ({ user }) => service.getStats(deps, user.id), {
      user: true,
      response: schema.StateStats,
      detail: documented('What your states take up'),
    })
    .delete(
      '/plugin-state/cleanup',
      async ({ user }) => {
        const count = await removeExpiredStates(deps, user.id)
        return { message: `Cleaned up ${count} expired plugin states`, deleted_count: count }
      },
      {
        user: true,
        response: schema.CleanUpAnswer,
        detail: documented('Delete your expired states now; the server does so by itself about once an hour'),
      },
    )
    .post(
      '/plugin-state/bulk',
      async ({ user, request, body }) => {
        const { created, errors: failed } = await createStates(deps, authorOf(user, request), body)
        return jsonText(`{"created":[${created.join(',')}],"errors":${JSON.stringify(failed)}}`)
      },
      {
        user: true,
        body: schema.CreateStates,
        response: schema.CreatedStates,
        detail: documented('Keep up to 500 states; what exists already is reported, the rest is created'),
      },
    )
    .post(
      '/plugin-state/sync',
      async ({ user, request, body }) => {
        const { synced, conflicts, errors: failed } = await syncStates(deps, authorOf(user, request), body)
        const start = `{"success":true,"synced":[${synced.join(',')}],"errors":${JSON.stringify(failed)},"conflicts":[`
        return jsonTextList(conflicts, start, ']}')
      },
      {
        user: true,
        body: schema.SyncStates,
        response: schema.SyncedStates,
        detail: documented(
          'Bring up to 500 states here from one device. What another device has changed since is reported as a conflict and kept, unless `force_overwrite` is set',
        ),
      },
    )
    .get(
      '/plugin-state/:stateId',
      async ({ user, params }) => jsonText(await service.getState(deps, user.id, params.stateId)),
      {
        user: true,
        params: schema.StateParams,
        response: schema.State,
        detail: documented('One state; counts as an access', errors.stateNotFound),
      },
    )
    .put(
      '/plugin-state/:stateId',
      async ({ user, request, params, body }) =>
        jsonText(await service.changeState(deps, authorOf(user, request), params.stateId, body)),
      {
        user: true,
        params: schema.StateParams,
        body: schema.UpdateState,
        response: schema.State,
        detail: documented('Change a state', errors.stateNotFound, errors.versionConflict, errors.storageFull),
      },
    )
    .delete(
      '/plugin-state/:stateId',
      ({ user, request, params }) => {
        service.removeState(deps, authorOf(user, request), params.stateId)
        return { message: 'Plugin state deleted successfully' }
      },
      {
        user: true,
        params: schema.StateParams,
        response: Message,
        detail: documented('Delete a state', errors.stateNotFound),
      },
    )
