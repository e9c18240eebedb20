import type { Deps } from '../../deps.ts'
import { isAtOrAbove } from './page-tree.store.ts'
import { findFirst, lastSegment, maxRouteLength, routeSpellings, toPrefix, toSlug } from './page-routes.ts'
import * as errors from './pages.errors.ts'
import type { PlaceBody } from './pages.schema.ts'
import { findNavigationRouteByRoute, findOwnPageByRoute, type Page } from './pages.store.ts'
import { type ParentType, parentTypes } from './pages.table.ts'

type ReadDeps = Pick<Deps, 'db'>

export type Place = Pick<Page, 'parentType' | 'parentRoute'>

/** A page below one of these has no parent route: its own begins with the name. */
const isSection = (type: ParentType | null) => type === 'dashboard' || type === 'plugin-studio' || type === 'settings'

const parseType = (text: string): ParentType | null => {
  const type = parentTypes.find((one) => one === text)
  if (!type && text !== '') throw errors.invalidParentType()
  return type ?? null
}

/** A parent route that is sent without a type asks for a page. */
const wantedType = (body: PlaceBody, current: Place): ParentType | null => {
  if (typeof body.parent_type === 'string') return parseType(body.parent_type)
  return body.parent_route && isSection(current.parentType) ? 'page' : current.parentType
}

const getNavigationParent = ({ db }: ReadDeps, userId: string, route: string): string => {
  const parent = findFirst(routeSpellings(route), (spelling) => findNavigationRouteByRoute(db, userId, spelling))
  if (!parent) throw errors.parentNotFound(route)
  return parent.route
}

const getPageParent = ({ db }: ReadDeps, userId: string, route: string, childId: string | undefined): string => {
  const parent = findFirst(routeSpellings(route), (spelling) => findOwnPageByRoute(db, userId, spelling))
  if (!parent) throw errors.parentNotFound(route)
  if (childId !== undefined && isAtOrAbove(db, userId, childId, parent.route)) throw errors.parentCycle()
  if (!parent.isParentPage) throw errors.notAParent(parent.name)
  return parent.route
}

/**
 * Where a body wants a page to be, with the parent's route as the parent writes it. Only a place that differs is
 * checked. Throws 400: unknown type or parent, a parent that is not marked as one, a page below itself.
 */
export const resolvePlace = (
  deps: ReadDeps,
  userId: string,
  body: PlaceBody,
  current: Place & { id?: string },
): Place => {
  const parentType = wantedType(body, current)
  const wanted = body.parent_route?.toWellFormed() ?? current.parentRoute
  if (isSection(parentType) || !wanted) return { parentType, parentRoute: null }
  const isNavigation = parentType === 'navigation'
  const isSame = wanted === current.parentRoute && isNavigation === (current.parentType === 'navigation')
  if (isSame) return { parentType, parentRoute: wanted }
  const parentRoute = isNavigation
    ? getNavigationParent(deps, userId, wanted)
    : getPageParent(deps, userId, wanted, current.id)
  return { parentType, parentRoute }
}

/** What the routes of pages in this place begin with. */
const prefixOf = ({ parentType, parentRoute }: Place): string | null =>
  isSection(parentType) ? parentType : parentRoute

export const isOtherPlace = (a: Place, b: Place): boolean => prefixOf(a) !== prefixOf(b)

/** A page's route in a place: below its parent, or else with a slash at the start if it had one. */
export const routeAt = (place: Place, oldRoute: string, segment: string): string => {
  const prefix = prefixOf(place)
  if (prefix !== null) return toPrefix(prefix) + segment
  return oldRoute.startsWith('/') ? `/${segment}` : segment
}

/** The last part of a page's route, unless another is sent. */
export const segmentOf = (page: Pick<Page, 'route' | 'name'>, sent: string | null | undefined): string => {
  const current = lastSegment(page.route)
  return sent && sent !== current ? toSlug(sent) : current || toSlug(page.name)
}

/** Whether another page of this user has the route, with or without a slash at the start. */
export const isRouteTaken = ({ db }: ReadDeps, userId: string, route: string, exceptId?: string): boolean =>
  routeSpellings(route).some((spelling) => {
    const page = findOwnPageByRoute(db, userId, spelling)
    return page !== undefined && page.id !== exceptId
  })

/** The first candidate that no other page has. Throws 400 when there is none or it is too long. */
export const findFreeRoute = (
  deps: ReadDeps,
  page: Pick<Page, 'id' | 'creatorId' | 'name'>,
  candidates: string[],
): string => {
  const free = candidates.find((route) => !isRouteTaken(deps, page.creatorId, route, page.id))
  if (free === undefined) throw errors.noUniqueRoute(page.name)
  if (free.length > maxRouteLength) throw errors.routeTooLong()
  return free
}
