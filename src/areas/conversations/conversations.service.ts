import { isDeepStrictEqual } from 'node:util'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps, SignedInUser } from '../../deps.ts'
import { dropUndefined } from '../../shared/drop-undefined.ts'
import { isOwnId, newUuid, toPageId } from '../../shared/ids.ts'
import { checkPersona, findOwnPersona } from '../personas/personas.service.ts'
import { listConversationsOfPersona } from './conversation-list.store.ts'
import { findTaggedConversation, type TaggedConversation } from './conversation-tags.store.ts'
import * as errors from './conversations.errors.ts'
import {
  type CreateConversation,
  type CreateMessage,
  messagesPerPage,
  type UpdateConversation,
  type WithMessagesQuery,
} from './conversations.schema.ts'
import {
  type ConversationChanges,
  deleteConversation,
  findConversation,
  insertConversation,
  insertMessage,
  listMessages,
  listNewestMessages,
  type Page,
  touchConversation,
  updateConversation,
} from './conversations.store.ts'
import type { ConversationRow, MessageRow } from './conversations.table.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxMetadataBytes = 262_144
/** What a client that asks for a whole conversation gets at most. */
const maxWholeMessages = 1000

/** Throws 403: a list belongs to the user in its path, whom strangers may not even name. */
export const assertOwnList = (user: SignedInUser, userId: string) => {
  if (!isOwnId(user.id, userId)) throw errors.foreignConversations()
}

/** The user's own conversation. Throws 404, for somebody else's too. */
export const getConversation = ({ db }: ReadDeps, userId: string, id: string): ConversationRow => {
  const conversation = findConversation(db, userId, id)
  if (!conversation) throw errors.conversationNotFound()
  return conversation
}

/** The same with its tags. */
export const readConversation = ({ db }: ReadDeps, userId: string, id: string): TaggedConversation => {
  const conversation = findTaggedConversation(db, userId, id)
  if (!conversation) throw errors.conversationNotFound()
  return conversation
}

export const getWithPersona = (deps: ReadDeps, userId: string, id: string) => {
  const conversation = readConversation(deps, userId, id)
  return { conversation, persona: findOwnPersona(deps, userId, conversation.personaId) }
}

/** What is not Unicode would be stored as U+FFFD; answers show what is stored. Null and nothing are undefined. */
const toTexts = (body: UpdateConversation) => ({
  title: body.title?.toWellFormed(),
  pageContext: body.page_context?.toWellFormed(),
  pageId: typeof body.page_id === 'string' ? toPageId(body.page_id) : undefined,
  model: body.model?.toWellFormed(),
  server: body.server?.toWellFormed(),
  conversationType: body.conversation_type?.toWellFormed(),
})

export const createConversation = (
  deps: WriteDeps,
  user: SignedInUser,
  body: CreateConversation,
): TaggedConversation => {
  if (body.user_id && !isOwnId(user.id, body.user_id)) throw errors.foreignOwner()
  const now = deps.clock()
  const texts = toTexts(body)
  const row: ConversationRow = {
    id: newUuid(),
    userId: user.id,
    title: texts.title ?? null,
    pageContext: texts.pageContext ?? null,
    pageId: texts.pageId ?? null,
    model: texts.model ?? null,
    server: texts.server ?? null,
    conversationType: texts.conversationType || 'chat',
    personaId: checkPersona(deps, user.id, body.persona_id),
    createdAt: now,
    updatedAt: now,
  }
  insertConversation(deps.db, row)
  return { ...row, tags: [] }
}

/** Writes only what differs: a conversation that nothing happened to keeps its place in the list. */
const changeConversation = (
  deps: WriteDeps,
  row: TaggedConversation,
  wanted: ConversationChanges,
): TaggedConversation => {
  if (isDeepStrictEqual({ ...row, ...wanted }, row)) return row
  const changes = { ...wanted, updatedAt: deps.clock() }
  updateConversation(deps.db, row.userId, row.id, changes)
  return { ...row, ...changes }
}

export const editConversation = (deps: WriteDeps, userId: string, id: string, body: UpdateConversation) =>
  inTransaction(deps.db, () => {
    const row = readConversation(deps, userId, id)
    return changeConversation(deps, row, {
      ...dropUndefined(toTexts(body)),
      personaId: typeof body.persona_id === 'string' ? checkPersona(deps, userId, body.persona_id) : row.personaId,
    })
  })

/** An empty or missing persona id takes the persona away. */
export const changePersona = (deps: WriteDeps, userId: string, id: string, personaId: string | null | undefined) =>
  inTransaction(deps.db, () => {
    const row = readConversation(deps, userId, id)
    return changeConversation(deps, row, { personaId: checkPersona(deps, userId, personaId) })
  })

export const removeConversation = ({ db }: ReadDeps, userId: string, id: string) => {
  if (!deleteConversation(db, userId, id)) throw errors.conversationNotFound()
}

/** As JSON texts. */
export const listOfPersona = (deps: ReadDeps, userId: string, personaId: string, page: Page): string[] => {
  const stored = checkPersona(deps, userId, personaId) ?? ''
  return listConversationsOfPersona(deps.db, userId, stored, page)
}

export const listMessagesOf = (deps: ReadDeps, userId: string, id: string, page: Page): MessageRow[] =>
  listMessages(deps.db, getConversation(deps, userId, id).id, page)

/** A page from the oldest message on if the client asks for one; otherwise all of it, up to the newest 1000. */
export const getWithMessages = ({ db }: ReadDeps, userId: string, id: string, { skip, limit }: WithMessagesQuery) => {
  const conversation = readConversation({ db }, userId, id)
  const isPaged = skip !== undefined || limit !== undefined
  const messages = isPaged
    ? listMessages(db, conversation.id, { skip: skip ?? 0, limit: limit ?? messagesPerPage })
    : listNewestMessages(db, conversation.id, maxWholeMessages)
  return { conversation, messages }
}

/** Stores a message and moves its conversation to the top. The caller opens the transaction and knows the owner. */
export const addMessage = (
  { db, clock }: WriteDeps,
  conversationId: string,
  message: Pick<MessageRow, 'sender' | 'message' | 'messageMetadata' | 'state'>,
): Omit<MessageRow, 'seq'> => {
  const now = clock()
  // What is not Unicode would be stored as U+FFFD; the answer shows what is stored.
  const text = message.message.toWellFormed()
  const row = { ...message, message: text, id: newUuid(), conversationId, createdAt: now, updatedAt: now }
  insertMessage(db, row)
  touchConversation(db, conversationId, now)
  return row
}

export const createMessage = (deps: WriteDeps, userId: string, id: string, body: CreateMessage) => {
  const messageMetadata = body.message_metadata ?? null
  if (Buffer.byteLength(JSON.stringify(messageMetadata)) > maxMetadataBytes) throw errors.metadataTooLarge()
  const sender = body.sender === 'assistant' ? 'llm' : body.sender
  return inTransaction(deps.db, () => {
    const conversation = getConversation(deps, userId, id)
    return addMessage(deps, conversation.id, { sender, message: body.message, messageMetadata, state: 'complete' })
  })
}
