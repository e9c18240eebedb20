import { Elysia, t } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import { Message } from '../../http/wire-types.ts'
import { changeDefinition, createDefinition, removeDefinition, replaceDefinition } from './definitions.service.ts'
import { listDefinitions } from './definitions.store.ts'
import { changeInstance, getInstance, listInstances, removeInstance, saveInstance } from './instances.service.ts'
import { lowerCaseBodyScopes, lowerCaseQueryScope } from './scope-case.ts'
import * as errors from './settings.errors.ts'
import * as schema from './settings.schema.ts'

const writeErrors = [
  errors.instanceNotFound,
  errors.systemNeedsAdmin,
  errors.maskedKey,
  errors.valueTooLarge,
  errors.noRoom,
]
const saveErrors = [
  errors.invalidScope,
  errors.instanceIdRequired,
  errors.pageIdRequired,
  errors.tooManyDefinitions,
  ...writeErrors,
]
const definitionErrors = [
  errors.definitionExists,
  errors.keyInDefault,
  errors.validationNotObject,
  errors.valueTooLarge,
]

const definitionRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.settings.definitions', prefix: '/definitions' })
    .use(requireUser(deps))
    .get(
      '',
      ({ query }) =>
        listDefinitions(deps.db, { category: query.category || null, scope: query.scope ?? null }).map(
          schema.toSettingDefinition,
        ),
      {
        user: true,
        transform: lowerCaseQueryScope,
        query: schema.ListDefinitionsQuery,
        response: t.Array(schema.SettingDefinition),
        detail: documented('What can be set, in order of creation'),
      },
    )
    .post(
      '',
      ({ user, request, body }) => schema.toSettingDefinition(createDefinition(deps, { user, request }, body)),
      {
        admin: true,
        transform: lowerCaseBodyScopes,
        body: schema.CreateSettingDefinition,
        response: schema.SettingDefinition,
        detail: documented('Define a setting', ...definitionErrors),
      },
    )
    .patch(
      '/:definitionId',
      ({ user, request, params, body }) =>
        schema.toSettingDefinition(changeDefinition(deps, { user, request }, params.definitionId, body)),
      {
        admin: true,
        transform: lowerCaseBodyScopes,
        params: schema.DefinitionParams,
        body: schema.UpdateSettingDefinition,
        response: schema.SettingDefinition,
        detail: documented('Change some fields of a definition', errors.definitionNotFound, ...definitionErrors),
      },
    )
    .put(
      '/:definitionId',
      ({ user, request, params, body }) =>
        schema.toSettingDefinition(replaceDefinition(deps, { user, request }, params.definitionId, body)),
      {
        admin: true,
        transform: lowerCaseBodyScopes,
        params: schema.DefinitionParams,
        body: schema.ReplaceSettingDefinition,
        response: schema.SettingDefinition,
        detail: documented(
          'Replace a definition; an incomplete body changes what it names',
          errors.definitionIdMismatch,
          errors.definitionNotFound,
          ...definitionErrors,
        ),
      },
    )
    .delete(
      '/:definitionId',
      ({ user, request, params: { definitionId } }) => {
        removeDefinition(deps, { user, request }, definitionId)
        return { message: `Setting definition ${definitionId} deleted successfully` }
      },
      {
        admin: true,
        params: schema.DefinitionParams,
        response: Message,
        detail: documented('Delete a definition that has no values', errors.definitionNotFound, errors.definitionInUse),
      },
    )

const instanceRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.settings.instances', prefix: '/instances' })
    .use(requireUser(deps))
    .get('', ({ user, query }) => listInstances(deps, user, query).map(schema.toSettingInstance), {
      user: true,
      query: schema.ListInstancesQuery,
      response: t.Array(schema.SettingInstance),
      detail: documented('Your values, or the shared ones; newest first'),
    })
    .post('', ({ user, body }) => schema.toSaveAnswer(saveInstance(deps, user, body), body.id), {
      user: true,
      body: schema.SaveSettingInstance,
      response: schema.SaveAnswer,
      detail: documented('Create or overwrite a value, or delete one with `action`', ...saveErrors),
    })
    .get('/:instanceId', ({ user, params }) => schema.toSettingInstance(getInstance(deps, user, params.instanceId)), {
      user: true,
      params: schema.InstanceParams,
      response: schema.SettingInstance,
      detail: documented('One value of yours, or a shared one', errors.instanceNotFound),
    })
    .patch(
      '/:instanceId',
      ({ user, params, body }) => schema.toSettingInstance(changeInstance(deps, user, params.instanceId, body)),
      {
        user: true,
        params: schema.InstanceParams,
        body: schema.UpdateSettingInstance,
        response: schema.SettingInstance,
        detail: documented('Change name or value', ...writeErrors),
      },
    )
    .put(
      '/:instanceId',
      ({ user, params, body }) => schema.toSettingInstance(changeInstance(deps, user, params.instanceId, body)),
      {
        user: true,
        params: schema.InstanceParams,
        body: schema.UpdateSettingInstance,
        response: schema.SettingInstance,
        detail: documented('Change name or value; owner, scope and definition stay', ...writeErrors),
      },
    )
    .delete(
      '/:instanceId',
      ({ user, params: { instanceId } }) => {
        removeInstance(deps, user, instanceId)
        return { message: schema.instanceDeletedMessage(instanceId) }
      },
      {
        user: true,
        params: schema.InstanceParams,
        response: Message,
        detail: documented('Delete a value', errors.instanceNotFound, errors.systemNeedsAdmin),
      },
    )

export const settingsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.settings', prefix: '/api/v1/settings' })
    .use(definitionRoutes(deps))
    .use(instanceRoutes(deps))
