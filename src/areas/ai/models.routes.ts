import { Elysia } from 'elysia'
import { providerIds } from '../../adapters/llm/types.ts'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { limited } from '../../http/rate-limit.ts'
import { requireUser } from '../../http/session.ts'
import * as errors from './ai.errors.ts'
import {
  AllModels,
  Catalog,
  Models,
  ModelsQuery,
  ProviderIds,
  UserQuery,
  Validate,
  Validation,
} from './models.schema.ts'
import { assertSelf, listAllModels, listCatalog, listModels, validateProvider } from './models.service.ts'

export const modelRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.ai.models', prefix: '/api/v1/ai/providers' })
    .use(requireUser(deps))
    .use(limited(deps))
    .get('/providers', () => ({ providers: [...providerIds] }), {
      user: true,
      response: ProviderIds,
      detail: documented('Ids of the providers'),
    })
    .get(
      '/catalog',
      ({ user, query }) => {
        assertSelf(user, query.user_id)
        return { user_id: user.id, providers: listCatalog(deps, user.id) }
      },
      {
        user: true,
        query: UserQuery,
        response: Catalog,
        detail: documented('Providers, and which of them you have configured', errors.foreignUser),
      },
    )
    .post('/validate', ({ body }) => validateProvider(deps, body), {
      user: true,
      limit: 'rateLimitModels',
      body: Validate,
      response: Validation,
      detail: documented('Try an address and a key', errors.unknownProvider),
    })
    .get('/models', async ({ user, query }) => ({ models: await listModels(deps, user, query) }), {
      user: true,
      limit: 'rateLimitModels',
      query: ModelsQuery,
      response: Models,
      detail: documented(
        'Models of one server',
        errors.unknownProvider,
        errors.noServer,
        errors.noApiKey,
        errors.noServerAddress,
        errors.foreignUser,
        errors.addressRefused,
        errors.providerFailed,
      ),
    })
    .get(
      '/all-models',
      ({ user, query }) => {
        assertSelf(user, query.user_id)
        return listAllModels(deps, user)
      },
      {
        user: true,
        limit: 'rateLimitModels',
        query: UserQuery,
        response: AllModels,
        detail: documented('Models of all your servers', errors.foreignUser),
      },
    )
