import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { jsonTextList } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { listPersonaTags } from './persona-list.store.ts'
import { invalidModelSettings, noRoom, personaNotFound } from './personas.errors.ts'
import * as schema from './personas.schema.ts'
import { toPersona } from './personas.schema.ts'
import * as service from './personas.service.ts'

/** A hundred of the largest are megabytes: as text, one by one. */
const answerList = ({ personas, ...page }: typeof schema.Personas.static) =>
  jsonTextList(
    personas.values().map((persona) => JSON.stringify(persona)),
    '{"personas":[',
    `],${JSON.stringify(page).slice(1)}`,
  )

/** ai.md 9. */
export const personasRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.personas', prefix: '/api/v1/personas' })
    .use(requireUser(deps))
    .get(
      '',
      async ({ user, query }) => answerList(schema.toPersonas(await service.listPersonasOf(deps, user.id, query))),
      {
        user: true,
        query: schema.ListPersonasQuery,
        response: schema.Personas,
        detail: documented(
          'Your personas, those changed last first: up to 100 unless skip, limit or a page is asked for',
        ),
      },
    )
    .post('', ({ user, body }) => toPersona(service.createPersona(deps, user.id, body)), {
      user: true,
      body: schema.CreatePersona,
      response: schema.Persona,
      detail: documented('Create a persona', invalidModelSettings, noRoom),
    })
    .get('/tags', ({ user }) => ({ tags: listPersonaTags(deps.db, user.id) }), {
      user: true,
      response: schema.PersonaTags,
      detail: documented('Every tag of your personas once, in order'),
    })
    .get('/:personaId', ({ user, params }) => toPersona(service.getPersona(deps, user.id, params.personaId)), {
      user: true,
      params: schema.PersonaParams,
      response: schema.Persona,
      detail: documented('One persona', personaNotFound),
    })
    .put(
      '/:personaId',
      ({ user, params, body }) => toPersona(service.editPersona(deps, user.id, params.personaId, body)),
      {
        user: true,
        params: schema.PersonaParams,
        body: schema.UpdatePersona,
        response: schema.Persona,
        detail: documented('Change what is sent', personaNotFound, invalidModelSettings, noRoom),
      },
    )
    .patch(
      '/:personaId',
      ({ user, params, body }) => toPersona(service.editPersona(deps, user.id, params.personaId, body)),
      {
        user: true,
        params: schema.PersonaParams,
        body: schema.UpdatePersona,
        response: schema.Persona,
        detail: documented('Change what is sent, e.g. `is_active`', personaNotFound, invalidModelSettings, noRoom),
      },
    )
    .delete(
      '/:personaId',
      async ({ user, params, status }) => {
        await service.removePersona(deps, user.id, params.personaId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.PersonaParams,
        response: { 204: schema.Nothing },
        detail: documented('Delete a persona; its conversations stay', personaNotFound),
      },
    )
