import type { Db } from '../../db/client.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isSameId, newUuid } from '../../shared/ids.ts'
import { pageMismatch } from './conversations.errors.ts'
import { addMessage } from './conversations.service.ts'
import {
  insertConversation,
  listNewestMessages,
  listSystemMessages,
  updateConversation,
} from './conversations.store.ts'
import type { ConversationRow, MessageRow, MessageSender } from './conversations.table.ts'

export interface TurnOpening {
  userId: string
  /** The conversation to go on with, already checked to be the user's own. */
  conversation: ConversationRow | undefined
  pageId: string | null
  pageContext: string | null
  conversationType: string
  personaId: string | null
  /** As model pickers show them: clients find the model again by this pair (ai.md 2.2). */
  model: string
  server: string
  greeting: { text: string; metadata: Record<string, unknown> } | undefined
  /** What the client sent, as far as it is to be stored. */
  incoming: { sender: MessageSender; text: string; metadata: Record<string, unknown> }[]
}

export interface OpenedTurn {
  conversationId: string
  /** What was said before, oldest first, without what is stored now. */
  history: MessageRow[]
}

const historyMessages = 100

const isSpoken = (row: MessageRow) => row.state !== 'streaming' && row.message !== ''

/** The newest messages, and every stored system message: a document attached long ago is still part of the talk. */
const readHistory = (db: Db, conversationId: string): MessageRow[] => {
  const newest = listNewestMessages(db, conversationId, historyMessages).filter(isSpoken)
  const firstSeq = newest[0]?.seq ?? 0
  return [...listSystemMessages(db, conversationId, firstSeq), ...newest]
}

const createConversation = (db: Db, opening: TurnOpening, now: number): string => {
  const id = newUuid()
  insertConversation(db, {
    id,
    userId: opening.userId,
    title: `Conversation with ${opening.model}`.slice(0, 500),
    pageContext: opening.pageContext,
    pageId: opening.pageId,
    model: opening.model,
    server: opening.server,
    conversationType: opening.conversationType,
    personaId: opening.personaId,
    createdAt: now,
    updatedAt: now,
  })
  return id
}

const continueConversation = (db: Db, conversation: ConversationRow, opening: TurnOpening, now: number): string => {
  const isBound = conversation.pageId !== null && opening.pageId !== null
  if (isBound && !isSameId(conversation.pageId ?? '', opening.pageId ?? '')) throw pageMismatch()
  updateConversation(db, opening.userId, conversation.id, {
    model: opening.model,
    server: opening.server,
    pageId: conversation.pageId ?? opening.pageId,
    personaId: opening.personaId ?? conversation.personaId,
    updatedAt: now,
  })
  return conversation.id
}

/** Stores the user's side of a turn in one transaction, before any model is asked: what a person typed is never lost. */
export const openTurn = (deps: Pick<Deps, 'db' | 'clock'>, opening: TurnOpening): OpenedTurn =>
  inTransaction(deps.db, () => {
    const { db } = deps
    const now = deps.clock()
    const isNew = opening.conversation === undefined
    const conversationId = opening.conversation
      ? continueConversation(db, opening.conversation, opening, now)
      : createConversation(db, opening, now)
    if (isNew && opening.greeting) {
      const { text, metadata } = opening.greeting
      addMessage(deps, conversationId, { sender: 'llm', message: text, messageMetadata: metadata, state: 'complete' })
    }
    const history = readHistory(db, conversationId)
    for (const { sender, text, metadata } of opening.incoming) {
      addMessage(deps, conversationId, { sender, message: text, messageMetadata: metadata, state: 'complete' })
    }
    return { conversationId, history }
  })
