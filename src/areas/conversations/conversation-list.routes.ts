import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsText, documented } from '../../http/documented.ts'
import { sendJsonList } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { listConversations } from './conversation-list.store.ts'
import { personaNotFound } from '../personas/personas.errors.ts'
import * as errors from './conversations.errors.ts'
import * as schema from './conversations.schema.ts'
import { toFilters } from './conversations.schema.ts'
import { assertOwnList, listOfPersona } from './conversations.service.ts'

export const conversationListRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.conversations.list' })
    .use(requireUser(deps))
    .get(
      '/users/:userId/conversations',
      ({ user, params, query, set }) => {
        assertOwnList(user, params.userId)
        return sendJsonList(set, listConversations(deps.db, user.id, toFilters(query), query))
      },
      {
        user: true,
        params: schema.UserParams,
        query: schema.ListConversationsQuery,
        detail: {
          ...documented('Your conversations, newest activity first', errors.foreignConversations),
          ...answeredAsText(schema.Conversations),
        },
      },
    )
    .get(
      '/conversations/by-persona/:personaId',
      ({ user, params, query, set }) => sendJsonList(set, listOfPersona(deps, user.id, params.personaId, query)),
      {
        user: true,
        params: schema.PersonaParams,
        query: schema.PageQuery,
        detail: {
          ...documented('Your conversations with one of your personas', personaNotFound),
          ...answeredAsText(schema.Conversations),
        },
      },
    )
