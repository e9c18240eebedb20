import { Database } from 'bun:sqlite'
import { ImportError } from '../import-error.ts'

/** A row by the names of its columns in lower case, which may hold anything: SQLite checks no types. */
export type SourceValues = Record<string, unknown>

/** How rows are sorted, and those that are equal by the order of their creation. Columns that a table lacks do not count. */
export interface RowOrder {
  newestFirst: boolean
  /** By the first of these times that a row has. */
  times?: string[]
  columns?: string[]
}

export interface SourceDatabase {
  tables: string[]
  count(table: string): number
  /** One after the other, if nothing else is said in the order of their creation. Empty without the table. */
  rows(table: string, order?: RowOrder): Iterable<{ rowid: number; values: SourceValues }>
  [Symbol.dispose](): void
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

const open = (path: string): Database => {
  const sqlite = new Database(path, { readwrite: true, create: false })
  try {
    // A schema from elsewhere must not call functions of its own.
    sqlite.run('PRAGMA trusted_schema = OFF')
    const [{ quick_check: state } = { quick_check: '' }] = sqlite
      .query<{ quick_check: string }, []>('PRAGMA quick_check(1)')
      .all()
    if (state !== 'ok') throw new ImportError('The database is damaged: repair it with "sqlite3 old.db .recover" first')
    sqlite.run('PRAGMA query_only = ON')
    return sqlite
  } catch (cause) {
    sqlite.close()
    if (cause instanceof ImportError) throw cause
    throw new ImportError(`This is no SQLite database: ${(cause as Error).message}`, { cause })
  }
}

const listTables = (sqlite: Database): string[] =>
  sqlite
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
    )
    .all()
    .map(({ name }) => name)

const listColumns = (sqlite: Database, table: string): string[] =>
  sqlite
    .query<{ name: string }, [string]>('SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (0, 2, 3)')
    .all(table)
    .map(({ name }) => name)
    .filter((name) => name !== '__proto__')

const toOrderBy = ({ newestFirst, times = [], columns = [] }: RowOrder, known: string[]): string => {
  const isKnown = (name: string) => known.includes(name)
  const present = times.filter(isKnown).map(quote)
  const terms = [
    // Both forms of a time in one column would not sort as texts. One argument is too few for `coalesce`.
    ...(present.length > 0 ? [`julianday(coalesce(${[...present, 'NULL'].join(', ')}))`] : []),
    ...columns.filter(isKnown).map(quote),
    'rowid',
  ]
  return terms.map((term) => `${term} ${newestFirst ? 'DESC' : 'ASC'}`).join(', ')
}

/** Opens a copy of a database of the reference. Throws `ImportError` for anything else. */
export const openSource = (path: string): SourceDatabase => {
  const sqlite = open(path)
  const tables = listTables(sqlite)
  if (!tables.includes('users') || !listColumns(sqlite, 'users').includes('hashed_password')) {
    sqlite.close()
    throw new ImportError('This is no database of a BrainDrive backend: it has no table of users as that makes it')
  }
  const selectRow = (table: string, known: string[]) => {
    const columns = known.map((name) => `${quote(name)} AS ${quote(name.toLowerCase())}`)
    return sqlite.prepare<SourceValues, [number]>(`SELECT ${columns.join(', ')} FROM ${quote(table)} WHERE rowid = ?`)
  }
  return {
    tables,
    count: (table) =>
      sqlite.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${quote(table)}`).get()?.count ?? 0,
    *rows(table, order = { newestFirst: false }) {
      if (!tables.includes(table)) return
      const known = listColumns(sqlite, table)
      const byRowid = selectRow(table, known)
      const orderBy = toOrderBy(order, known)
      // Only numbers are sorted and held, never the rows themselves.
      const sorted = sqlite.prepare<{ id: number }, []>(`SELECT rowid AS id FROM ${quote(table)} ORDER BY ${orderBy}`)
      try {
        for (const { id: rowid } of sorted.iterate()) yield { rowid, values: byRowid.get(rowid) ?? {} }
      } finally {
        sorted.finalize()
        byRowid.finalize()
      }
    },
    [Symbol.dispose]: () => sqlite.close(),
  }
}
