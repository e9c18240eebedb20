import { getTableColumns, getTableName, type InferInsertModel } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from '../../db/client.ts'

/** `before`: it was there before this import. `twice`: this import has written one of that key. `taken`: see below. */
export type Written = 'new' | 'before' | 'twice' | 'taken'

type Binding = string | number | Uint8Array | null

const toBinding = (column: SQLiteColumn, given: unknown): Binding => {
  const value = given === undefined ? column.default : given
  // JSON columns would store null as the text `null`.
  return value === null || value === undefined ? null : (column.mapToDriverValue(value) as Binding)
}

/** What SQLite fills in by itself. */
const isOwn = (column: SQLiteColumn) => 'autoIncrement' in column && column.autoIncrement === true

/**
 * Writes the rows that are not there yet. One of the same `key` stays as it is, and so does one with which the new row
 * would break another uniqueness: then the place is `taken`. Plain SQL, since stores have statements for their own uses only.
 */
export const createRowWriter = <Table extends SQLiteTable>(
  { $client: sqlite }: Db,
  table: Table,
  key: (keyof InferInsertModel<Table> & string)[],
) => {
  const all = Object.entries(getTableColumns(table) as Record<string, SQLiteColumn>)
  const columns = all.filter(([, column]) => !column.generated && !isOwn(column))
  const keyColumns = columns.filter(([field]) => (key as string[]).includes(field))
  const list = (of: typeof columns, spell: (name: string) => string, separator: string) =>
    of.map(([, column]) => spell(`"${column.name}"`)).join(separator)

  const name = `"${getTableName(table)}"`
  const find = sqlite.prepare<{ rowid: number }, Binding[]>(
    `SELECT rowid AS rowid FROM ${name} WHERE ${list(keyColumns, (one) => `${one} = ?`, ' AND ')}`,
  )
  const insert = sqlite.prepare<unknown, Binding[]>(
    `INSERT INTO ${name} (${list(columns, (one) => one, ', ')}) VALUES (${list(columns, () => '?', ', ')}) ON CONFLICT DO NOTHING`,
  )
  const newest = sqlite.query<{ rowid: number | null }, []>(`SELECT max(rowid) AS rowid FROM ${name}`).get()?.rowid ?? 0

  return (row: InferInsertModel<Table>): Written => {
    const values = row as Record<string, unknown>
    const bind = (of: typeof columns) => of.map(([field, column]) => toBinding(column, values[field]))
    const existing = find.get(...bind(keyColumns))
    if (existing) return existing.rowid > newest ? 'twice' : 'before'
    return insert.run(...bind(columns)).changes > 0 ? 'new' : 'taken'
  }
}
