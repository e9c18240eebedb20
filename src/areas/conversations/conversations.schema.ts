import { t } from 'elysia'
import { JsonObjectOrNull } from '../../http/json-object.ts'
import { optionalPageFields, pageFields } from '../../http/pagination.ts'
import { Nullable, OptionalText, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import { Persona, toPersona } from '../personas/personas.schema.ts'
import { Tag, toTag } from '../tags/tags.schema.ts'
import type { ConversationRow, MessageRow, MessageState } from './conversations.table.ts'

const idText = t.String({ maxLength: 100, description: 'With or without dashes' })

export const ConversationParams = t.Object({ conversationId: idText })
export const ConversationTagParams = t.Object({ conversationId: idText, tagId: idText })
export const UserParams = t.Object({ userId: idText })
export const PersonaParams = t.Object({ personaId: idText })
export const TagParams = t.Object({ tagId: idText })

export const messagesPerPage = 50

export const ListConversationsQuery = t.Object({
  ...pageFields(20),
  conversation_type: t.Optional(t.String({ maxLength: 100 })),
  page_id: t.Optional(idText),
  persona_id: t.Optional(idText),
  tag_id: t.Optional(idText),
})
type ListConversationsQuery = typeof ListConversationsQuery.static

export const toFilters = (query: ListConversationsQuery) => ({
  conversationType: query.conversation_type,
  pageId: query.page_id,
  personaId: query.persona_id,
  tagId: query.tag_id,
})

export const PageQuery = t.Object(pageFields(20))
export const ListMessagesQuery = t.Object(pageFields(messagesPerPage))
export const WithMessagesQuery = t.Object(optionalPageFields())
export type WithMessagesQuery = typeof WithMessagesQuery.static

const writableFields = {
  title: OptionalText(500),
  page_context: OptionalText(16_384, 'Free text; clients send JSON'),
  page_id: OptionalText(100, 'Free text; a UUID is answered with dashes'),
  model: OptionalText(300),
  server: OptionalText(300),
  conversation_type: OptionalText(100, 'Free text that keeps histories apart'),
  persona_id: OptionalText(100, 'A persona of your own; an empty text means none'),
}

export const CreateConversation = t.Object({
  user_id: OptionalText(100, 'Your own id, if sent at all'),
  ...writableFields,
})
export type CreateConversation = typeof CreateConversation.static

export const UpdateConversation = t.Object(writableFields, { description: 'What is null or missing stays as it is' })
export type UpdateConversation = typeof UpdateConversation.static

export const UpdateConversationPersona = t.Object({
  persona_id: OptionalText(100, 'Null, missing or empty takes the persona away'),
})

export const AttachTag = t.Object({ tag_id: idText })

export const CreateMessage = t.Object({
  sender: t.Union([t.Literal('user'), t.Literal('llm'), t.Literal('system'), t.Literal('assistant')], {
    description: '`assistant` is stored as `llm`',
  }),
  message: t.String({ maxLength: 1_048_576 }),
  message_metadata: t.Optional(JsonObjectOrNull()),
})
export type CreateMessage = typeof CreateMessage.static

export const Message = t.Object({
  id: t.String(),
  conversation_id: t.String(),
  sender: t.Union([t.Literal('user'), t.Literal('llm'), t.Literal('system')]),
  message: t.String(),
  message_metadata: JsonObjectOrNull(),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export const Messages = t.Array(Message)

const conversationFields = {
  id: t.String({ description: 'UUID' }),
  user_id: t.String(),
  title: Nullable(t.String()),
  page_context: Nullable(t.String()),
  page_id: Nullable(t.String()),
  model: Nullable(t.String()),
  server: Nullable(t.String()),
  conversation_type: t.String(),
  persona_id: Nullable(t.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
  tags: t.Array(Tag),
}
export const Conversation = t.Object(conversationFields)
export const Conversations = t.Array(Conversation)
export const ConversationWithMessages = t.Object({ ...conversationFields, messages: Messages })
export const ConversationWithPersona = t.Object({ ...conversationFields, persona: Nullable(Persona) })

export const Nothing = t.Void()

type TaggedRow = ConversationRow & { tags: Parameters<typeof toTag>[0][] }

export const toConversation = (row: TaggedRow): typeof Conversation.static => ({
  id: row.id,
  user_id: row.userId,
  title: row.title,
  page_context: row.pageContext,
  page_id: row.pageId,
  model: row.model,
  server: row.server,
  conversation_type: row.conversationType,
  persona_id: row.personaId,
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
  tags: row.tags.map(toTag),
})

interface WithPersona {
  conversation: TaggedRow
  persona: Parameters<typeof toPersona>[0] | undefined
}

export const toConversationWithPersona = ({
  conversation,
  persona,
}: WithPersona): typeof ConversationWithPersona.static => ({
  ...toConversation(conversation),
  persona: persona ? toPersona(persona) : null,
})

/** What a client must know of a reply that is not whole: it would look complete otherwise. */
const stateMarks: Record<MessageState, Record<string, unknown> | undefined> = {
  complete: undefined,
  streaming: { incomplete: true },
  interrupted: { incomplete: true, error: 'interrupted' },
  cancelled: { cancelled: true },
  failed: { incomplete: true },
}

export const toMessage = (row: Omit<MessageRow, 'seq'>): typeof Message.static => {
  const marks = stateMarks[row.state]
  return {
    id: row.id,
    conversation_id: row.conversationId,
    sender: row.sender,
    message: row.message,
    message_metadata: marks ? { ...row.messageMetadata, ...marks } : row.messageMetadata,
    created_at: toIso(row.createdAt),
    updated_at: toIso(row.updatedAt),
  }
}
