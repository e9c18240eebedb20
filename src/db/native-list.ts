import { getTableColumns, is, Placeholder, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client.ts'
import { prepared } from './prepared.ts'

/** Columns under the names of their fields, for `nativeList`. */
export const nativeFields = (columns: Record<string, SQLiteColumn>): Record<string, SQL.Aliased> =>
  Object.fromEntries(Object.entries(columns).map(([field, column]) => [field, sql`${column}`.as(field)]))

/** All columns of a table. */
export const fieldsOf = (table: SQLiteTable): Record<string, SQL.Aliased> => nativeFields(getTableColumns(table))

interface Query {
  toSQL(): { sql: string; params: unknown[] }
}

type Values = Record<string, string | number | null>

const nativeStatement = <Row>(build: (db: Db) => Query) =>
  prepared((db) => {
    const query = build(db).toSQL()
    // Asked once, not on each call: it walks through classes.
    const parameters = query.params.map((one) =>
      is(one, Placeholder) ? { name: one.name } : { fixed: one as string | number | null },
    )
    const toParameter = (one: { name: string } | { fixed: string | number | null }, values: Values) =>
      'name' in one ? (values[one.name] ?? null) : one.fixed
    return {
      statement: db.$client.prepare<Row, (string | number | null)[]>(query.sql),
      toParameters: (values: Values) => parameters.map((one) => toParameter(one, values)),
    }
  })

/**
 * A list that Drizzle builds, once per connection, and bun:sqlite reads: mapping twenty rows in JavaScript takes three
 * times as long as reading them. Only for columns that are stored as they are used (no JSON, no booleans): select
 * `fieldsOf(table)`, or some of its fields.
 */
export const nativeList = <Row>(build: (db: Db) => Query): ((db: Db, values: Values) => Row[]) => {
  const prepare = nativeStatement<Row>(build)
  return (db, values) => {
    const { statement, toParameters } = prepare(db)
    return statement.all(...toParameters(values))
  }
}

/** The same with each row as a list of its columns, which is quicker to make than an object. */
export const nativeValues = <Row extends unknown[]>(build: (db: Db) => Query): ((db: Db, values: Values) => Row[]) => {
  const prepare = nativeStatement(build)
  return (db, values) => {
    const { statement, toParameters } = prepare(db)
    return statement.values(...toParameters(values)) as Row[]
  }
}

/** The same for the only row of a query, where every request asks for it. */
export const nativeRow = <Row>(build: (db: Db) => Query): ((db: Db, values: Values) => Row | undefined) => {
  const prepare = nativeStatement<Row>(build)
  return (db, values) => {
    const { statement, toParameters } = prepare(db)
    return statement.get(...toParameters(values)) ?? undefined
  }
}
