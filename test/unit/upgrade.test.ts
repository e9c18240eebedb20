import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { migrate, migrations } from '../../src/db/migrate.ts'

interface Column {
  name: string
  type: string
  pk: number
  /** 2 and 3: made from other columns. */
  hidden: number
}

type Row = Record<string, unknown>

const own = (name: string) => !name.startsWith('sqlite_') && name !== 'schema_migrations'
const tablesOf = (sqlite: Database) =>
  sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name)
    .filter(own)
const columnsOf = (sqlite: Database, table: string) =>
  sqlite.query<Column, [string]>('SELECT * FROM pragma_table_xinfo(?)').all(table)
const rowsOf = (sqlite: Database, table: string) => sqlite.query<Row, []>(`SELECT * FROM "${table}"`).all()

interface Reference {
  from: string
  table: string
  to: string | null
}

const referencesOf = (sqlite: Database, table: string) =>
  sqlite.query<Reference, [string]>('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)').all(table)

const valueOf = ({ name, type }: Column, number: number): unknown => {
  if (/blob/i.test(type)) return new TextEncoder().encode(`${name} ${number}`)
  return /int/i.test(type) ? number : `${name} ${number}`
}

/** Three rows in every table; the n-th refers to the n-th of its parents. */
const fill = (sqlite: Database) => {
  for (const table of tablesOf(sqlite))
    for (const number of [1, 2, 3]) {
      const references = referencesOf(sqlite, table)
      const entries = columnsOf(sqlite, table)
        .filter(({ hidden }) => hidden === 0)
        .map((column) => {
          const reference = references.find(({ from }) => from === column.name)
          const parent = reference && columnsOf(sqlite, reference.table).find(({ name }) => name === reference.to)
          return [column.name, valueOf(parent ?? column, number)] as const
        })
      const names = entries.map(([name]) => `"${name}"`)
      const values = entries.map(([, value]) => value) as string[]
      sqlite.run(`INSERT INTO "${table}" (${names.join()}) VALUES (${names.map(() => '?').join()})`, values)
    }
}

describe('an upgrade with rows in every table', () => {
  test.each(migrations.slice(0, -1).map(({ tag }, index) => [tag, index + 1] as const))(
    'from %s: every row is still there, with every value that has a column',
    (_, steps) => {
      const sqlite = new Database(':memory:', { strict: true })
      migrate(sqlite, migrations.slice(0, steps))
      sqlite.run('PRAGMA foreign_keys = OFF')
      fill(sqlite)
      sqlite.run('PRAGMA foreign_keys = ON')
      expect(sqlite.query('PRAGMA foreign_key_check').all()).toEqual([])
      const before = new Map(tablesOf(sqlite).map((table) => [table, rowsOf(sqlite, table)]))

      migrate(sqlite)

      expect(before.size).toBeGreaterThanOrEqual(10)
      for (const [table, rows] of before) {
        const kept = new Set(columnsOf(sqlite, table).map(({ name }) => name))
        const shared = (row: Row) =>
          Object.fromEntries(Object.entries(row).filter(([name]) => kept.has(name) && name in (rows[0] ?? {})))
        expect([table, rowsOf(sqlite, table).map(shared)]).toEqual([table, rows.map(shared)])
      }
      expect(sqlite.query('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
      expect(sqlite.query('PRAGMA foreign_key_check').all()).toEqual([])
      sqlite.close()
    },
  )
})
