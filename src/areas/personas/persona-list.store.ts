import { and, desc, eq, getTableColumns, inArray, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeList } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { toFolded } from '../../shared/folded-text.ts'
import { type PersonaContent, personas } from './personas.table.ts'

const value = sql.placeholder

/** What is undefined or empty lets everything through. */
export interface PersonaFilters {
  /** Literally a part of name, description or prompt, in any case. */
  search?: string | undefined
  /** A persona must have all of them. */
  tags: string[]
  isActive?: boolean | undefined
}

const { searchText, ...content } = getTableColumns(personas)
const ofUser = eq(personas.userId, value('userId'))
const newestFirst = [desc(personas.updatedAt), desc(personas.id)]

const wantedTags = sql`(select count(distinct trim(value)) from json_each(${personas.tags}) where trim(value) in (select value from json_each(${value('tags')})))`
/** Tests columns of the index `personas_list` only. */
const isListed = and(
  ofUser,
  sql`(${value('isActive')} is null or ${personas.isActive} = ${value('isActive')})`,
  sql`(${value('tags')} is null or ${wantedTags} = json_array_length(${value('tags')}))`,
)

const buildIds = (db: Db, filter?: SQL) =>
  db
    .select({ id: personas.id })
    .from(personas)
    .where(and(isListed, filter))
    .orderBy(...newestFirst)

const listedIds = nativeList<{ id: string }>((db) => buildIds(db))
// The search is last, as it reads whole rows: only those that the other filters let through.
const foundIds = nativeList<{ id: string }>((db) => buildIds(db, sql`instr(${searchText}, ${value('search')}) > 0`))

const rowsOfIds = prepared((db) =>
  db
    .select(content)
    .from(personas)
    // The plus keeps SQLite from looking for them among all of the user's.
    .where(and(inArray(personas.id, sql`(select value from json_each(${value('ids')}))`), sql`+${ofUser}`))
    .orderBy(...newestFirst)
    .prepare(),
)

interface Page {
  skip: number
  limit: number
}

interface ListedPersonas {
  rows: PersonaContent[]
  /** On all pages, also when this one is past the last. */
  total: number
}

/** Reads all ids, at most 10,000: counting apart would filter everything twice. */
const listFiltered = (
  db: Db,
  userId: string,
  { search, tags, isActive }: PersonaFilters,
  { skip, limit }: Page,
): ListedPersonas => {
  const values = {
    userId,
    isActive: isActive === undefined ? null : Number(isActive),
    tags: tags.length > 0 ? JSON.stringify(tags) : null,
  }
  const all = search ? foundIds(db, { ...values, search: toFolded(search) }) : listedIds(db, values)
  const ids = all.slice(skip, skip + limit).map(({ id }) => id)
  return { rows: ids.length > 0 ? rowsOfIds(db).all({ userId, ids: JSON.stringify(ids) }) : [], total: all.length }
}

const everyRow = prepared((db) =>
  db
    .select(content)
    .from(personas)
    .where(ofUser)
    .orderBy(...newestFirst)
    .limit(value('limit'))
    .offset(value('skip'))
    .prepare(),
)
const everyCount = prepared((db) =>
  db
    .select({ total: sql<number>`count(*)` })
    .from(personas)
    .where(ofUser)
    .prepare(),
)

/** A page of a user's personas, those changed last first. */
export const listPersonas = (db: Db, userId: string, filters: PersonaFilters, page: Page): ListedPersonas => {
  const { search, tags, isActive } = filters
  if (search || tags.length > 0 || isActive !== undefined) return listFiltered(db, userId, filters, page)
  const total = everyCount(db).get({ userId })?.total ?? 0
  return { rows: total > page.skip ? everyRow(db).all({ userId, ...page }) : [], total }
}

const maxTags = 10_000

const everyTag = prepared((db) =>
  db
    .selectDistinct({ tag: sql<string>`tag.value` })
    .from(sql`${personas}, json_each(${personas.tags}) as tag`)
    .where(ofUser)
    .orderBy(sql`tag.value`)
    .limit(maxTags)
    .prepare(),
)
/** Every tag of a user's personas once, in order; at most 10,000. */
export const listPersonaTags = (db: Db, userId: string): string[] =>
  everyTag(db)
    .all({ userId })
    .map(({ tag }) => tag)
