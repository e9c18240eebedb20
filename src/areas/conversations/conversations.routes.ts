import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import { conversationListRoutes } from './conversation-list.routes.ts'
import { conversationTagsRoutes } from './conversation-tags.routes.ts'
import { personaNotFound } from '../personas/personas.errors.ts'
import * as errors from './conversations.errors.ts'
import * as schema from './conversations.schema.ts'
import { toConversation, toConversationWithPersona } from './conversations.schema.ts'
import * as service from './conversations.service.ts'
import { messagesRoutes } from './messages.routes.ts'

export const conversationsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.conversations', prefix: '/api/v1' })
    .use(requireUser(deps))
    .use(conversationListRoutes(deps))
    .use(conversationTagsRoutes(deps))
    .post('/conversations', ({ user, body }) => toConversation(service.createConversation(deps, user, body)), {
      user: true,
      body: schema.CreateConversation,
      response: schema.Conversation,
      detail: documented('Start a conversation', errors.foreignOwner, personaNotFound),
    })
    .get(
      '/conversations/:conversationId',
      ({ user, params }) => toConversation(service.readConversation(deps, user.id, params.conversationId)),
      {
        user: true,
        params: schema.ConversationParams,
        response: schema.Conversation,
        detail: documented('One conversation', errors.conversationNotFound),
      },
    )
    .put(
      '/conversations/:conversationId',
      ({ user, params, body }) => toConversation(service.editConversation(deps, user.id, params.conversationId, body)),
      {
        user: true,
        params: schema.ConversationParams,
        body: schema.UpdateConversation,
        response: schema.Conversation,
        detail: documented('Change what is sent', errors.conversationNotFound, personaNotFound),
      },
    )
    .delete(
      '/conversations/:conversationId',
      ({ user, params, status }) => {
        service.removeConversation(deps, user.id, params.conversationId)
        return status(204, undefined)
      },
      {
        user: true,
        params: schema.ConversationParams,
        response: { 204: schema.Nothing },
        detail: documented('Delete a conversation and its messages', errors.conversationNotFound),
      },
    )
    .get(
      '/conversations/:conversationId/with-persona',
      ({ user, params }) => toConversationWithPersona(service.getWithPersona(deps, user.id, params.conversationId)),
      {
        user: true,
        params: schema.ConversationParams,
        response: schema.ConversationWithPersona,
        detail: documented('A conversation with its persona', errors.conversationNotFound),
      },
    )
    .put(
      '/conversations/:conversationId/persona',
      ({ user, params, body }) =>
        toConversation(service.changePersona(deps, user.id, params.conversationId, body.persona_id)),
      {
        user: true,
        params: schema.ConversationParams,
        body: schema.UpdateConversationPersona,
        response: schema.Conversation,
        detail: documented('Choose a persona, or none', errors.conversationNotFound, personaNotFound),
      },
    )
    .use(messagesRoutes(deps))
