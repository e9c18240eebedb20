import { and, eq, getTableColumns, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { navigationRoutes } from '../navigation/navigation.table.ts'
import { insertContent } from './page-contents.store.ts'
import { type PageContentRow, type PageRow, pages } from './pages.table.ts'

const value = sql.placeholder

/** A page with its content. */
export type Page = PageRow & Pick<PageContentRow, 'content'>

const hasId = eq(pages.id, value('id'))
const isOwn = eq(pages.creatorId, value('userId'))

// No join: SQLite would plan it anew for each id, which takes several times as long as reading the page.
const content = sql<string>`(select content from page_contents where page_id = pages.id)`
const selectPages = (db: Db) => db.select({ ...getTableColumns(pages), content }).from(pages)

const ownPage = prepared((db) => selectPages(db).where(and(hasId, isOwn)).prepare())
/** `id` without dashes, here and below. */
export const findOwnPage = (db: Db, userId: string, id: string): Page | undefined => ownPage(db).get({ userId, id })

const readablePage = prepared((db) =>
  selectPages(db)
    .where(and(hasId, or(isOwn, eq(pages.isPublished, true))))
    .prepare(),
)
/** The user's own page, or a published one of anybody. */
export const findReadablePage = (db: Db, userId: string, id: string): Page | undefined =>
  readablePage(db).get({ userId, id })

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
  const fields = Object.keys(getTableColumns(pages)).map((field) => [field, value(field)])
  return db.insert(pages).values(Object.fromEntries(fields)).prepare()
})
/** Call in a transaction. */
export const insertPage = (db: Db, page: Page): void => {
  newPage(db).run({ ...page })
  insertContent(db, page.creatorId, page.id, page.content)
}

export type PageChanges = Partial<Omit<PageRow, 'id' | 'creatorId' | 'createdAt'>>

export const updatePage = (db: Db, userId: string, id: string, changes: PageChanges): void => {
  db.update(pages)
    .set(changes)
    .where(and(eq(pages.id, id), eq(pages.creatorId, userId)))
    .run()
}

const removedPage = prepared((db) => db.delete(pages).where(and(hasId, isOwn)).prepare())
/** With its content. */
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
