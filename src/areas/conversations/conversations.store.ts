import { and, asc, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toHexId, toUuid } from '../../shared/ids.ts'
import {
  conversationColumns,
  type ConversationRow,
  conversations,
  type MessageRow,
  messages,
} from './conversations.table.ts'

const value = sql.placeholder

export interface Page {
  skip: number
  limit: number
}

/** Both spellings are looked for: ids of imported rows may be stored without dashes. */
const bothSpellings = (id: string): [string, string] => [toUuid(id), toHexId(id)]

const ownConversation = prepared((db) =>
  db
    .select(conversationColumns)
    .from(conversations)
    .where(and(inArray(conversations.id, [value('uuid'), value('hexId')]), eq(conversations.userId, value('userId'))))
    .prepare(),
)
export const findConversation = (db: Db, userId: string, id: string): ConversationRow | undefined => {
  const [uuid, hexId] = bothSpellings(id)
  return ownConversation(db).get({ uuid, hexId, userId })
}

const newConversation = prepared((db) =>
  db
    .insert(conversations)
    .values({
      id: value('id'),
      userId: value('userId'),
      title: value('title'),
      pageContext: value('pageContext'),
      pageId: value('pageId'),
      model: value('model'),
      server: value('server'),
      conversationType: value('conversationType'),
      personaId: value('personaId'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .prepare(),
)
export const insertConversation = (db: Db, row: ConversationRow): void => {
  newConversation(db).run({ ...row })
}

export type ConversationChanges = Partial<Omit<ConversationRow, 'id' | 'userId' | 'createdAt'>>

export const updateConversation = (db: Db, userId: string, id: string, changes: ConversationChanges): void => {
  db.update(conversations)
    .set(changes)
    .where(and(inArray(conversations.id, bothSpellings(id)), eq(conversations.userId, userId)))
    .run()
}

const touchedConversation = prepared((db) =>
  db
    .update(conversations)
    .set({ updatedAt: sql`${value('now')}` })
    .where(eq(conversations.id, value('id')))
    .prepare(),
)
/** `id` as stored. Moves the conversation to the top of its owner's list. */
export const touchConversation = (db: Db, id: string, now: number): void => {
  touchedConversation(db).run({ id, now })
}

/** Messages and tag links go with it. False when there is no such conversation of this user. */
export const deleteConversation = (db: Db, userId: string, id: string): boolean =>
  db
    .delete(conversations)
    .where(and(inArray(conversations.id, bothSpellings(id)), eq(conversations.userId, userId)))
    .returning({ id: conversations.id })
    .get() !== undefined

const newMessage = prepared((db) =>
  db
    .insert(messages)
    .values({
      id: value('id'),
      conversationId: value('conversationId'),
      sender: value('sender'),
      message: value('message'),
      // As text: a placeholder of a JSON column would turn null into the text `null`.
      messageMetadata: sql`${value('messageMetadata')}`,
      state: value('state'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .prepare(),
)
export const insertMessage = (db: Db, row: Omit<MessageRow, 'seq'>): void => {
  const messageMetadata = row.messageMetadata === null ? null : JSON.stringify(row.messageMetadata)
  newMessage(db).run({ ...row, messageMetadata })
}

export type MessageChanges = Partial<Pick<MessageRow, 'message' | 'messageMetadata' | 'state'>> &
  Pick<MessageRow, 'updatedAt'>

export const updateMessage = (db: Db, id: string, changes: MessageChanges): void => {
  db.update(messages).set(changes).where(eq(messages.id, id)).run()
}

const oldestMessages = prepared((db) =>
  db
    .select()
    .from(messages)
    .where(eq(messages.conversationId, value('conversationId')))
    .orderBy(asc(messages.seq))
    .limit(value('limit'))
    .offset(value('skip'))
    .prepare(),
)
export const listMessages = (db: Db, conversationId: string, page: Page): MessageRow[] =>
  oldestMessages(db).all({ conversationId, ...page })

const newestMessages = prepared((db) =>
  db
    .select()
    .from(messages)
    .where(eq(messages.conversationId, value('conversationId')))
    .orderBy(desc(messages.seq))
    .limit(value('limit'))
    .prepare(),
)
/** The newest `limit` messages, oldest of them first. */
export const listNewestMessages = (db: Db, conversationId: string, limit: number): MessageRow[] =>
  newestMessages(db).all({ conversationId, limit }).toReversed()

const systemMessages = prepared((db) =>
  db
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, value('conversationId')),
        lt(messages.seq, value('beforeSeq')),
        eq(messages.sender, 'system'),
      ),
    )
    .orderBy(desc(messages.seq))
    .limit(100)
    .prepare(),
)
/** The newest 100 system messages before `beforeSeq`, oldest of them first. */
export const listSystemMessages = (db: Db, conversationId: string, beforeSeq: number): MessageRow[] =>
  systemMessages(db).all({ conversationId, beforeSeq }).toReversed()

const interruptedMessages = prepared((db) =>
  db
    .update(messages)
    .set({ state: 'interrupted', updatedAt: sql`${value('now')}` })
    // A literal, so that the partial index fits.
    .where(sql`${messages.state} = 'streaming'`)
    .returning({ seq: messages.seq })
    .prepare(),
)
/** For the start, when nobody writes: replies that a crash left unfinished. Returns how many there were. */
export const markInterruptedMessages = (db: Db, now: number): number => interruptedMessages(db).all({ now }).length
