import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import * as errors from './conversations.errors.ts'
import * as schema from './conversations.schema.ts'
import { toConversation, toMessage } from './conversations.schema.ts'
import { createMessage, getWithMessages, listMessagesOf } from './conversations.service.ts'

export const messagesRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.conversations.messages', prefix: '/conversations/:conversationId' })
    .use(requireUser(deps))
    .get(
      '/messages',
      ({ user, params, query }) => listMessagesOf(deps, user.id, params.conversationId, query).map(toMessage),
      {
        user: true,
        params: schema.ConversationParams,
        query: schema.ListMessagesQuery,
        response: schema.Messages,
        detail: documented('A page of messages, oldest first', errors.conversationNotFound),
      },
    )
    .post(
      '/messages',
      ({ user, params, body }) => toMessage(createMessage(deps, user.id, params.conversationId, body)),
      {
        user: true,
        params: schema.ConversationParams,
        body: schema.CreateMessage,
        response: schema.Message,
        detail: documented('Add a message', errors.conversationNotFound, errors.metadataTooLarge),
      },
    )
    .get(
      '/with-messages',
      ({ user, params, query }) => {
        const { conversation, messages } = getWithMessages(deps, user.id, params.conversationId, query)
        return { ...toConversation(conversation), messages: messages.map(toMessage) }
      },
      {
        user: true,
        params: schema.ConversationParams,
        query: schema.WithMessagesQuery,
        response: schema.ConversationWithMessages,
        detail: documented(
          'A conversation with its messages, oldest first: the newest 1000 unless skip or limit asks for a page',
          errors.conversationNotFound,
        ),
      },
    )
