import { and, count, eq, isNotNull, ne, or, sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { nativeList } from '../../db/native-list.ts'
import { prepared } from '../../db/prepared.ts'
import { type PluginModuleRow, pluginModules as modules } from './plugins.table.ts'

const value = sql.placeholder

const ofUser = eq(modules.userId, value('userId'))
const rowid = sql<number>`${modules}.rowid`

interface Page {
  skip: number
  limit: number
}

const inCategory = eq(modules.category, value('category'))

const buildPage = (db: Db, category?: typeof inCategory) =>
  db
    .select()
    .from(modules)
    .where(and(ofUser, category))
    .orderBy(rowid)
    .limit(value('limit'))
    .offset(value('skip'))
    .prepare()
const buildCount = (db: Db, category?: typeof inCategory) =>
  db.select({ total: count() }).from(modules).where(and(ofUser, category)).prepare()

const pageOfAll = prepared((db) => buildPage(db))
const pageOfCategory = prepared((db) => buildPage(db, inCategory))
const countOfAll = prepared((db) => buildCount(db))
const countOfCategory = prepared((db) => buildCount(db, inCategory))

/** A page of a user's modules, also of disabled plugins, as they were installed; `total` counts all pages. */
export const listModules = (
  db: Db,
  userId: string,
  category: string | undefined,
  page: Page,
): { rows: PluginModuleRow[]; total: number } => {
  if (category === undefined) {
    return { rows: pageOfAll(db).all({ userId, ...page }), total: countOfAll(db).get({ userId })?.total ?? 0 }
  }
  const values = { userId, category }
  const total = countOfCategory(db).get(values)?.total ?? 0
  return { rows: pageOfCategory(db).all({ ...values, ...page }), total }
}

/** What a search looks into. */
export interface ModuleTexts {
  key: number
  name: string
  displayName: string | null
  description: string | null
  /** JSON text. */
  tags: string
}

const everyText = nativeList<ModuleTexts>((db) =>
  db
    .select({
      key: rowid.as('key'),
      name: sql`${modules.name}`.as('name'),
      displayName: sql`${modules.displayName}`.as('displayName'),
      description: sql`${modules.description}`.as('description'),
      tags: sql`${modules.tags}`.as('tags'),
    })
    .from(modules)
    .where(and(ofUser, or(sql`${value('category')} is null`, inCategory)))
    .orderBy(rowid),
)
/** The texts of all modules of a user, or of those in one category, as they were installed. */
export const listModuleTexts = (db: Db, userId: string, category: string | undefined): ModuleTexts[] =>
  everyText(db, { userId, category: category ?? null })

const rowsOfKeys = prepared((db) =>
  db
    .select()
    .from(modules)
    .where(and(sql`${rowid} in (select value from json_each(${value('keys')}))`, sql`+${ofUser}`))
    .orderBy(rowid)
    .prepare(),
)
/** By the keys of `listModuleTexts`. */
export const listModulesByKey = (db: Db, userId: string, keys: number[]): PluginModuleRow[] =>
  keys.length > 0 ? rowsOfKeys(db).all({ userId, keys: JSON.stringify(keys) }) : []

const maxWords = 10_000

const everyCategory = prepared((db) =>
  db
    .selectDistinct({ category: sql<string>`${modules.category}` })
    .from(modules)
    .where(and(ofUser, isNotNull(modules.category), ne(modules.category, '')))
    .orderBy(modules.category)
    .limit(maxWords)
    .prepare(),
)
/** Every category of a user's modules once, in order; at most 10,000. */
export const listCategories = (db: Db, userId: string): string[] =>
  everyCategory(db)
    .all({ userId })
    .map(({ category }) => category)

/** Imported rows may hold anything. */
const tagList = sql`case when json_valid(${modules.tags}) and json_type(${modules.tags}) = 'array' then ${modules.tags} else '[]' end`

const everyTag = prepared((db) =>
  db
    .selectDistinct({ tag: sql<string>`tag.value` })
    .from(sql`${modules}, json_each(${tagList}) as tag`)
    .where(and(ofUser, sql`tag.type = 'text'`, sql`tag.value <> ''`))
    .orderBy(sql`tag.value`)
    .limit(maxWords)
    .prepare(),
)
/** Every tag of a user's modules once, in order; at most 10,000. */
export const listModuleTags = (db: Db, userId: string): string[] =>
  everyTag(db)
    .all({ userId })
    .map(({ tag }) => tag)
