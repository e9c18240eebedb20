import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import * as errors from './components.errors.ts'
import * as schema from './components.schema.ts'
import { toComponent } from './components.schema.ts'
import { createComponent, editComponent, getComponent, removeComponent, toOwner } from './components.service.ts'
import { listComponents } from './components.store.ts'

export const componentsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.components', prefix: '/api/v1/components' })
    .use(requireUser(deps))
    .get('', ({ user }) => listComponents(deps.db, user.id).map(toComponent), {
      user: true,
      response: schema.Components,
      detail: documented('Your components by their component_id'),
    })
    .post('', ({ user, body, status }) => status(201, toComponent(createComponent(deps, user.id, body))), {
      admin: true,
      body: schema.CreateComponent,
      response: { 201: schema.Component },
      detail: documented(
        'Add a component, for yourself or another user',
        errors.componentExists,
        errors.tooManyComponents,
        errors.ownerNotFound,
      ),
    })
    .get('/:componentId', ({ user, params }) => toComponent(getComponent(deps, user.id, params.componentId)), {
      user: true,
      params: schema.ComponentParams,
      response: schema.Component,
      detail: documented('One component of yours', errors.componentNotFound),
    })
    .put(
      '/:componentId',
      ({ user, params, query, body }) =>
        toComponent(editComponent(deps, toOwner(user.id, query.user_id), params.componentId, body)),
      {
        admin: true,
        params: schema.ComponentParams,
        query: schema.OwnerQuery,
        body: schema.UpdateComponent,
        response: schema.Component,
        detail: documented('Change what is sent', errors.componentNotFound),
      },
    )
    .delete(
      '/:componentId',
      ({ user, params, query, status }) => {
        removeComponent(deps, toOwner(user.id, query.user_id), params.componentId)
        return status(204, undefined)
      },
      {
        admin: true,
        params: schema.ComponentParams,
        query: schema.OwnerQuery,
        response: { 204: schema.Nothing },
        detail: documented('Delete a component', errors.componentNotFound, errors.systemComponent),
      },
    )
