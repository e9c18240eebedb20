import { isFields } from './loose-json.ts'
import type { SourceRow } from './source-row.ts'

/** A list of texts; null where there is none. */
export const textsOf = (row: SourceRow, column: string): string[] | null => {
  const value = row.json(column)
  if (value === undefined) return null
  const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
  if (!Array.isArray(value) || texts.length < value.length) row.note('changed', `${column} holds more than texts`)
  return texts
}

/** An object; null where there is none. */
export const objectOf = (row: SourceRow, column: string): Record<string, unknown> | null => {
  const value = row.json(column)
  if (value === undefined || isFields(value)) return value ?? null
  row.note('changed', `${column} is no object: left empty`)
  return null
}
