import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeList } from '../../db/native-list.ts'
import { unlessNull } from '../../db/unless-null.ts'
import { pages } from './pages.table.ts'

/** What is undefined or empty lets everything through; the rest is combined. */
export interface PageFilters {
  publishedOnly: boolean
  parentType?: string | undefined
  /** Both spellings of one route. */
  parentRoutes?: [string, string] | undefined
  isParentPage?: boolean | undefined
  /** Without dashes. */
  navigationRouteId?: string | undefined
}

const value = sql.placeholder

/** Tests columns of the index `pages_list` only. */
const isListed = and(
  eq(pages.creatorId, value('creatorId')),
  unlessNull('isPublished', sql`${pages.isPublished} = ${value('isPublished')}`),
  unlessNull('isParentPage', sql`${pages.isParentPage} = ${value('isParentPage')}`),
  unlessNull('parentType', sql`${pages.parentType} = ${value('parentType')}`),
  unlessNull('parentRoute', inArray(pages.parentRoute, [value('parentRoute'), value('otherParentRoute')])),
  unlessNull('navigationRouteId', eq(pages.navigationRouteId, value('navigationRouteId'))),
)

const pageOfIds = nativeList<{ id: string }>((db) =>
  db
    .select({ id: pages.id })
    .from(pages)
    .where(isListed)
    .orderBy(pages.createdAt, pages.id)
    .limit(value('limit'))
    .offset(value('skip')),
)
const countOfAll = nativeList<{ total: number }>((db) =>
  db
    .select({ total: sql<number>`count(*)`.as('total') })
    .from(pages)
    .where(isListed),
)

const flag = (isSet: boolean | undefined) => (isSet === undefined ? null : Number(isSet))

/** The ids of a creator's pages in order of creation, and how many there are before `skip` and `limit`. */
export const listPageIds = (
  db: Db,
  creatorId: string,
  { publishedOnly, isParentPage, ...filters }: PageFilters,
  { skip, limit }: { skip: number; limit: number },
): { ids: string[]; total: number } => {
  const values = {
    creatorId,
    isPublished: flag(publishedOnly || undefined),
    isParentPage: flag(isParentPage),
    parentType: filters.parentType || null,
    parentRoute: filters.parentRoutes?.[0] ?? null,
    otherParentRoute: filters.parentRoutes?.[1] ?? null,
    navigationRouteId: filters.navigationRouteId || null,
  }
  return {
    ids: pageOfIds(db, { ...values, skip, limit }).map(({ id }) => id),
    total: countOfAll(db, values)[0]?.total ?? 0,
  }
}
