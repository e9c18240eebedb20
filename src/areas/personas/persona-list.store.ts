import { and, desc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeList } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { toFolded } from '../../shared/folded-text.ts'
import { giveWay } from '../../shared/give-way.ts'
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

interface Place {
  id: string
  updatedAt: number
}

const listedPlaces = nativeList<Place>((db) =>
  db
    .select({ id: personas.id, updatedAt: sql`${personas.updatedAt}`.as('updatedAt') })
    .from(personas)
    .where(isListed)
    .orderBy(...newestFirst),
)

// The plus keeps SQLite from looking for them among all of the user's.
const isAmong = and(inArray(personas.id, sql`(select value from json_each(${value('ids')}))`), sql`+${ofUser}`)

const place = sql`(${personas.updatedAt}, ${personas.id})`
const foundIds = nativeList<{ id: string }>((db) =>
  db
    .select({ id: personas.id })
    .from(personas)
    .where(
      and(
        isListed,
        sql`${place} <= (${value('firstTime')}, ${value('firstId')})`,
        sql`${place} >= (${value('lastTime')}, ${value('lastId')})`,
        sql`instr(${searchText}, ${value('search')}) > 0`,
      ),
    )
    .orderBy(...newestFirst),
)
const fewest = 10
const quickMs = 2

/**
 * The ids of those in which a text is found, in their order. It reads megabytes, so others have their turn meanwhile: a
 * few personas at first, then as many as are searched in two milliseconds or so.
 */
const search = async (db: Db, values: ListValues, places: Place[], text: string): Promise<string[]> => {
  const found: string[] = []
  let count = fewest
  for (let start = 0, end = 0; start < places.length; start = end) {
    end = Math.min(start + count, places.length)
    const [first, last] = [places[start], places[end - 1]]
    if (!first || !last) break
    const startedAt = performance.now()
    const range = { firstTime: first.updatedAt, firstId: first.id, lastTime: last.updatedAt, lastId: last.id }
    found.push(...foundIds(db, { ...values, ...range, search: text }).map(({ id }) => id))
    count = performance.now() - startedAt < quickMs ? count * 2 : Math.max(fewest, Math.floor(count / 2))
    await giveWay()
  }
  return found
}

const rowsOfIds = prepared((db) =>
  db
    .select(content)
    .from(personas)
    .where(isAmong)
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

interface ListValues extends Record<string, string | number | null> {
  userId: string
  isActive: number | null
  tags: string | null
}

/** Reads all ids, at most 10,000: counting apart would filter everything twice. */
const listFiltered = async (
  db: Db,
  userId: string,
  { search: text, tags, isActive }: PersonaFilters,
  { skip, limit }: Page,
): Promise<ListedPersonas> => {
  const values: ListValues = {
    userId,
    isActive: isActive === undefined ? null : Number(isActive),
    tags: tags.length > 0 ? JSON.stringify(tags) : null,
  }
  const places = listedPlaces(db, values)
  const all = text ? await search(db, values, places, toFolded(text)) : places.map(({ id }) => id)
  const ids = all.slice(skip, skip + limit)
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
export const listPersonas = async (
  db: Db,
  userId: string,
  filters: PersonaFilters,
  page: Page,
): Promise<ListedPersonas> => {
  const { search: text, tags, isActive } = filters
  if (text || tags.length > 0 || isActive !== undefined) return listFiltered(db, userId, filters, page)
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
