import { and, asc, eq, exists, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { fieldsOf, nativeFields, nativeList, nativeRow } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { conversationTags, type TagRow, tags } from '../tags/tags.table.ts'
import { toHexId, toUuid } from '../../shared/ids.ts'
import { conversationColumns, type ConversationRow, conversations } from './conversations.table.ts'

const value = sql.placeholder

export type TaggedConversation = ConversationRow & { tags: TagRow[] }

/** By name, then id. The cross join keeps the order of the tables: few links are read first, not all tags of a user. */
const tagsOf = nativeList<TagRow>((db) =>
  db
    .select(fieldsOf(tags))
    .from(conversationTags)
    .crossJoin(tags)
    .where(
      and(
        eq(conversationTags.conversationId, value('conversationId')),
        eq(tags.id, conversationTags.tagId),
        eq(tags.userId, value('userId')),
      ),
    )
    .orderBy(asc(tags.name), asc(tags.id)),
)

/**
 * Whether the user has any tag, as a column of another query: most have none, and a query of its own would take a
 * quarter of a small request.
 */
export const hasTags = (db: Db) =>
  sql<number>`${exists(
    db
      .select({ id: tags.id })
      .from(tags)
      .where(eq(tags.userId, value('userId'))),
  )}`

const ownConversation = nativeRow<ConversationRow & { hasTags: number }>((db) =>
  db
    .select({ ...nativeFields(conversationColumns), hasTags: hasTags(db).as('hasTags') })
    .from(conversations)
    .where(and(inArray(conversations.id, [value('uuid'), value('hexId')]), eq(conversations.userId, value('userId')))),
)
/** The user's conversation with its tags. `id` in either spelling. */
export const findTaggedConversation = (db: Db, userId: string, id: string): TaggedConversation | undefined => {
  const found = ownConversation(db, { userId, uuid: toUuid(id), hexId: toHexId(id) })
  if (!found) return undefined
  const { hasTags: mayBeTagged, ...row } = found
  return mayBeTagged ? tagged(db, row) : { ...row, tags: [] }
}

/** The conversation with its tags. */
export const tagged = (db: Db, row: ConversationRow): TaggedConversation => ({
  ...row,
  tags: tagsOf(db, { userId: row.userId, conversationId: row.id }),
})

const newLink = prepared((db) =>
  db
    .insert(conversationTags)
    .values({ conversationId: value('conversationId'), tagId: value('tagId'), createdAt: value('createdAt') })
    .prepare(),
)
/** Both ids as stored, both checked to be the user's own. */
export const insertTagLink = (db: Db, link: typeof conversationTags.$inferInsert): void => {
  newLink(db).run({ ...link })
}

const removedLink = prepared((db) =>
  db
    .delete(conversationTags)
    .where(
      and(eq(conversationTags.conversationId, value('conversationId')), eq(conversationTags.tagId, value('tagId'))),
    )
    .prepare(),
)
/** Both ids as stored, both checked to be the user's own. */
export const deleteTagLink = (db: Db, conversationId: string, tagId: string): void => {
  removedLink(db).run({ conversationId, tagId })
}
