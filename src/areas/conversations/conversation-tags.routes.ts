import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsText, documented } from '../../http/documented.ts'
import { sendJsonList } from '../../http/json-text.ts'
import { requireUser } from '../../http/session.ts'
import { tagNotFound } from '../tags/tags.errors.ts'
import { attachTag, detachTag, listOfTag } from './conversation-tags.service.ts'
import { conversationNotFound, tooManyTags } from './conversations.errors.ts'
import * as schema from './conversations.schema.ts'
import { toConversation } from './conversations.schema.ts'

/** ai.md 8: what ties tags to conversations. */
export const conversationTagsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.conversations.tags' })
    .use(requireUser(deps))
    .post(
      '/conversations/:conversationId/tags',
      ({ user, params, body }) => toConversation(attachTag(deps, user.id, params.conversationId, body.tag_id)),
      {
        user: true,
        params: schema.ConversationParams,
        body: schema.AttachTag,
        response: schema.Conversation,
        detail: documented('Attach one of your tags', conversationNotFound, tagNotFound, tooManyTags),
      },
    )
    .delete(
      '/conversations/:conversationId/tags/:tagId',
      ({ user, params }) => toConversation(detachTag(deps, user.id, params.conversationId, params.tagId)),
      {
        user: true,
        params: schema.ConversationTagParams,
        response: schema.Conversation,
        detail: documented('Take a tag off', conversationNotFound, tagNotFound),
      },
    )
    .get(
      '/tags/:tagId/conversations',
      ({ user, params, query, set }) => sendJsonList(set, listOfTag(deps, user.id, params.tagId, query)),
      {
        user: true,
        params: schema.TagParams,
        query: schema.PageQuery,
        detail: {
          ...documented('Your conversations with a tag, newest activity first', tagNotFound),
          ...answeredAsText(schema.Conversations),
        },
      },
    )
