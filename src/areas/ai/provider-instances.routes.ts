import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import * as errors from './ai.errors.ts'
import { UserQuery } from './models.schema.ts'
import { assertSelf } from './models.service.ts'
import {
  InstanceParams,
  ProviderInstance,
  ProviderInstances,
  Removed,
  SaveProviderInstance,
  Servers,
  SettingsParams,
} from './provider-instances.schema.ts'
import { listInstances, listServers, removeInstance, saveInstance } from './provider-instances.service.ts'

export const providerInstanceRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.ai.provider-instances', prefix: '/api/v1/ai/settings' })
    .use(requireUser(deps))
    .get(
      '/providers',
      ({ user, query }) => {
        assertSelf(user, query.user_id)
        return { instances: listInstances(deps, user.id) }
      },
      {
        user: true,
        query: UserQuery,
        response: ProviderInstances,
        detail: documented('Your model servers and API keys', errors.foreignUser),
      },
    )
    .post('/providers', ({ user, body }) => saveInstance(deps, user, body), {
      user: true,
      body: SaveProviderInstance,
      response: ProviderInstance,
      detail: documented(
        'Save a model server or an API key',
        errors.unknownProvider,
        errors.oneInstance,
        errors.maskedKey,
      ),
    })
    .delete(
      '/providers/:provider/:instanceId',
      ({ user, params }) => {
        removeInstance(deps, user, params.provider, params.instanceId)
        return { status: 'success' as const, message: 'Provider instance deleted' }
      },
      {
        user: true,
        params: InstanceParams,
        response: Removed,
        detail: documented(
          'Delete a model server or an API key',
          errors.unknownProvider,
          errors.providerInstanceNotFound,
        ),
      },
    )
    .get('/servers/:settingsId', ({ user, params }) => ({ servers: listServers(deps, user.id, params.settingsId) }), {
      user: true,
      params: SettingsParams,
      response: Servers,
      detail: documented('Servers of one provider setting', errors.unknownSettings),
    })
