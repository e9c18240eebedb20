import { and, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { type PageRow, pages } from './pages.table.ts'

// `cross join` and the plus signs keep SQLite from reading all pages of a user for each row.

// A page's parent is found by its route. Below a navigation route of the same name are other pages.
const isBelowPage = sql`parent_type is not 'navigation'`

/** Whether a page is the one at `route` or above it. */
export const isAtOrAbove = (db: Db, userId: string, id: string, route: string): boolean =>
  db.all(sql`
    with recursive line(id, parent_route, parent_type) as (
      select id, parent_route, parent_type from pages where creator_id = ${userId} and route = ${route}
      union
      select pages.id, pages.parent_route, pages.parent_type from line
      cross join pages on pages.creator_id = ${userId} and pages.route = line.parent_route
      where line.${isBelowPage}
    )
    select 1 from line where id = ${id}`).length > 0

export interface MovedPage {
  id: string
  oldRoute: string
  route: string
  parentRoute: string
}

/**
 * What the pages below `from` become when the page `id` moves from there to `to`: all children know their parent by its
 * new route, and those whose routes begin with the old one get new routes, which goes on below them. Ends even where
 * parents form a ring, because each such route is longer than the one above it.
 */
export const findMovedPages = (
  db: Db,
  userId: string,
  { id, from, to }: { id: string; from: string; to: string },
): MovedPage[] =>
  db.all<MovedPage>(sql`
    with recursive moved(id, old_route, new_route, new_parent) as (
      select '', ${from}, ${to}, ''
      union all
      select pages.id, pages.route,
        case when substr(pages.route, 1, length(rtrim(old_route, '/')) + 1) = rtrim(old_route, '/') || '/'
          then rtrim(${to}, '/') || substr(pages.route, length(rtrim(${from}, '/')) + 1)
          else pages.route end,
        new_route
      from moved cross join pages on pages.creator_id = ${userId} and pages.parent_route = old_route
      where new_route <> old_route and ${isBelowPage} and pages.id <> ${id}
    )
    select id, old_route as oldRoute, new_route as route, new_parent as parentRoute from moved where id <> ''`)

const listed = (values: string[]) => sql`(select value from json_each(${JSON.stringify(values)}))`

/** Gives the pages routes that no client can send, so that the new ones are free of their old ones. */
export const setRoutesAside = (db: Db, userId: string, ids: string[]): void => {
  db.update(pages)
    .set({ route: sql`char(1) || id` })
    .where(and(sql`+${pages.creatorId} = ${userId}`, inArray(pages.id, listed(ids))))
    .run()
}

/** A user's pages whose routes begin so. */
export const findPagesByPrefix = (db: Db, userId: string, prefix: string): Pick<PageRow, 'id' | 'route'>[] =>
  db
    .select({ id: pages.id, route: pages.route })
    .from(pages)
    // Up to the last character that there is.
    .where(and(eq(pages.creatorId, userId), gte(pages.route, prefix), lt(pages.route, `${prefix}\u{10ffff}`)))
    .all()

export const writeMovedPages = (db: Db, userId: string, moved: MovedPage[], now: number): void => {
  db.run(sql`
    update pages set route = moved.value ->> 'route', parent_route = moved.value ->> 'parentRoute', updated_at = ${now}
    from json_each(${JSON.stringify(moved)}) as moved
    where pages.id = moved.value ->> 'id' and +pages.creator_id = ${userId}`)
}

/** The pages directly below a page stay where they are, without a parent. */
export const detachChildren = (db: Db, userId: string, route: string, now: number): void => {
  // Left to choose, SQLite reads all pages of the user.
  db.run(sql`
    update pages indexed by pages_parent set parent_route = null, updated_at = ${now}
    where creator_id = ${userId} and parent_route = ${route} and ${isBelowPage}`)
}
