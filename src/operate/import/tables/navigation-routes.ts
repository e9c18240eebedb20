import { eq } from 'drizzle-orm'
import { findIdOfPath, findRoute } from '../../../areas/navigation/navigation.store.ts'
import { navigationRoutes } from '../../../areas/navigation/navigation.table.ts'
import { findReadablePage } from '../../../areas/pages/pages.store.ts'
import { toHexId } from '../../../shared/ids.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { leadsTo } from './leads-to.ts'
import { RowDropped } from '../row-dropped.ts'
import { hexIdOf, hexReference } from '../source/row-ids.ts'
import { readSourceRow, type SourceRow } from '../source/source-row.ts'

const source = 'navigation_routes'
const place = { min: -1_000_000, max: 1_000_000, fallback: 0 }

/** A route that was written without its links: parents may come after their children, and pages after routes. */
interface Unlinked {
  id: string
  userId: string
  label: string
  wantedParent: string | null
  wantedPage: string | null
}

/** Migrations of the backend left routes behind that are nobody's (workspace.md 12.4). */
const readOwner = (run: ImportRun, row: SourceRow): string => {
  if (row.line('creator_id') === 'system') throw new RowDropped('it belongs to the old server itself')
  return ownerOf(run, row, 'creator_id')
}

/** To be given to `linkNavigationRoutes` when pages are there. */
export const importNavigationRoutes = (run: ImportRun): Unlinked[] => {
  const written: Unlinked[] = []
  importTable(run, {
    source,
    target: navigationRoutes,
    key: ['id'],
    taken: 'its user has another one of that route',
    read: (row) => {
      const id = hexIdOf(row)
      const route = row.line('route') ?? id
      return {
        id,
        creatorId: readOwner(run, row),
        route,
        name: row.line('name') ?? route,
        icon: row.prose('icon'),
        description: row.prose('description'),
        order: row.integer('order', place),
        isVisible: row.flag('is_visible', true),
        isSystemRoute: row.flag('is_system_route', false),
        defaultComponentId: row.line('default_component_id'),
        defaultPageId: null,
        canChangeDefault: row.flag('can_change_default', false),
        parentId: null,
        displayOrder: row.integer('display_order', place),
        isCollapsible: row.flag('is_collapsible', true),
        isExpanded: row.flag('is_expanded', true),
        ...timesOf(run, row),
      }
    },
    onKept: ({ id, creatorId: userId }, how, row) => {
      if (how !== 'new') return
      const [wantedParent, wantedPage] = [hexReference(row, 'parent_id'), hexReference(row, 'default_page_id')]
      written.push({ id, userId, label: row.label, wantedParent, wantedPage })
    },
  })
  return written
}

/** The paths of all routes in the source: of one that was not imported, the user may have another one of the same path. */
const readPaths = ({ source: database }: ImportRun): Map<string, string> => {
  const paths = new Map<string, string>()
  for (const one of database.rows(source)) {
    const row = readSourceRow(source, one, () => {})
    // What hung on the old server's own root hangs on the user's.
    const path = row.line('creator_id') === 'system' ? 'dashboard' : row.line('route')
    if (path !== null) paths.set(toHexId(row.line('id') ?? ''), path)
  }
  return paths
}

/** Why a link is left out, or where it leads. */
type Link = { id: string | null } | { reason: string }

const findParent = ({ deps: { db } }: ImportRun, paths: Map<string, string>, route: Unlinked): Link => {
  const { id, userId, wantedParent } = route
  if (wantedParent === null) return { id: null }
  const path = paths.get(wantedParent)
  const own = findRoute(db, userId, wantedParent)?.id
  const found = own ?? (path === undefined ? undefined : findIdOfPath(db, userId, path))
  if (found === undefined) return { reason: 'its parent was not imported: at the root' }
  const isBelowItself = leadsTo(found, id, (one) => findRoute(db, userId, one)?.parentId ?? null)
  return isBelowItself ? { reason: 'it is below itself: at the root' } : { id: found }
}

const findPage = ({ deps: { db } }: ImportRun, { userId, wantedPage }: Unlinked): Link =>
  wantedPage === null || findReadablePage(db, userId, wantedPage)
    ? { id: wantedPage }
    : { reason: 'its page was not imported: none' }

/** Hangs the routes on their parents, and opens their pages. */
export const linkNavigationRoutes = (run: ImportRun, routes: Unlinked[]): void => {
  const { note } = run.report.table(source)
  const paths = readPaths(run)
  for (const route of routes) {
    const follow = (link: Link): string | null => {
      if ('reason' in link) note('changed', route.label, link.reason)
      return 'reason' in link ? null : link.id
    }
    const [parentId, defaultPageId] = [follow(findParent(run, paths, route)), follow(findPage(run, route))]
    if (parentId === null && defaultPageId === null) continue
    run.deps.db.update(navigationRoutes).set({ parentId, defaultPageId }).where(eq(navigationRoutes.id, route.id)).run()
  }
}
