import type { Deps } from '../../deps.ts'
import { newHexId } from '../../shared/ids.ts'
import { findIdOfPath, insertRoute } from './navigation.store.ts'
import type { NavigationRouteRow } from './navigation.table.ts'

type SystemRoute = Pick<NavigationRouteRow, 'name' | 'route' | 'icon' | 'order' | 'displayOrder'>

const root = 'dashboard'

/** Each shows the component of the same name. The first one is the parent of the others (auth.md 6.4). */
const systemRoutes: SystemRoute[] = [
  { name: 'Your BrainDrive', route: root, icon: 'AccountTree', order: 0, displayOrder: 0 },
  { name: 'Settings', route: 'settings', icon: 'Settings', order: 30, displayOrder: 1 },
  { name: 'Personas', route: 'personas', icon: 'Person', order: 25, displayOrder: 2 },
  { name: 'Plugin Manager', route: 'plugin-manager', icon: 'Extension', order: 40, displayOrder: 3 },
  { name: 'Page Builder', route: 'plugin-studio', icon: 'AccountTree', order: 20, displayOrder: 4 },
]

/**
 * The built-in routes of an account. What is there already stays; the caller opens the transaction. One look-up for each
 * instead of the whole list, since every login runs this.
 */
export const seedNavigation = ({ db, clock }: Pick<Deps, 'db' | 'clock'>, userId: string): void => {
  const now = clock()
  for (const system of systemRoutes) {
    if (findIdOfPath(db, userId, system.route) !== undefined) continue
    const isRoot = system.route === root
    insertRoute(db, {
      ...system,
      id: newHexId(),
      creatorId: userId,
      description: null,
      isVisible: true,
      isSystemRoute: true,
      defaultComponentId: system.route,
      defaultPageId: null,
      canChangeDefault: false,
      // There by now: the root comes first.
      parentId: isRoot ? null : (findIdOfPath(db, userId, root) ?? null),
      isCollapsible: isRoot,
      isExpanded: true,
      createdAt: now,
      updatedAt: now,
    })
  }
}
