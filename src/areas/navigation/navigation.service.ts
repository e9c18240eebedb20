import { isDeepStrictEqual } from 'node:util'
import type { Db } from '../../db/client.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { newHexId, toUuid } from '../../shared/ids.ts'
import { checkHierarchy } from './hierarchy.ts'
import * as errors from './navigation.errors.ts'
import type { CreateNavigationRoute, UpdateNavigationRoute } from './navigation.schema.ts'
import {
  canReadPage,
  countPagesOfRoute,
  countRoutes,
  deleteRoute,
  findCreator,
  findIdOfPath,
  findRoute,
  insertRoute,
  readPlaces,
  renameParentOfPages,
  updateRoute,
} from './navigation.store.ts'
import type { NavigationRouteRow } from './navigation.table.ts'
import { toRouteFields } from './route-fields.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

const maxRoutes = 2000

/** The user's own route. Throws 404, for somebody else's too. */
export const getRoute = ({ db }: ReadDeps, userId: string, id: string): NavigationRouteRow => {
  const route = findRoute(db, userId, id)
  if (!route) throw errors.routeNotFound(toUuid(id))
  return route
}

export const getRouteWithCreator = (deps: ReadDeps, userId: string, id: string) => {
  const route = getRoute(deps, userId, id)
  return { route, creator: findCreator(deps.db, route.creatorId) }
}

/** `id` is the route's own, whose present path is no obstacle. */
const checkPath = (db: Db, userId: string, { id, route }: Pick<NavigationRouteRow, 'id' | 'route'>) => {
  const holder = findIdOfPath(db, userId, route)
  if (holder !== undefined && holder !== id) throw errors.routeExists(route)
}

const checkPage = (db: Db, userId: string, pageId: string | null) => {
  if (pageId !== null && !canReadPage(db, userId, pageId)) throw errors.pageNotFound()
}

export const createRoute = (deps: WriteDeps, userId: string, body: CreateNavigationRoute): NavigationRouteRow => {
  const { db } = deps
  const now = deps.clock()
  const row: NavigationRouteRow = {
    icon: null,
    description: null,
    order: 0,
    isVisible: true,
    defaultComponentId: null,
    defaultPageId: null,
    canChangeDefault: false,
    parentId: null,
    displayOrder: 0,
    isCollapsible: true,
    isExpanded: true,
    ...toRouteFields(body),
    name: body.name,
    route: body.route,
    id: newHexId(),
    creatorId: userId,
    isSystemRoute: false,
    createdAt: now,
    updatedAt: now,
  }
  return inTransaction(db, () => {
    checkPath(db, userId, row)
    checkPage(db, userId, row.defaultPageId)
    if (row.parentId !== null && !findRoute(db, userId, row.parentId)) throw errors.parentNotFound()
    if (countRoutes(db, userId) >= maxRoutes) throw errors.tooManyRoutes()
    return insertRoute(db, row)
  })
}

/** Throws 400 for what may never change. Sending the present value again is fine: the client's dialog does. */
const checkFixedFields = (row: NavigationRouteRow, wanted: NavigationRouteRow) => {
  if (row.isSystemRoute && wanted.name !== row.name) throw errors.fixedName()
  if (row.isSystemRoute && wanted.route !== row.route) throw errors.fixedPath()
  const isFixed = (field: 'defaultPageId' | 'defaultComponentId') =>
    !row.canChangeDefault && row[field] && wanted[field] !== row[field]
  if (isFixed('defaultPageId')) throw errors.fixedPage()
  if (isFixed('defaultComponentId')) throw errors.fixedComponent()
}

/** Checks what differs only, so that a default page that was unpublished since does not block every other change. */
const checkReferences = (db: Db, row: NavigationRouteRow, wanted: NavigationRouteRow) => {
  if (wanted.route !== row.route) checkPath(db, row.creatorId, wanted)
  if (wanted.defaultPageId !== row.defaultPageId) checkPage(db, row.creatorId, wanted.defaultPageId)
  if (wanted.parentId !== row.parentId) {
    checkHierarchy(readPlaces(db, row.creatorId).set(row.id, wanted), [row.id])
  }
}

export const editRoute = (deps: WriteDeps, userId: string, id: string, body: UpdateNavigationRoute) =>
  inTransaction(deps.db, () => {
    const row = getRoute(deps, userId, id)
    const fields = toRouteFields(body)
    const wanted = { ...row, ...fields }
    if (isDeepStrictEqual(wanted, row)) return row
    checkFixedFields(row, wanted)
    checkReferences(deps.db, row, wanted)
    const updatedAt = deps.clock()
    const stored = updateRoute(deps.db, userId, row.id, { ...fields, updatedAt })
    if (stored.route !== row.route) renameParentOfPages(deps.db, row, stored.route, updatedAt)
    return stored
  })

/** The children move up to the route's own parent and keep their places. */
export const removeRoute = (deps: WriteDeps, userId: string, id: string) =>
  inTransaction(deps.db, () => {
    const row = getRoute(deps, userId, id)
    if (row.isSystemRoute) throw errors.systemRoute()
    const pages = countPagesOfRoute(deps.db, row)
    if (pages > 0) throw errors.routeInUse(pages)
    deleteRoute(deps.db, row, deps.clock())
  })
