import { getTableName } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { type SecretBox, sealedWith } from '../shared/secret-box.ts'
import type { Db } from './client.ts'
import { inTransaction } from './transaction.ts'

/** A column whose texts are sealed by the secret box, each for its own row. */
export interface SealedColumn {
  table: SQLiteTable
  id: SQLiteColumn
  value: SQLiteColumn
  /** What a text is sealed for. */
  contextOf: (id: string) => string
}

const namesOf = ({ table, id, value }: SealedColumn) => ({ table: getTableName(table), id: id.name, value: value.name })

/** How many texts each key has sealed, by the id of the key; `''` for those that are not sealed at all. */
export const countSealedByKey = (db: Db, columns: SealedColumn[]): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const column of columns) {
    const { table, value } = namesOf(column)
    const rows = db.$client
      .query<{ start: string; count: number }, []>(
        `select substr("${value}", 1, 12) as start, count(*) as count from "${table}" where "${value}" is not null group by 1`,
      )
      .all()
    for (const { start, count } of rows) {
      const keyId = sealedWith(`${start}x`) ?? ''
      counts.set(keyId, (counts.get(keyId) ?? 0) + count)
    }
  }
  return counts
}

export interface Resealed {
  /** Id of the last row that was looked at; undefined once there are no more. */
  last: string | undefined
  /** Texts that the newest key seals from now on. */
  resealed: number
  /** Texts that no key opens: they stay as they are. */
  unreadable: number
}

const rowsAtOnce = 100

/** The same text under the key that seals now; undefined when no key opens it. */
const resealText = (box: SecretBox, sealed: string, context: string): string | undefined => {
  try {
    return box.seal(box.open(sealed, context), context)
  } catch {
    return undefined
  }
}

/**
 * Seals again what another key than `keyId`, the one that seals now, has sealed: some of the rows whose ids come after
 * `after`, in one short transaction.
 */
export const resealSome = (
  db: Db,
  box: SecretBox,
  column: SealedColumn,
  { after, keyId, maxMs }: { after: string; keyId: string; maxMs: number },
): Resealed => {
  const { table, id, value } = namesOf(column)
  const list = db.$client.query<{ id: string; value: string }, [string, string]>(
    `select "${id}" as id, "${value}" as value from "${table}" where "${id}" > ? and "${value}" is not null and substr("${value}", 1, 12) <> ? order by "${id}" limit ${rowsAtOnce}`,
  )
  const update = db.$client.query<unknown, [string, string]>(`update "${table}" set "${value}" = ? where "${id}" = ?`)
  return inTransaction(db, () => {
    const end = performance.now() + maxMs
    const result: Resealed = { last: undefined, resealed: 0, unreadable: 0 }
    for (const row of list.iterate(after, `v1.${keyId}.`)) {
      result.last = row.id
      const text = resealText(box, row.value, column.contextOf(row.id))
      if (text === undefined) result.unreadable++
      else {
        update.run(text, row.id)
        result.resealed++
      }
      if (performance.now() > end) break
    }
    return result
  })
}

/** How many texts do not open although the key that sealed them is one of `keyIds`. */
export const countUnreadable = (
  db: Db,
  box: SecretBox,
  columns: SealedColumn[],
  keyIds: Set<string | undefined>,
): number => {
  let count = 0
  for (const column of columns) {
    const { table, id, value } = namesOf(column)
    const rows = db.$client.query<{ id: string; value: string }, []>(
      `select "${id}" as id, "${value}" as value from "${table}" where "${value}" is not null`,
    )
    for (const row of rows.iterate()) {
      if (!keyIds.has(sealedWith(row.value))) continue
      if (!opens(box, row.value, column.contextOf(row.id))) count++
    }
  }
  return count
}

const opens = (box: SecretBox, sealed: string, context: string): boolean => {
  try {
    box.open(sealed, context)
    return true
  } catch {
    return false
  }
}
