import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isOwnId, newHexId, toHexId } from '../../shared/ids.ts'
import { deletePageSettings } from '../settings/settings.service.ts'
import { assertRouteFree, changePage, checkNavigationRoute, getOwnPage } from './page-changes.service.ts'
import { copyBackupToContent, copyContentToBackup, findContentBackup } from './page-contents.store.ts'
import { listPageIds } from './page-list.store.ts'
import { resolvePlace } from './page-place.ts'
import { withinQuota } from './page-quota.ts'
import { findFirst, routesOfPath, routeSpellings } from './page-routes.ts'
import { detachChildren } from './page-tree.store.ts'
import * as errors from './pages.errors.ts'
import type { CreatePage, ListPagesQuery } from './pages.schema.ts'
import {
  deletePage,
  findOwnPageByRoute,
  findPublishedPageId,
  findReadablePage,
  hasNavigationRoute,
  insertPage,
  type Page,
  updatePage,
} from './pages.store.ts'

type ReadDeps = Pick<Deps, 'db'>
type WriteDeps = Pick<Deps, 'db' | 'clock' | 'config'>

export interface PageDetail {
  page: Page
  contentBackup: string | null
}

/** An own page or anybody's published one. Throws 404. */
export const getPage = ({ db }: ReadDeps, userId: string, id: string): PageDetail => {
  const page = findReadablePage(db, userId, toHexId(id))
  if (!page) throw errors.pageNotFound()
  return { page, contentBackup: findContentBackup(db, userId, page.id) }
}

/** `path` is the rest of a path. The user's own page comes first, then a published one of somebody else. Throws 404. */
export const getPageByRoute = (deps: ReadDeps, userId: string, path: string): PageDetail => {
  const routes = routesOfPath(path)
  const id =
    findFirst(routes, (route) => findOwnPageByRoute(deps.db, userId, route)?.id) ??
    findFirst(routes, (route) => findPublishedPageId(deps.db, route))
  return getPage(deps, userId, id ?? '')
}

/** Reads each page when it is asked for; one that vanished meanwhile is left out. */
function* readPages({ db }: ReadDeps, userId: string, ids: string[]): Generator<Page> {
  for (const id of ids) {
    const page = findReadablePage(db, userId, id)
    if (page) yield page
  }
}

/** The user's own pages, or those that `creator_id` has published. Throws 404 for a navigation route that is not the user's. */
export const listPages = ({ db }: ReadDeps, userId: string, query: ListPagesQuery) => {
  const navigationRouteId = query.navigation_route_id && toHexId(query.navigation_route_id)
  if (navigationRouteId && !hasNavigationRoute(db, userId, navigationRouteId)) throw errors.navigationRouteNotFound()
  const creatorId = !query.creator_id || isOwnId(userId, query.creator_id) ? userId : toHexId(query.creator_id)
  const filters = {
    publishedOnly: query.published_only === true || creatorId !== userId,
    parentType: query.parent_type,
    parentRoutes: query.parent_route ? routeSpellings(query.parent_route) : undefined,
    isParentPage: query.is_parent_page,
    navigationRouteId,
  }
  const { ids, total } = listPageIds(db, creatorId, filters, query)
  return { pages: readPages({ db }, userId, ids), total }
}

/** A new page is not published. `route` stays as it is sent, whatever the parent. Throws 413 above the quota. */
export const createPage = (deps: WriteDeps, userId: string, body: CreatePage): Page =>
  withinQuota(deps, userId, () => {
    const route = body.route.toWellFormed()
    assertRouteFree(deps, userId, route)
    const now = deps.clock()
    const page: Page = {
      id: newHexId(),
      creatorId: userId,
      name: body.name.toWellFormed(),
      route,
      ...resolvePlace(deps, userId, body, { parentType: 'page', parentRoute: null }),
      isParentPage: body.is_parent_page ?? false,
      description: body.description?.toWellFormed() ?? null,
      icon: body.icon?.toWellFormed() ?? null,
      navigationRouteId: checkNavigationRoute(deps, userId, body.navigation_route_id),
      isPublished: false,
      publishDate: null,
      backupDate: null,
      createdAt: now,
      updatedAt: now,
      content: JSON.stringify(body.content),
    }
    insertPage(deps.db, page)
    return page
  })

/** With its settings; pages below it lose their parent, navigation routes their default page. */
export const removePage = ({ db, clock }: Pick<Deps, 'db' | 'clock'>, userId: string, id: string) =>
  inTransaction(db, () => {
    const page = getOwnPage({ db }, userId, id)
    detachChildren(db, userId, page.route, clock())
    deletePageSettings({ db }, page.id)
    deletePage(db, userId, page.id)
  })

/** Publishing again renews the date; withdrawing keeps it. */
export const publishPage = (deps: WriteDeps, userId: string, id: string, isPublished: boolean): Page =>
  inTransaction(deps.db, () => {
    const page = getOwnPage(deps, userId, id)
    return changePage(deps, page, { isPublished, publishDate: isPublished ? deps.clock() : page.publishDate })
  })

/** There is one backup: a new one replaces it. Throws 413 above the quota. */
export const backUpPage = (deps: WriteDeps, userId: string, id: string): Page =>
  withinQuota(deps, userId, () => {
    const page = getOwnPage(deps, userId, id)
    const backupDate = deps.clock()
    copyContentToBackup(deps.db, userId, page.id)
    updatePage(deps.db, userId, page.id, { backupDate })
    return { ...page, backupDate }
  })

/** Keeps the backup. Throws 400 when there is none, 413 above the quota. */
export const restorePage = (deps: WriteDeps, userId: string, id: string): Page =>
  withinQuota(deps, userId, () => {
    const page = getOwnPage(deps, userId, id)
    if (!copyBackupToContent(deps.db, userId, page.id)) throw errors.noBackup()
    updatePage(deps.db, userId, page.id, { updatedAt: deps.clock() })
    return getOwnPage(deps, userId, id)
  })
