import { and, asc, eq, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { fieldsOf, nativeList } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { toHexId } from '../../shared/ids.ts'
import { conversationTags, type TagRow, tags } from './tags.table.ts'

const value = sql.placeholder

export type CountedTag = TagRow & { conversationCount: number }

const isOwn = and(eq(tags.id, value('id')), eq(tags.userId, value('userId')))
// Written out: Drizzle leaves the tables away where only one is read, which is ambiguous inside of the count.
const conversationCount = sql`(select count(*) from conversation_tags link where link.tag_id = tags.id)`
const fields = { ...fieldsOf(tags), conversationCount: conversationCount.as('conversationCount') }

const everyTag = nativeList<CountedTag>((db) =>
  db
    .select(fields)
    .from(tags)
    .where(eq(tags.userId, value('userId')))
    .orderBy(asc(tags.name), asc(tags.id)),
)
/** All tags of a user, by name. */
export const listTags = (db: Db, userId: string): CountedTag[] => everyTag(db, { userId })

const ownTag = nativeList<CountedTag>((db) => db.select(fields).from(tags).where(isOwn))
export const findTag = (db: Db, userId: string, id: string): CountedTag | undefined =>
  ownTag(db, { id: toHexId(id), userId })[0]

const tagCount = prepared((db) =>
  db
    .select({ count: sql<number>`count(*)` })
    .from(tags)
    .where(eq(tags.userId, value('userId')))
    .prepare(),
)
export const countTags = (db: Db, userId: string): number => tagCount(db).get({ userId })?.count ?? 0

const newTag = prepared((db) =>
  db
    .insert(tags)
    .values({
      id: value('id'),
      userId: value('userId'),
      name: value('name'),
      color: value('color'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .prepare(),
)
export const insertTag = (db: Db, row: TagRow): void => {
  newTag(db).run({ ...row })
}

const changedTag = prepared((db) =>
  db
    .update(tags)
    .set({ name: sql`${value('name')}`, color: sql`${value('color')}`, updatedAt: sql`${value('updatedAt')}` })
    .where(isOwn)
    .prepare(),
)
/** Writes name, color and time of the tag, for the owner that the row names. */
export const updateTag = (db: Db, row: TagRow): void => {
  changedTag(db).run({ ...row })
}

const deletedLinks = prepared((db) =>
  db
    .delete(conversationTags)
    .where(
      sql`rowid in (select rowid from conversation_tags where tag_id = (${db.select({ id: tags.id }).from(tags).where(isOwn)}) limit 200)`,
    )
    .returning({ tagId: conversationTags.tagId })
    .prepare(),
)
/** Takes a tag off some conversations. Returns how many; 0 when none is left. */
export const deleteSomeLinks = (db: Db, userId: string, id: string): number =>
  deletedLinks(db).all({ id: toHexId(id), userId }).length

const deletedTag = prepared((db) => db.delete(tags).where(isOwn).returning({ id: tags.id }).prepare())
/** Takes it off every conversation. False when there is no such tag of this user. */
export const deleteTag = (db: Db, userId: string, id: string): boolean =>
  deletedTag(db).all({ id: toHexId(id), userId }).length > 0
