import { and, desc, eq, exists, inArray, or, sql, type SQL } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { fieldsOf, nativeList } from '../../db/native-list.ts'
import { toHexId, toUuid } from '../../shared/ids.ts'
import { conversationTags } from '../tags/tags.table.ts'
import type { Page } from './conversations.store.ts'
import { type ConversationRow, conversations } from './conversations.table.ts'

/** What is missing or empty lets everything through. */
export interface ConversationFilters {
  conversationType?: string | undefined
  pageId?: string | undefined
  personaId?: string | undefined
  tagId?: string | undefined
}

const value = sql.placeholder

const unlessNull = (name: string, condition: SQL) => or(sql`${value(name)} is null`, condition)

/** The rarer filters are tested row by row, and cost a quarter of the plain list: it goes without them. */
const rareFilters = (db: Db) => {
  const tagLink = db
    .select({ id: conversationTags.tagId })
    .from(conversationTags)
    .where(and(eq(conversationTags.conversationId, conversations.id), eq(conversationTags.tagId, value('tagId'))))
  return and(
    unlessNull('pageId', inArray(conversations.pageId, [value('pageId'), value('pageUuid'), value('pageHexId')])),
    unlessNull('personaId', eq(conversations.personaId, value('personaId'))),
    unlessNull('tagId', exists(tagLink)),
  )
}

const buildList = (db: Db, ...filters: (SQL | undefined)[]) =>
  db
    .select(fieldsOf(conversations))
    .from(conversations)
    .where(and(eq(conversations.userId, value('userId')), ...filters))
    .orderBy(desc(conversations.updatedAt), desc(conversations.id))
    .limit(value('limit'))
    .offset(value('skip'))

const ofType = eq(conversations.conversationType, value('conversationType'))

// With and without a type, so that each has an index that delivers the order.
const listOfAnyType = nativeList<ConversationRow>((db) => buildList(db))
const listOfType = nativeList<ConversationRow>((db) => buildList(db, ofType))
const filteredOfAnyType = nativeList<ConversationRow>((db) => buildList(db, rareFilters(db)))
const filteredOfType = nativeList<ConversationRow>((db) => buildList(db, ofType, rareFilters(db)))

/** Newest activity first; equal times in the order of the ids, so that pages never overlap. */
export const listConversations = (
  db: Db,
  userId: string,
  { conversationType, pageId, personaId, tagId }: ConversationFilters,
  page: Page,
): ConversationRow[] => {
  const common = { userId, ...page, ...(conversationType ? { conversationType } : {}) }
  if (!pageId && !personaId && !tagId) return (conversationType ? listOfType : listOfAnyType)(db, common)
  const filters = {
    ...common,
    // Page ids are stored as they came, so both spellings are looked for.
    pageId: pageId || null,
    pageUuid: toUuid(pageId ?? ''),
    pageHexId: toHexId(pageId ?? ''),
    personaId: personaId ? toHexId(personaId) : null,
    tagId: tagId ? toHexId(tagId) : null,
  }
  return (conversationType ? filteredOfType : filteredOfAnyType)(db, filters)
}
