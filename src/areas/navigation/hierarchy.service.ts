import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toHexId } from '../../shared/ids.ts'
import { checkHierarchy } from './hierarchy.ts'
import { type BatchUpdate, maxPlace, type MoveNavigationRoute } from './navigation.schema.ts'
import { getRoute } from './navigation.service.ts'
import { listRoutes, placeRoute, readPlaces } from './navigation.store.ts'
import type { NavigationRouteRow } from './navigation.table.ts'
import { toReference } from './route-fields.ts'

type WriteDeps = Pick<Deps, 'db' | 'clock'>
type Places = ReturnType<typeof readPlaces>

const isSamePlace = (a: NavigationRouteRow, b: NavigationRouteRow) =>
  a.parentId === b.parentId && a.displayOrder === b.displayOrder && a.isExpanded === b.isExpanded

/** Behind the last child that a route, or the root, has by now. */
const nextPlace = (places: Places, parentId: string | null): number => {
  const siblings = places.values().filter((place) => place.parentId === parentId)
  const last = siblings.reduce((highest, { displayOrder }) => Math.max(highest, displayOrder), -Infinity)
  return last === -Infinity ? 0 : Math.min(last + 1, maxPlace)
}

/** Puts a route under another one, or at the root. Throws 404, and 400 for a parent that is foreign or below the route. */
export const moveRoute = (deps: WriteDeps, userId: string, id: string, body: MoveNavigationRoute): NavigationRouteRow =>
  inTransaction(deps.db, () => {
    const row = getRoute(deps, userId, id)
    const places = readPlaces(deps.db, userId)
    const parentId = toReference(body.parent_id ?? null)
    const displayOrder = body.display_order ?? nextPlace(places, parentId)
    const moved = { ...row, parentId, displayOrder, updatedAt: deps.clock() }
    if (isSamePlace(moved, row)) return row
    if (parentId !== row.parentId) checkHierarchy(places.set(row.id, moved), [row.id])
    placeRoute(deps.db, moved)
    return moved
  })

const place = (row: NavigationRouteRow, item: BatchUpdate[number]): NavigationRouteRow => ({
  ...row,
  parentId: item.parent_id === undefined ? row.parentId : toReference(item.parent_id),
  displayOrder: item.display_order ?? row.displayOrder,
  isExpanded: item.is_expanded ?? row.isExpanded,
})

/**
 * All or nothing: circles are looked for in what the whole batch leaves, so that two routes may swap. Returns the routes
 * that are named, each once, in the order of the items.
 */
export const placeRoutes = (deps: WriteDeps, userId: string, items: BatchUpdate): NavigationRouteRow[] =>
  inTransaction(deps.db, () => {
    const stored = new Map(listRoutes(deps.db, userId).map((row) => [row.id, row]))
    const wanted = new Map(stored)
    const named = new Set<string>()
    for (const item of items) {
      const id = toHexId(item.id)
      const row = wanted.get(id)
      if (!row) continue
      wanted.set(id, place(row, item))
      named.add(id)
    }
    const isMoved = (id: string) => wanted.get(id)?.parentId !== stored.get(id)?.parentId
    checkHierarchy(wanted, named.values().filter(isMoved))
    const updatedAt = deps.clock()
    for (const [id, row] of stored) {
      const next = { ...row, ...wanted.get(id) }
      if (isSamePlace(next, row)) continue
      wanted.set(id, { ...next, updatedAt })
      placeRoute(deps.db, { ...next, updatedAt })
    }
    return [...named].flatMap((id) => wanted.get(id) ?? [])
  })
