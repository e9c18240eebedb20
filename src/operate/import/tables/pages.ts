import { eq } from 'drizzle-orm'
import { findRoute } from '../../../areas/navigation/navigation.store.ts'
import { findFirst, routeSpellings } from '../../../areas/pages/page-routes.ts'
import { findNavigationRouteByRoute, findOwnPageByRoute } from '../../../areas/pages/pages.store.ts'
import { pageContents, type PageRow, pages, parentTypes, type ParentType } from '../../../areas/pages/pages.table.ts'
import type { Db } from '../../../db/client.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { leadsTo } from './leads-to.ts'
import { isFields, toJsonText } from '../source/loose-json.ts'
import { hexIdOf, hexReference } from '../source/row-ids.ts'
import type { SourceRow } from '../source/source-row.ts'

const source = 'pages'
const emptyContent = '{"layouts":{"desktop":[],"tablet":[],"mobile":[]},"modules":{}}'

/** JSON text of an object, as it is if possible (workspace.md 5); null where there is none. */
const documentOf = (row: SourceRow, column: string): string | null => {
  const value = row.json(column)
  if (isFields(value)) return toJsonText(row.prose(column) ?? '', value)
  if (value !== undefined) row.note('changed', `${column} is no object: left empty`)
  return null
}

const storeContent = ({ deps: { db } }: ImportRun, { id: pageId, creatorId }: PageRow, row: SourceRow) => {
  const found = documentOf(row, 'content')
  if (found === null) row.note('changed', 'it has no content: an empty page')
  const content = found ?? emptyContent
  const contentBackup = documentOf(row, 'content_backup')
  const size = Buffer.byteLength(content) + Buffer.byteLength(contentBackup ?? '')
  db.insert(pageContents).values({ pageId, creatorId, size, content, contentBackup }).run()
}

const parentTypeOf = (row: SourceRow): ParentType | null => {
  const type = row.line('parent_type')?.trim().toLowerCase() ?? ''
  const known = parentTypes.find((one) => one === type)
  if (!known && type !== '') row.note('changed', 'its parent_type is unknown: none')
  return known ?? null
}

/** Two pages of one user may have had one route, which differed in the spelling of the user alone. */
const freeRouteOf = ({ deps: { db } }: ImportRun, row: SourceRow, creatorId: string, id: string): string => {
  const route = row.line('route') ?? id
  const isFree = (one: string) => (findOwnPageByRoute(db, creatorId, one)?.id ?? id) === id
  if (isFree(route)) return route
  row.note('changed', 'its user has another page of that route: it gets a number')
  for (let number = 2; ; number++) if (isFree(`${route}-${number}`)) return `${route}-${number}`
}

const routeIdOf = ({ deps: { db } }: ImportRun, row: SourceRow, creatorId: string): string | null => {
  const id = hexReference(row, 'navigation_route_id')
  if (id === null || findRoute(db, creatorId, id)) return id
  row.note('changed', 'its navigation route was not imported: none')
  return null
}

interface Child {
  page: PageRow
  label: string
}

const readPage = (run: ImportRun, row: SourceRow): PageRow => {
  const id = hexIdOf(row)
  const creatorId = ownerOf(run, row, 'creator_id')
  const route = freeRouteOf(run, row, creatorId, id)
  const isPublished = row.flag('is_published', false)
  const times = timesOf(run, row)
  return {
    id,
    creatorId,
    name: row.line('name') ?? route,
    route,
    parentRoute: row.line('parent_route') || null,
    parentType: parentTypeOf(row),
    isParentPage: row.flag('is_parent_page', false),
    description: row.prose('description'),
    icon: row.prose('icon'),
    navigationRouteId: routeIdOf(run, row, creatorId),
    isPublished,
    publishDate: row.time('publish_date') ?? (isPublished ? times.updatedAt : null),
    backupDate: row.time('backup_date'),
    ...times,
  }
}

/** `a` and `/a` are one route. */
const plain = (route: string) => route.replace(/^\//, '')

const findFault = (db: Db, { creatorId: userId, route, parentRoute, parentType }: PageRow): string | undefined => {
  const find = parentType === 'navigation' ? findNavigationRouteByRoute : findOwnPageByRoute
  if (!findFirst(routeSpellings(parentRoute ?? ''), (one) => find(db, userId, one)))
    return 'its parent is not there: none'
  const parentOf = (child: string) => {
    const page = findFirst(routeSpellings(child), (one) => findOwnPageByRoute(db, userId, one))
    const stored = page && db.select({ route: pages.parentRoute }).from(pages).where(eq(pages.id, page.id)).get()
    return stored?.route ? plain(stored.route) : null
  }
  const isPage = parentType !== 'navigation'
  return isPage && leadsTo(plain(parentRoute ?? ''), plain(route), parentOf)
    ? 'it is below itself: no parent'
    : undefined
}

/** Parents may come after their children. */
const checkParents = ({ deps: { db }, report }: ImportRun, children: Child[]) => {
  for (const { page, label } of children) {
    const fault = findFault(db, page)
    if (fault === undefined) continue
    report.table(source).note('changed', label, fault)
    db.update(pages).set({ parentRoute: null }).where(eq(pages.id, page.id)).run()
  }
}

/** With their contents; after navigation routes. */
export const importPages = (run: ImportRun): void => {
  const children: Child[] = []
  importTable(run, {
    source,
    target: pages,
    key: ['id'],
    read: (row) => readPage(run, row),
    onKept: (row, how, sourceRow) => {
      if (how !== 'new') return
      const page = row as PageRow
      storeContent(run, page, sourceRow)
      if (page.parentRoute !== null) children.push({ page, label: sourceRow.label })
    },
  })
  checkParents(run, children)
}
