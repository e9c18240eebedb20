import { swagger } from '@elysiajs/swagger'
import type { AnyElysia } from 'elysia'
import { version } from '../../../package.json'
import type { Config } from '../../config.ts'
import { commonComponents } from '../openapi-errors.ts'
import type { OpenApiDocument } from '../openapi-types.ts'
import { completeOpenApi } from '../openapi.ts'
import { findAccess } from './access.ts'

type Route = AnyElysia['routes'][number]

const specPath = '/openapi.json'
const description =
  'Sign in with `POST /api/v1/auth/login` and send the access token as `Authorization: Bearer …`. Browsers may rely on the HttpOnly cookies that it sets. Every failure answers `{"detail", "code"}`.'

/** The generator leaves out paths with a wildcard; a parameter says the same. */
const withoutWildcard = (route: Route): Route => ({ ...route, path: route.path.replace('*', ':path') })

const isDocumented = ({ hooks, path }: Route) => hooks.detail?.hide !== true && !/.\/$/.test(path)

/**
 * The OpenAPI document of all routes. The generator of `@elysiajs/swagger` is asked and never mounted: its page loads
 * scripts from a CDN.
 */
export const generateOpenApi = async (
  { appName, basePath }: Pick<Config, 'appName' | 'basePath'>,
  allRoutes: Route[],
): Promise<OpenApiDocument> => {
  const routes = allRoutes.filter(isDocumented).map(withoutWildcard)
  const info = { title: appName, version, description }
  const generator = swagger({
    specPath,
    documentation: { info, ...(basePath ? { servers: [{ url: basePath }] } : {}) },
  })
  Object.assign(generator, { getGlobalRoutes: () => routes })
  const generate = generator.routes.find(({ path }) => path === specPath)?.handler as () => OpenApiDocument
  const access = routes.map(async ({ method, path, hooks }) => ({ method, path, access: await findAccess(hooks) }))
  return completeOpenApi({ ...generate(), components: commonComponents }, await Promise.all(access))
}
