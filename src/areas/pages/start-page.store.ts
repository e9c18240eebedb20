import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { pages } from './pages.table.ts'

export const hasPages = (db: Db, userId: string): boolean =>
  db.select({ id: pages.id }).from(pages).where(eq(pages.creatorId, userId)).limit(1).get() !== undefined

/** The page that a user starts with: the first of these names, in any case, that there is. */
export const findStartPageId = (db: Db, userId: string): string | undefined => {
  const rank = sql`case lower(${pages.name}) when 'library capture' then 1 when 'capture' then 2 when 'ai chat' then 3 end`
  return db
    .select({ id: pages.id })
    .from(pages)
    .where(and(eq(pages.creatorId, userId), isNotNull(rank)))
    .orderBy(rank, pages.createdAt)
    .limit(1)
    .get()?.id
}
