import { and, count, eq, isNotNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { pageContents } from './pages.table.ts'

// Contents and backups are JSON text. `id` is a page's, without dashes.

const value = sql.placeholder

const { content, contentBackup } = pageContents
const bytesOf = (text: unknown) => sql<number>`length(cast(${text} as blob))`

const ofUser = eq(pageContents.creatorId, value('userId'))
const ofOwnPage = and(eq(pageContents.pageId, value('id')), ofUser)

const ownBackup = prepared((db) => db.select({ contentBackup }).from(pageContents).where(ofOwnPage).prepare())
/** Null without a backup, and for everybody but the owner. */
export const findContentBackup = (db: Db, userId: string, id: string): string | null =>
  ownBackup(db).get({ userId, id })?.contentBackup ?? null

const newContent = prepared((db) =>
  db
    .insert(pageContents)
    .values({
      pageId: value('id'),
      creatorId: value('userId'),
      size: bytesOf(value('content')),
      content: value('content'),
    })
    .prepare(),
)
/** Of a new page. */
export const insertContent = (db: Db, userId: string, id: string, text: string): void => {
  newContent(db).run({ userId, id, content: text })
}

const changedContent = prepared((db) =>
  db
    .update(pageContents)
    .set({
      content: sql`${value('content')}`,
      size: sql`${bytesOf(value('content'))} + ifnull(${bytesOf(contentBackup)}, 0)`,
    })
    .where(ofOwnPage)
    .prepare(),
)
export const updateContent = (db: Db, userId: string, id: string, text: string): void => {
  changedContent(db).run({ userId, id, content: text })
}

const newBackup = prepared((db) =>
  db
    .update(pageContents)
    .set({ contentBackup: sql`${content}`, size: sql`2 * ${bytesOf(content)}` })
    .where(ofOwnPage)
    .prepare(),
)
export const copyContentToBackup = (db: Db, userId: string, id: string): void => {
  newBackup(db).run({ userId, id })
}

const restoredContent = prepared((db) =>
  db
    .update(pageContents)
    .set({ content: sql`${contentBackup}`, size: sql`2 * ${bytesOf(contentBackup)}` })
    .where(and(ofOwnPage, isNotNull(contentBackup)))
    .returning({ id: pageContents.pageId })
    .prepare(),
)
/** False when this user has no such page, or the page no backup. */
export const copyBackupToContent = (db: Db, userId: string, id: string): boolean =>
  restoredContent(db).get({ userId, id }) !== undefined

const usageOfUser = prepared((db) =>
  db
    .select({ pages: count(), bytes: sql<number>`total(${pageContents.size})` })
    .from(pageContents)
    .where(ofUser)
    .prepare(),
)
/** What a user's contents and backups take up. Read from an index alone. */
export const readUsage = (db: Db, userId: string): { pages: number; bytes: number } =>
  usageOfUser(db).get({ userId }) ?? { pages: 0, bytes: 0 }
