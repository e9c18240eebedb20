import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { jsonText, jsonTextList } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { listCategories, listModuleTags } from './module-list.store.ts'
import { readStatus } from './plugin-status.service.ts'
import * as wire from './plugin-wire.schema.ts'
import { moduleNotFound, pluginNotFound } from './plugins-read.errors.ts'
import * as schema from './plugins-read.schema.ts'
import * as service from './plugins-read.service.ts'

/** Lists of all plugins and modules of a user. */
const listRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.plugins.lists' })
    .use(requireUser(deps))
    .get('/manifest', ({ user }) => jsonTextList(service.readManifest(deps, user.id), '{', '}'), {
      user: true,
      response: wire.Manifest,
      detail: documented('Your enabled plugins'),
    })
    .get('/manifest/designer', ({ user }) => jsonTextList(service.readDesignerManifest(deps, user.id), '{', '}'), {
      user: true,
      response: wire.DesignerManifest,
      detail: documented('Your enabled plugins with their modules: what the web client starts from'),
    })
    .get('/manager', ({ user, query }) => jsonText(service.readModulePage(deps, user.id, query)), {
      user: true,
      query: schema.ListModulesQuery,
      response: wire.ModulePage,
      detail: documented('The modules of all your plugins, in the order in which they were installed'),
    })
    .get('/categories', ({ user }) => ({ categories: listCategories(deps.db, user.id) }), {
      user: true,
      response: schema.Categories,
      detail: documented('Every category of your modules once, in order'),
    })
    .get('/tags', ({ user }) => ({ tags: listModuleTags(deps.db, user.id) }), {
      user: true,
      response: schema.Tags,
      detail: documented('Every tag of your modules once, in order'),
    })
    .get('/test', ({ user }) => ({ message: 'Plugin router is working!', user_id: user.id }), {
      user: true,
      response: schema.Probe,
      detail: documented('What the web client asks before it shows a module'),
    })

/** plugins.md A1. */
export const pluginsReadRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.plugins.read', prefix: '/api/v1/plugins' })
    .use(requireUser(deps))
    .use(listRoutes(deps))
    .get(
      '/:pluginId/info',
      ({ user, params }) => jsonText(service.readPluginWithModules(deps, user.id, params.pluginId)),
      {
        user: true,
        params: schema.PluginParams,
        response: wire.PluginWithModules,
        detail: documented('A plugin with its modules', pluginNotFound),
      },
    )
    .get('/by-slug/:pluginId', ({ user, params }) => jsonText(service.readPlugin(deps, user.id, params.pluginId)), {
      user: true,
      params: schema.PluginParams,
      response: wire.Plugin,
      detail: documented('A plugin', pluginNotFound),
    })
    .get('/:pluginId/modules', ({ user, params }) => jsonText(service.readModules(deps, user.id, params.pluginId)), {
      user: true,
      params: schema.PluginParams,
      response: wire.Modules,
      detail: documented('The modules of a plugin', pluginNotFound),
    })
    .get(
      '/:pluginId/modules/:moduleId',
      async ({ user, params }) =>
        jsonText(await service.readModuleAndUpdate(deps, user.id, params.pluginId, params.moduleId)),
      {
        user: true,
        params: schema.ModuleParams,
        response: wire.ModuleDetail,
        detail: documented(
          'A module with its plugin, whose source is asked for a newer version at most once an hour',
          pluginNotFound,
          moduleNotFound,
        ),
      },
    )
    .get(
      '/direct/:pluginId/modules/:moduleId',
      ({ user, params }) => jsonText(service.readModule(deps, user.id, params.pluginId, params.moduleId)),
      {
        user: true,
        params: schema.ModuleParams,
        response: wire.ModuleDetail,
        detail: documented('A module with its plugin, as far as the server knows it', pluginNotFound, moduleNotFound),
      },
    )
    .get(
      '/simple/:pluginId/modules/:moduleId',
      ({ user, params }) => service.getOwnModule(deps, user.id, params.pluginId, params.moduleId),
      {
        user: true,
        params: schema.ModuleParams,
        response: wire.SimpleModule,
        detail: documented('The names of a module and its plugin', pluginNotFound, moduleNotFound),
      },
    )
    .get('/:pluginId/status', ({ user, params }) => readStatus(deps, user.id, params.pluginId), {
      user: true,
      params: schema.PluginParams,
      response: schema.PluginStatus,
      detail: documented('How a plugin and its files are; also for one that is not installed'),
    })
