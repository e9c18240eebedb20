import { getTableColumns, sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { createdAt, id, isoTimeSql, json, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'
import { personas } from '../personas/personas.table.ts'

/** The fields of the wire that are stored as they are sent. */
const wireFields = [
  'id',
  'user_id',
  'title',
  'page_context',
  'page_id',
  'model',
  'server',
  'conversation_type',
  'persona_id',
]

const wireMembers = [
  ...wireFields.map((name) => `'${name}', ${name}`),
  ...['created_at', 'updated_at'].map((name) => `'${name}', ${isoTimeSql(name)}`),
  `'tags', json('[]')`,
]

/** ai.md 7.1, 13. `page_id` is free text, as `toPageId` writes it: pages may be gone, their conversations stay. */
export const conversations = sqliteTable(
  'conversations',
  {
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    title: text('title'),
    pageContext: text('page_context'),
    pageId: text('page_id'),
    model: text('model'),
    server: text('server'),
    conversationType: text('conversation_type').notNull(),
    personaId: text('persona_id').references(() => personas.id, { onDelete: 'set null' }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    /**
     * The conversation as JSON text, without any tag, kept up to date by SQLite: a list hands on one text for each row
     * instead of making eleven values and then the text of them, which takes three times as long.
     */
    wire: text('wire')
      .notNull()
      .generatedAlwaysAs(sql.raw(`json_object(${wireMembers.join(', ')})`), { mode: 'stored' }),
  },
  (table) => [
    index('conversations_user_updated').on(table.userId, table.updatedAt, table.id),
    index('conversations_user_type_updated').on(table.userId, table.conversationType, table.updatedAt, table.id),
    index('conversations_persona_updated').on(table.personaId, table.updatedAt, table.id),
    // With the type at its end, so that both filters together read this index alone. Most rows have no page.
    index('conversations_page_updated')
      .on(table.userId, table.pageId, table.updatedAt, table.id, table.conversationType)
      .where(sql`page_id is not null`),
  ],
)

const { wire: _, ...columns } = getTableColumns(conversations)
/** What a row is made of: all but its text for the wire. */
export const conversationColumns = columns
export type ConversationRow = Omit<typeof conversations.$inferSelect, 'wire'>

export const messageSenders = ['user', 'llm', 'system'] as const
export type MessageSender = (typeof messageSenders)[number]

/**
 * `streaming` is a reply that is being written right now; the server's start turns those that a crash left behind into
 * `interrupted`. `failed` and `cancelled` hold the text that came before.
 */
export const messageStates = ['complete', 'streaming', 'interrupted', 'cancelled', 'failed'] as const
export type MessageState = (typeof messageStates)[number]

export const messages = sqliteTable(
  'messages',
  {
    /** Order within a conversation: two messages of one millisecond keep their sequence. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    conversationId: text('conversation_id')
      .notNull()
      .references(() => conversations.id, { onDelete: 'cascade' }),
    sender: text('sender', { enum: messageSenders }).notNull(),
    message: text('message').notNull(),
    messageMetadata: json<Record<string, unknown>>('message_metadata'),
    state: text('state', { enum: messageStates }).notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('messages_conversation_seq').on(table.conversationId, table.seq),
    // Partial: the start looks for what a crash left behind without reading the table.
    index('messages_streaming')
      .on(table.state)
      .where(sql`state = 'streaming'`),
  ],
)
export type MessageRow = typeof messages.$inferSelect
