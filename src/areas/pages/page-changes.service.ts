import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toHexId } from '../../shared/ids.ts'
import { updateContent } from './page-contents.store.ts'
import {
  findFreeRoute,
  isOtherPlace,
  isRouteTaken,
  type Place,
  resolvePlace,
  routeAt,
  segmentOf,
} from './page-place.ts'
import { withinQuota } from './page-quota.ts'
import { maxRouteLength, routeSpellings, stampedRoutes, toPrefix, toSlug } from './page-routes.ts'
import { findMovedPages, findPagesByPrefix, setRoutesAside, writeMovedPages } from './page-tree.store.ts'
import * as errors from './pages.errors.ts'
import type { UpdateHierarchy, UpdatePage } from './pages.schema.ts'
import { findOwnPage, hasNavigationRoute, type Page, type PageChanges, updatePage } from './pages.store.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock'>

/** The user's own page. Throws 404, for somebody else's too. */
export const getOwnPage = ({ db }: ReadDeps, userId: string, id: string): Page => {
  const page = findOwnPage(db, userId, toHexId(id))
  if (!page) throw errors.pageNotFound()
  return page
}

/** The stored spelling; null for none. Throws 400 unless the route is the user's own. */
export const checkNavigationRoute = ({ db }: ReadDeps, userId: string, id: string | null | undefined) => {
  if (!id) return null
  const hexId = toHexId(id)
  if (!hasNavigationRoute(db, userId, hexId)) throw errors.unknownNavigationRoute()
  return hexId
}

/** Throws 400 when another page of this user has the route. */
export const assertRouteFree = (deps: ReadDeps, userId: string, route: string, exceptId?: string) => {
  if (isRouteTaken(deps, userId, route, exceptId)) throw errors.routeExists()
}

/** The user's pages whose routes begin with `route`, however it is spelled, but for `ids`. */
const findOthersBelow = ({ db }: ReadDeps, userId: string, route: string, ids: Set<string>) =>
  routeSpellings(toPrefix(route))
    .flatMap((prefix) => findPagesByPrefix(db, userId, prefix))
    .filter(({ id }) => !ids.has(id))

/** Takes the pages below a page along when its route changes. Throws 400 when one of their routes is taken or too long. */
const movePagesBelow = ({ db }: ReadDeps, { id, creatorId, route: from }: Page, to: string, now: number) => {
  const moved = findMovedPages(db, creatorId, { id, from, to })
  const renamed = moved.filter(({ route, oldRoute }) => route !== oldRoute)
  const ids = new Set(renamed.map((page) => page.id))
  const wanted = new Set(renamed.map(({ route }) => route))
  if (wanted.values().some((route) => route.length > maxRouteLength)) throw errors.routeTooLong()
  // Not each wanted route is looked up: hardly ever is anything where they begin.
  const others = findOthersBelow({ db }, creatorId, to, ids)
  if (others.some(({ route }) => routeSpellings(route).some((one) => wanted.has(one)))) throw errors.routeExists()
  // Rare, and it writes every row twice.
  if (renamed.some(({ oldRoute }) => wanted.has(oldRoute))) setRoutesAside(db, creatorId, [...ids])
  writeMovedPages(db, creatorId, moved, now)
}

/** Writes only what differs. Call in a transaction. */
export const changePage = (
  { db, clock }: WriteDeps,
  page: Page,
  wanted: PageChanges & Partial<Pick<Page, 'content'>>,
): Page => {
  const differing = Object.entries(wanted).filter(([field, value]) => page[field as keyof Page] !== value)
  if (differing.length === 0) return page
  const { content, ...fields }: typeof wanted = Object.fromEntries(differing)
  const changes = { ...fields, updatedAt: clock() }
  updatePage(db, page.creatorId, page.id, changes)
  if (content !== undefined) updateContent(db, page.creatorId, page.id, content)
  const changed = { ...page, ...changes, content: content ?? page.content }
  if (changed.route !== page.route) movePagesBelow({ db }, page, changed.route, changed.updatedAt)
  return changed
}

/** A route that is sent is taken as it is; a new name alone makes a new one (workspace.md 4.5). */
const editedRoute = (deps: WriteDeps, page: Page, place: Place, { route, name }: UpdatePage): string => {
  if (typeof route === 'string') {
    const wellFormed = route.toWellFormed()
    assertRouteFree(deps, page.creatorId, wellFormed, page.id)
    return wellFormed
  }
  if (typeof name !== 'string' || name === page.name) return page.route
  const base = routeAt(place, page.route, toSlug(name))
  return findFreeRoute(deps, { ...page, name }, stampedRoutes(base, deps.clock()))
}

/** Throws 413 when the content does not fit the quota. */
export const editPage = (deps: WriteDeps & Pick<Deps, 'config'>, userId: string, id: string, body: UpdatePage): Page =>
  withinQuota(deps, userId, () => {
    const page = getOwnPage(deps, userId, id)
    const place = resolvePlace(deps, userId, body, page)
    return changePage(deps, page, {
      ...place,
      name: body.name?.toWellFormed() ?? page.name,
      route: editedRoute(deps, page, place, body),
      isParentPage: body.is_parent_page ?? page.isParentPage,
      description: body.description?.toWellFormed() ?? page.description,
      icon: body.icon?.toWellFormed() ?? page.icon,
      content: body.content ? JSON.stringify(body.content) : page.content,
      navigationRouteId:
        body.navigation_route_id === undefined
          ? page.navigationRouteId
          : checkNavigationRoute(deps, userId, body.navigation_route_id),
      isPublished: body.is_published ?? page.isPublished,
      publishDate: body.is_published ? deps.clock() : page.publishDate,
    })
  })

/** Changes a page's route only when its parent or the last part of the route changes. */
export const movePage = (deps: WriteDeps, userId: string, id: string, body: UpdateHierarchy): Page =>
  inTransaction(deps.db, () => {
    const page = getOwnPage(deps, userId, id)
    const place = resolvePlace(deps, userId, body, page)
    const segment = segmentOf(page, body.route_segment)
    const wanted = routeAt(place, page.route, segment)
    const isMoved = isOtherPlace(place, page) || segment !== segmentOf(page, undefined)
    return changePage(deps, page, {
      ...place,
      isParentPage: body.is_parent_page ?? page.isParentPage,
      route: isMoved ? findFreeRoute(deps, page, [wanted, ...stampedRoutes(wanted, deps.clock())]) : page.route,
    })
  })
