import { type NavigationNode, toNavigationRoute } from './navigation.schema.ts'
import type { NavigationRouteRow } from './navigation.table.ts'

const bySiblingOrder = (a: NavigationRouteRow, b: NavigationRouteRow) =>
  a.displayOrder - b.displayOrder || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)

const toNode = (row: NavigationRouteRow, depth: number): NavigationNode => ({
  ...toNavigationRoute(row),
  depth_level: depth,
  children: [],
})

/**
 * All routes of one user as a tree. A hidden route takes its subtree along (contract decision 21); one whose parent is
 * gone stands at the root. Level by level instead of by recursion, since a tree may be as deep as it has routes.
 */
export const toNavigationTree = (rows: NavigationRouteRow[]): NavigationNode[] => {
  const known = new Set(rows.map(({ id }) => id))
  const shown = rows.filter(({ isVisible }) => isVisible).toSorted(bySiblingOrder)
  const byParent = Map.groupBy(shown, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : null))
  const roots = (byParent.get(null) ?? []).map((row) => toNode(row, 0))
  const nodes = [...roots]
  // Grows while it is walked.
  for (const node of nodes) {
    node.children = (byParent.get(node.id) ?? []).map((row) => toNode(row, node.depth_level + 1))
    nodes.push(...node.children)
  }
  return roots
}
