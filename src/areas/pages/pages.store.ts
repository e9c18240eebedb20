import { and, eq, getTableColumns, isNotNull, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { navigationRoutes } from '../navigation/navigation.table.ts'
import { type PageRow, pages } from './pages.table.ts'

const value = sql.placeholder

/** The backup is as large as the content and rarely wanted: it is read on its own. */
export type Page = Omit<PageRow, 'contentBackup'>

const { contentBackup, ...pageColumns } = getTableColumns(pages)

const hasId = eq(pages.id, value('id'))
const isOwn = eq(pages.creatorId, value('userId'))

const ownPage = prepared((db) => db.select(pageColumns).from(pages).where(and(hasId, isOwn)).prepare())
/** `id` without dashes, here and below. */
export const findOwnPage = (db: Db, userId: string, id: string): Page | undefined => ownPage(db).get({ userId, id })

const readablePage = prepared((db) =>
  db
    .select(pageColumns)
    .from(pages)
    .where(and(hasId, or(isOwn, eq(pages.isPublished, true))))
    .prepare(),
)
/** The user's own page, or a published one of anybody. */
export const findReadablePage = (db: Db, userId: string, id: string): Page | undefined =>
  readablePage(db).get({ userId, id })

const ownBackup = prepared((db) => db.select({ contentBackup }).from(pages).where(and(hasId, isOwn)).prepare())
/** JSON text; null without a backup, and for everybody but the owner. */
export const findContentBackup = (db: Db, userId: string, id: string): string | null =>
  ownBackup(db).get({ userId, id })?.contentBackup ?? null

const ownPageByRoute = prepared((db) =>
  db
    .select({ id: pages.id, name: pages.name, route: pages.route, isParentPage: pages.isParentPage })
    .from(pages)
    .where(and(isOwn, eq(pages.route, value('route'))))
    .prepare(),
)
/** By the exact route. */
export const findOwnPageByRoute = (db: Db, userId: string, route: string) => ownPageByRoute(db).get({ userId, route })

const publishedPage = prepared((db) =>
  db
    .select({ id: pages.id })
    .from(pages)
    // A literal, so that the partial index fits.
    .where(and(sql`${pages.isPublished} = 1`, eq(pages.route, value('route'))))
    .orderBy(pages.publishDate)
    .limit(1)
    .prepare(),
)
/** Of all users who published this exact route, the first one's page: nobody takes a route over by publishing it again. */
export const findPublishedPageId = (db: Db, route: string): string | undefined => publishedPage(db).get({ route })?.id

const newPage = prepared((db) => {
  const fields = Object.keys(pageColumns).map((field) => [field, value(field)])
  return db.insert(pages).values(Object.fromEntries(fields)).prepare()
})
export const insertPage = (db: Db, page: Page): void => {
  newPage(db).run({ ...page })
}

export type PageChanges = Partial<Omit<Page, 'id' | 'creatorId' | 'createdAt'>>

export const updatePage = (db: Db, userId: string, id: string, changes: PageChanges): void => {
  db.update(pages)
    .set(changes)
    .where(and(eq(pages.id, id), eq(pages.creatorId, userId)))
    .run()
}

const newBackup = prepared((db) =>
  db
    .update(pages)
    .set({ contentBackup: sql`${pages.content}`, backupDate: sql`${value('now')}` })
    .where(and(hasId, isOwn))
    .prepare(),
)
export const copyContentToBackup = (db: Db, userId: string, id: string, now: number): void => {
  newBackup(db).run({ userId, id, now })
}

const restoredContent = prepared((db) =>
  db
    .update(pages)
    .set({ content: sql`${pages.contentBackup}`, updatedAt: sql`${value('now')}` })
    .where(and(hasId, isOwn, isNotNull(pages.contentBackup)))
    .returning({ id: pages.id })
    .prepare(),
)
/** False when this user has no such page, or the page no backup. */
export const copyBackupToContent = (db: Db, userId: string, id: string, now: number): boolean =>
  restoredContent(db).get({ userId, id, now }) !== undefined

const removedPage = prepared((db) => db.delete(pages).where(and(hasId, isOwn)).prepare())
export const deletePage = (db: Db, userId: string, id: string): void => {
  removedPage(db).run({ userId, id })
}

const ownNavigationRoute = prepared((db) =>
  db
    .select({ id: navigationRoutes.id })
    .from(navigationRoutes)
    .where(and(eq(navigationRoutes.id, value('id')), eq(navigationRoutes.creatorId, value('userId'))))
    .prepare(),
)
export const hasNavigationRoute = (db: Db, userId: string, id: string): boolean =>
  ownNavigationRoute(db).get({ userId, id }) !== undefined

const ownNavigationRouteByRoute = prepared((db) =>
  db
    .select({ route: navigationRoutes.route })
    .from(navigationRoutes)
    .where(and(eq(navigationRoutes.creatorId, value('userId')), eq(navigationRoutes.route, value('route'))))
    .prepare(),
)
/** By the exact route. */
export const findNavigationRouteByRoute = (db: Db, userId: string, route: string) =>
  ownNavigationRouteByRoute(db).get({ userId, route })
