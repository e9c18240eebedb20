import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import { listConversations } from './conversation-list.store.ts'
import { personaNotFound } from '../personas/personas.errors.ts'
import * as errors from './conversations.errors.ts'
import * as schema from './conversations.schema.ts'
import { toConversation, toFilters } from './conversations.schema.ts'
import { assertOwnList, listOfPersona } from './conversations.service.ts'

export const conversationListRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.conversations.list' })
    .use(requireUser(deps))
    .get(
      '/users/:userId/conversations',
      ({ user, params, query }) => {
        assertOwnList(user, params.userId)
        return listConversations(deps.db, user.id, toFilters(query), query).map(toConversation)
      },
      {
        user: true,
        params: schema.UserParams,
        query: schema.ListConversationsQuery,
        response: schema.Conversations,
        detail: documented('Your conversations, newest activity first', errors.foreignConversations),
      },
    )
    .get(
      '/conversations/by-persona/:personaId',
      ({ user, params, query }) => listOfPersona(deps, user.id, params.personaId, query).map(toConversation),
      {
        user: true,
        params: schema.PersonaParams,
        query: schema.ListByPersonaQuery,
        response: schema.Conversations,
        detail: documented('Your conversations with one of your personas', personaNotFound),
      },
    )
