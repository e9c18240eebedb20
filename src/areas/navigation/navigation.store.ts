import { and, asc, count, eq, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { prepared } from '../../db/prepared.ts'
import { toHexId } from '../../shared/ids.ts'
import { users } from '../auth/auth.table.ts'
import { pages } from '../pages/pages.table.ts'
import { type NavigationRouteRow, navigationRoutes } from './navigation.table.ts'

const value = sql.placeholder
const isOwn = eq(navigationRoutes.creatorId, value('userId'))
const hasId = eq(navigationRoutes.id, value('id'))

const ownRoutes = prepared((db) =>
  db
    .select()
    .from(navigationRoutes)
    .where(and(isOwn, sql`${navigationRoutes.isVisible} >= ${value('visibleFrom')}`))
    .orderBy(asc(navigationRoutes.order), asc(navigationRoutes.createdAt), asc(navigationRoutes.id))
    .prepare(),
)
/** All of a user's routes in the order of the flat list. */
export const listRoutes = (db: Db, userId: string, isVisibleOnly = false): NavigationRouteRow[] =>
  ownRoutes(db).all({ userId, visibleFrom: isVisibleOnly ? 1 : 0 })

const ownPlaces = prepared((db) =>
  db
    .select({
      id: navigationRoutes.id,
      parentId: navigationRoutes.parentId,
      displayOrder: navigationRoutes.displayOrder,
    })
    .from(navigationRoutes)
    .where(isOwn)
    .prepare(),
)
/** Where each of a user's routes stands in the tree, by its id. */
export const readPlaces = (
  db: Db,
  userId: string,
): Map<string, Pick<NavigationRouteRow, 'parentId' | 'displayOrder'>> =>
  new Map(
    ownPlaces(db)
      .all({ userId })
      .map((row) => [row.id, row]),
  )

const ownRoute = prepared((db) => db.select().from(navigationRoutes).where(and(hasId, isOwn)).prepare())
export const findRoute = (db: Db, userId: string, id: string): NavigationRouteRow | undefined =>
  ownRoute(db).get({ id: toHexId(id), userId })

const routeByPath = prepared((db) =>
  db
    .select({ id: navigationRoutes.id })
    .from(navigationRoutes)
    .where(and(isOwn, eq(navigationRoutes.route, value('route'))))
    .prepare(),
)
export const findIdOfPath = (db: Db, userId: string, route: string): string | undefined =>
  routeByPath(db).get({ userId, route })?.id

const ownCount = prepared((db) => db.select({ count: count() }).from(navigationRoutes).where(isOwn).prepare())
export const countRoutes = (db: Db, userId: string): number => ownCount(db).get({ userId })?.count ?? 0

const newRoute = prepared((db) =>
  db
    .insert(navigationRoutes)
    .values({
      id: value('id'),
      creatorId: value('creatorId'),
      name: value('name'),
      route: value('route'),
      icon: value('icon'),
      description: value('description'),
      order: value('order'),
      isVisible: value('isVisible'),
      isSystemRoute: value('isSystemRoute'),
      defaultComponentId: value('defaultComponentId'),
      defaultPageId: value('defaultPageId'),
      canChangeDefault: value('canChangeDefault'),
      parentId: value('parentId'),
      displayOrder: value('displayOrder'),
      isCollapsible: value('isCollapsible'),
      isExpanded: value('isExpanded'),
      createdAt: value('createdAt'),
      updatedAt: value('updatedAt'),
    })
    .returning()
    .prepare(),
)
/** Returns what is stored: text that is not Unicode changes on the way. */
export const insertRoute = (db: Db, row: NavigationRouteRow): NavigationRouteRow => newRoute(db).get({ ...row })

export type RouteChanges = Partial<Omit<NavigationRouteRow, 'id' | 'creatorId' | 'isSystemRoute' | 'createdAt'>>

/** Returns what is stored then. The route is the user's own. */
export const updateRoute = (db: Db, userId: string, id: string, changes: RouteChanges): NavigationRouteRow =>
  db
    .update(navigationRoutes)
    .set(changes)
    .where(and(eq(navigationRoutes.id, id), eq(navigationRoutes.creatorId, userId)))
    .returning()
    .get()

const placedRoute = prepared((db) =>
  db
    .update(navigationRoutes)
    .set({
      parentId: sql`${value('parentId')}`,
      displayOrder: sql`${value('displayOrder')}`,
      isExpanded: sql`${value('isExpanded')}`,
      updatedAt: sql`${value('updatedAt')}`,
    })
    .where(and(hasId, isOwn))
    .prepare(),
)
/** Stores where a route stands in the tree. */
export const placeRoute = (
  db: Db,
  { id, creatorId: userId, parentId, displayOrder, isExpanded, updatedAt }: NavigationRouteRow,
): void => {
  placedRoute(db).run({ id, userId, parentId, displayOrder, isExpanded: Number(isExpanded), updatedAt })
}

const movedChildren = prepared((db) =>
  db
    .update(navigationRoutes)
    .set({ parentId: sql`${value('newParentId')}`, updatedAt: sql`${value('now')}` })
    .where(and(eq(navigationRoutes.parentId, value('id')), isOwn))
    .prepare(),
)
const removedRoute = prepared((db) => db.delete(navigationRoutes).where(and(hasId, isOwn)).prepare())
/** Deletes a route and hands its children to its parent. */
export const deleteRoute = (db: Db, { id, creatorId: userId, parentId }: NavigationRouteRow, now: number): void => {
  movedChildren(db).run({ id, userId, newParentId: parentId, now })
  removedRoute(db).run({ id, userId })
}

const usablePage = prepared((db) =>
  db
    .select({ id: pages.id })
    .from(pages)
    .where(and(eq(pages.id, value('id')), or(eq(pages.creatorId, value('userId')), eq(pages.isPublished, true))))
    .prepare(),
)
/** Whether a user can read a page: it is theirs, or published. */
export const canReadPage = (db: Db, userId: string, pageId: string): boolean =>
  usablePage(db).get({ id: toHexId(pageId), userId }) !== undefined

const ofUser = eq(pages.creatorId, value('userId'))
/** Pages below a route know it by its path. */
const isBelow = and(eq(pages.parentType, 'navigation'), eq(pages.parentRoute, value('route')))

const pagesOfRoute = prepared((db) =>
  db
    .select({ count: count() })
    .from(pages)
    .where(and(ofUser, or(eq(pages.navigationRouteId, value('id')), isBelow)))
    .prepare(),
)
/** How many of its owner's pages are assigned to a route or stand below it. */
export const countPagesOfRoute = (db: Db, { id, creatorId: userId, route }: NavigationRouteRow): number =>
  pagesOfRoute(db).get({ id, userId, route })?.count ?? 0

const renamedParent = prepared((db) =>
  db
    .update(pages)
    .set({ parentRoute: sql`${value('newPath')}`, updatedAt: sql`${value('now')}` })
    .where(and(ofUser, isBelow))
    .prepare(),
)
/** Tells the pages below a route its new path. Their own paths stay: people keep links to them. */
export const renameParentOfPages = (
  db: Db,
  { creatorId: userId, route }: NavigationRouteRow,
  newPath: string,
  now: number,
): void => {
  renamedParent(db).run({ userId, route, newPath, now })
}

const creator = prepared((db) =>
  db
    .select({ id: users.id, username: users.username, email: users.email })
    .from(users)
    .where(eq(users.id, value('id')))
    .prepare(),
)
export const findCreator = (db: Db, id: string) => creator(db).get({ id }) ?? null
