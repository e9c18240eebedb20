import { withJsonText } from '../../http/json-text.ts'
import { toNavigationRoute } from './navigation.schema.ts'
import type { NavigationRouteRow } from './navigation.table.ts'

const bySiblingOrder = (a: NavigationRouteRow, b: NavigationRouteRow) =>
  a.displayOrder - b.displayOrder || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)

/** A node as JSON text, up to where its children begin. */
const openNode = (row: NavigationRouteRow, depth: number): string =>
  withJsonText({ ...toNavigationRoute(row), depth_level: depth }, { children: '[' }).slice(0, -1)
const closeNode = ']}'

/**
 * All routes of one user as a tree, in parts of JSON text. A hidden route takes its subtree along (contract decision 21);
 * one whose parent is gone stands at the root. By a stack instead of by recursion, since a tree may be as deep as it has
 * routes.
 */
export function* toNavigationTree(rows: NavigationRouteRow[]): Generator<string> {
  const known = new Set(rows.map(({ id }) => id))
  const shown = rows.filter(({ isVisible }) => isVisible).toSorted(bySiblingOrder)
  const byParent = Map.groupBy(shown, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : null))
  const levels = [(byParent.get(null) ?? []).values()]
  let comma = ''
  yield '['
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const { value: row } = level.next()
    if (row) {
      yield comma + openNode(row, levels.length - 1)
      levels.push((byParent.get(row.id) ?? []).values())
    } else {
      levels.pop()
      yield levels.length > 0 ? closeNode : ']'
    }
    comma = row ? '' : ','
  }
}
