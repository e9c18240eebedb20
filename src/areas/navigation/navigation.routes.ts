import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { jsonTextList, jsonTextParts } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { moveRoute, placeRoutes } from './hierarchy.service.ts'
import { toNavigationTree } from './navigation-tree.schema.ts'
import * as errors from './navigation.errors.ts'
import * as schema from './navigation.schema.ts'
import { toNavigationRoute, toRouteTexts } from './navigation.schema.ts'
import { createRoute, editRoute, getRouteWithCreator, removeRoute } from './navigation.service.ts'
import { listRoutes } from './navigation.store.ts'

const hierarchyErrors = [errors.parentNotFound, errors.ownParent, errors.ownAncestor, errors.circularChain]
const fixedErrors = [errors.fixedName, errors.fixedPath, errors.fixedPage, errors.fixedComponent]

export const navigationRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.navigation', prefix: '/api/v1/navigation-routes' })
    .use(requireUser(deps))
    .get('', ({ user, query }) => jsonTextList(toRouteTexts(listRoutes(deps.db, user.id, query.visible_only))), {
      user: true,
      query: schema.ListRoutesQuery,
      response: schema.NavigationRoutes,
      detail: documented('Your navigation routes by their order'),
    })
    .get('/tree', ({ user }) => jsonTextParts(toNavigationTree(listRoutes(deps.db, user.id))), {
      user: true,
      response: schema.NavigationTree,
      detail: documented('Your visible navigation routes as a tree'),
    })
    .post('', ({ user, body, status }) => status(201, toNavigationRoute(createRoute(deps, user.id, body))), {
      user: true,
      body: schema.CreateNavigationRoute,
      response: { 201: schema.NavigationRoute },
      detail: documented(
        'Add a navigation route',
        errors.routeExists,
        errors.tooManyRoutes,
        errors.parentNotFound,
        errors.pageNotFound,
      ),
    })
    .post('/batch-update', ({ user, body }) => jsonTextList(toRouteTexts(placeRoutes(deps, user.id, body))), {
      user: true,
      body: schema.BatchUpdate,
      response: schema.NavigationRoutes,
      detail: documented('Place or unfold several routes, all or none of them', ...hierarchyErrors),
    })
    .get(
      '/:routeId',
      ({ user, params }) => {
        const { route, creator } = getRouteWithCreator(deps, user.id, params.routeId)
        return { ...toNavigationRoute(route), creator, pages: null }
      },
      {
        user: true,
        params: schema.RouteParams,
        response: schema.NavigationRouteDetail,
        detail: documented('One navigation route', errors.routeNotFound),
      },
    )
    .put('/:routeId', ({ user, params, body }) => toNavigationRoute(editRoute(deps, user.id, params.routeId, body)), {
      user: true,
      params: schema.RouteParams,
      body: schema.UpdateNavigationRoute,
      response: schema.NavigationRoute,
      detail: documented(
        'Change what is sent',
        errors.routeNotFound,
        errors.routeExists,
        errors.pageNotFound,
        ...fixedErrors,
        ...hierarchyErrors,
      ),
    })
    .put(
      '/:routeId/move',
      ({ user, params, body }) => toNavigationRoute(moveRoute(deps, user.id, params.routeId, body)),
      {
        user: true,
        params: schema.RouteParams,
        body: schema.MoveNavigationRoute,
        response: schema.NavigationRoute,
        detail: documented('Put a route under another one', errors.routeNotFound, ...hierarchyErrors),
      },
    )
    .delete(
      '/:routeId',
      ({ user, params, status }) => {
        removeRoute(deps, user.id, params.routeId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.RouteParams,
        response: { 204: schema.Nothing },
        detail: documented(
          'Delete a route; its children move up',
          errors.routeNotFound,
          errors.systemRoute,
          errors.routeInUse,
        ),
      },
    )
