import { and, desc, eq, exists, sql, type SQL } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { isoTimeSql } from '../../db/columns.ts'
import { nativeValues } from '../../db/native-list.ts'
import { unlessNull } from '../../db/unless-null.ts'
import { toHexId, toPageId } from '../../shared/ids.ts'
import { conversationTags, tags } from '../tags/tags.table.ts'
import { hasTags } from './conversation-tags.store.ts'
import type { Page } from './conversations.store.ts'
import { conversations } from './conversations.table.ts'

/** What is missing or empty lets everything through. */
export interface ConversationFilters {
  conversationType?: string | undefined
  pageId?: string | undefined
  personaId?: string | undefined
  tagId?: string | undefined
}

const value = sql.placeholder

/** The rarer filters are tested row by row, and cost a quarter of the plain list: it goes without them. */
const rareFilters = (db: Db) => {
  const tagLink = db
    .select({ id: conversationTags.tagId })
    .from(conversationTags)
    .where(and(eq(conversationTags.conversationId, conversations.id), eq(conversationTags.tagId, value('tagId'))))
  return and(
    unlessNull('personaId', eq(conversations.personaId, value('personaId'))),
    unlessNull('tagId', exists(tagLink)),
  )
}

const tagTime = (name: string) => sql.raw(isoTimeSql(`tags.${name}`))

/** As `toTag` does it. */
const tagText = sql`json_object('id', ${tags.id}, 'name', ${tags.name}, 'color', ${tags.color}, 'user_id', ${tags.userId},
  'created_at', ${tagTime('created_at')}, 'updated_at', ${tagTime('updated_at')})`

/** The tags of a conversation as JSON text, by name, then id. */
const tagsOfRow = (db: Db) =>
  db
    .select({ tags: sql`json_group_array(${tagText} order by ${tags.name}, ${tags.id})` })
    .from(conversationTags)
    // The cross join keeps the order of the tables: few links are read first, not all tags of a user.
    .crossJoin(tags)
    .where(
      and(
        eq(conversationTags.conversationId, conversations.id),
        eq(tags.id, conversationTags.tagId),
        eq(tags.userId, value('userId')),
      ),
    )

const buildList = (db: Db, text: SQL, filters: (SQL | undefined)[]) =>
  db
    .select({ text, hasTags: hasTags(db) })
    .from(conversations)
    .where(and(eq(conversations.userId, value('userId')), ...filters))
    .orderBy(desc(conversations.updatedAt), desc(conversations.id))
    .limit(value('limit'))
    .offset(value('skip'))

type TextRow = [text: string, hasTags: number]

/** Two statements, since most users have no tag at all: their rows are handed on as they are stored. */
const textList = (toFilters: (db: Db) => (SQL | undefined)[]) => {
  const plain = nativeValues<TextRow>((db) => buildList(db, sql`${conversations.wire}`, toFilters(db)))
  const tagged = nativeValues<TextRow>((db) =>
    buildList(db, sql`json_set(${conversations.wire}, '$.tags', json(${tagsOfRow(db)}))`, toFilters(db)),
  )
  return (db: Db, values: Parameters<typeof plain>[1]): string[] => {
    const rows = plain(db, values)
    return (rows[0]?.[1] ? tagged(db, values) : rows).map(([text]) => text)
  }
}

const ofType = eq(conversations.conversationType, value('conversationType'))

const ofPage = eq(conversations.pageId, value('pageId'))
// The plus keeps SQLite from reading all of a type in order to find the few of one page.
const ofPageAndType = and(ofPage, sql`+${ofType}`)

const withAndWithoutRare = (...filters: (SQL | undefined)[]) => ({
  plain: textList(() => filters),
  filtered: textList((db) => [...filters, rareFilters(db)]),
})
// Each of them has an index that delivers the order.
const listsOfAnyPage = { anyType: withAndWithoutRare(), ofType: withAndWithoutRare(ofType) }
const listsOfPage = { anyType: withAndWithoutRare(ofPage), ofType: withAndWithoutRare(ofPageAndType) }

/** As JSON texts. Newest activity first; equal times in the order of the ids, so that pages never overlap. */
export const listConversations = (
  db: Db,
  userId: string,
  { conversationType, pageId, personaId, tagId }: ConversationFilters,
  page: Page,
): string[] => {
  const lists = (pageId ? listsOfPage : listsOfAnyPage)[conversationType ? 'ofType' : 'anyType']
  const values = {
    userId,
    ...page,
    ...(conversationType ? { conversationType } : {}),
    ...(pageId ? { pageId: toPageId(pageId) } : {}),
  }
  if (!personaId && !tagId) return lists.plain(db, values)
  return lists.filtered(db, {
    ...values,
    personaId: personaId ? toHexId(personaId) : null,
    tagId: tagId ? toHexId(tagId) : null,
  })
}

const listOfPersona = textList(() => [eq(conversations.personaId, value('personaId'))])
/** Those with one persona, in the same order, read from an index of their own. `personaId` as stored. */
export const listConversationsOfPersona = (db: Db, userId: string, personaId: string, page: Page): string[] =>
  listOfPersona(db, { userId, personaId, ...page })
