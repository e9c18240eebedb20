import { eq, inArray, sql } from 'drizzle-orm'
import { conversations, messages, type MessageSender } from '../../../areas/conversations/conversations.table.ts'
import { ownsPersona } from '../../../areas/personas/personas.store.ts'
import { prepared } from '../../../db/prepared.ts'
import { toHexId, toPageId, toUuid } from '../../../shared/ids.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { RowDropped } from '../row-dropped.ts'
import { freeIdOf, hexReference, spelledIdOf } from '../source/row-ids.ts'
import { objectOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

const personaOf = ({ deps: { db } }: ImportRun, row: SourceRow, userId: string): string | null => {
  const id = hexReference(row, 'persona_id')
  if (id === null || ownsPersona(db, userId, id)) return id
  row.note('changed', 'its persona was not imported for its user: taken away')
  return null
}

/** Ids keep their spelling: links hold them (ai.md 13). */
export const importConversations = (run: ImportRun): void =>
  importTable(run, {
    source: 'conversations',
    target: conversations,
    key: ['id'],
    read: (row) => {
      const userId = ownerOf(run, row)
      const pageId = row.line('page_id')?.trim()
      return {
        id: spelledIdOf(row),
        userId,
        title: row.line('title'),
        pageContext: row.prose('page_context'),
        pageId: pageId ? toPageId(pageId) : null,
        model: row.line('model'),
        server: row.line('server'),
        // Rows of old versions have none.
        conversationType: row.line('conversation_type') || 'chat',
        personaId: personaOf(run, row, userId),
        ...timesOf(run, row),
      }
    },
  })

const conversationOfId = prepared((db) =>
  db
    .select({ id: conversations.id, createdAt: conversations.createdAt })
    .from(conversations)
    .where(inArray(conversations.id, [sql.placeholder('uuid'), sql.placeholder('hexId')]))
    .prepare(),
)

const senders: Record<string, MessageSender> = {
  user: 'user',
  system: 'system',
  llm: 'llm',
  assistant: 'llm',
  ai: 'llm',
}

const senderOf = (row: SourceRow): MessageSender => {
  const sender = row.line('sender')?.trim().toLowerCase() ?? ''
  const known = Object.hasOwn(senders, sender) ? senders[sender] : undefined
  if (!known) row.note('changed', 'its sender is unknown: user')
  return known ?? 'user'
}

/** In the order of a conversation, which is that of their writing from now on. Returns the conversations that got one. */
const importOwnMessages = (run: ImportRun): Set<string> => {
  const grown = new Set<string>()
  importTable(run, {
    source: 'messages',
    target: messages,
    key: ['id'],
    order: { times: ['created_at'], newestFirst: false },
    read: (row) => {
      const id = row.line('conversation_id')?.trim() ?? ''
      const conversation = conversationOfId(run.deps.db).get({ uuid: toUuid(id), hexId: toHexId(id) })
      if (!conversation) throw new RowDropped('its conversation was not imported')
      return {
        id: freeIdOf(row),
        conversationId: conversation.id,
        sender: senderOf(row),
        message: row.prose('message') ?? '',
        messageMetadata: objectOf(row, 'message_metadata'),
        state: 'complete' as const,
        ...timesOf({ ...run, now: conversation.createdAt }, row),
      }
    },
    onKept: ({ conversationId }, how) => {
      if (how === 'new') grown.add(conversationId)
    },
  })
  return grown
}

const newestMessage = sql`(select max(created_at) from messages where conversation_id = ${sql.placeholder('id')})`

const raisedTime = prepared((db) =>
  db
    .update(conversations)
    .set({ updatedAt: sql`max(updated_at, ${newestMessage})` })
    .where(eq(conversations.id, sql.placeholder('id')))
    .prepare(),
)

/** After conversations. The backend mostly left their time of change empty: they are as new as their newest message. */
export const importMessages = (run: ImportRun): void => {
  for (const id of importOwnMessages(run)) raisedTime(run.deps.db).run({ id })
}
