import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import { testLoading } from './plugin-status.service.ts'
import * as errors from './plugins-change.errors.ts'
import * as schema from './plugins-change.schema.ts'
import * as service from './plugins-change.service.ts'
import { moduleNotFound, pluginNotFound } from './plugins-read.errors.ts'
import { CacheAnswer, LoadingTest, ModuleParams, PluginParams } from './plugins-read.schema.ts'
import { countOwnEnabled } from './plugins-read.service.ts'
import { registerPlugin } from './register.service.ts'

const done = (message: string) => ({ status: 'success' as const, message })

/** Services of plugins: rows alone (plugins.md 5). */
const serviceRoutes = (deps: Deps) => {
  const app = new Elysia({ name: 'areas.plugins.services' }).use(requireUser(deps))
  for (const verb of ['restart', 'start', 'stop']) {
    app.post(`/:pluginId/services/${verb}`, ({ user, body }) => service.refuseService(user.id, body), {
      user: true,
      params: PluginParams,
      body: schema.ServiceCall,
      detail: documented(
        `To ${verb} the services of a plugin, which this server does not do`,
        errors.foreignServices,
        errors.definitionRequired,
        errors.servicesUnsupported,
      ),
    })
  }
  return app
}

/** plugins.md A2, without what installs. */
export const pluginsChangeRoutes = (deps: Deps) => {
  const record = (type: string, userId: string, request: Request, pluginId: string) =>
    deps.audit({ type, status: 'success', userId, request, resource: { type: 'plugin', id: pluginId } })
  return new Elysia({ name: 'areas.plugins.change', prefix: '/api/v1/plugins' })
    .use(requireUser(deps))
    .use(serviceRoutes(deps))
    .patch(
      '/:pluginId',
      ({ user, params, body, request }) => {
        const { plugin, enabled } = service.enablePlugin(deps, user.id, params.pluginId, body)
        const word = enabled ? 'enabled' : 'disabled'
        record(`plugin.${word}`, user.id, request, plugin.id)
        return done(`Plugin ${params.pluginId} ${word} successfully`)
      },
      {
        user: true,
        params: PluginParams,
        body: schema.Switch,
        response: schema.Done,
        detail: documented('Enable or disable a plugin', errors.enabledMissing, pluginNotFound),
      },
    )
    .patch(
      '/:pluginId/modules/:moduleId',
      ({ user, params, body }) => {
        const enabled = service.enableModule(deps, user.id, params, body)
        return done(`Module ${params.moduleId} ${enabled ? 'enabled' : 'disabled'} successfully`)
      },
      {
        user: true,
        params: ModuleParams,
        body: schema.Switch,
        response: schema.Done,
        detail: documented('Enable or disable a module', errors.enabledMissing, moduleNotFound),
      },
    )
    .delete(
      '/:pluginId',
      ({ user, params, request }) => {
        const plugin = service.unregisterPlugin(deps, user.id, params.pluginId)
        record('plugin.uninstalled', user.id, request, plugin.id)
        return done(`Plugin ${params.pluginId} unregistered successfully`)
      },
      {
        user: true,
        params: PluginParams,
        response: schema.Done,
        detail: documented('Take a plugin away; the settings that it made stay', pluginNotFound),
      },
    )
    .post('/refresh-cache', ({ user }) => ({ total: countOwnEnabled(deps, user.id), new: [], removed: [] }), {
      user: true,
      response: CacheAnswer,
      detail: documented('Nothing to refresh: answers are never older than the data'),
    })
    .post(
      '/:pluginId/register',
      ({ user, params, body, request }) => {
        const plugin = registerPlugin(deps, user.id, params.pluginId, body)
        record('plugin.installed', user.id, request, plugin.id)
        return done(`Plugin ${plugin.pluginSlug} registered successfully`)
      },
      {
        user: true,
        params: PluginParams,
        body: schema.RegisterPlugin,
        response: schema.Done,
        detail: documented(
          'Add a plugin without files, e.g. one that is being developed',
          errors.invalidSlug,
          errors.slugTaken,
          errors.invalidModules,
          errors.noRoom,
          errors.metadataTooLarge,
        ),
      },
    )
    .post('/:pluginId/test-loading', ({ user, params }) => testLoading(deps, user.id, params.pluginId), {
      user: true,
      params: PluginParams,
      response: LoadingTest,
      detail: documented('Whether the web client could load a plugin, by id, slug or displayed name'),
    })
}
