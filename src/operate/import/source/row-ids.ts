import { toHexId, toUuid } from '../../../shared/ids.ts'
import type { SourceRow } from './source-row.ts'

/** Longer ones cannot be asked for. */
const maxLength = 100

const givenId = (row: SourceRow): string => row.line('id')?.trim() ?? ''

const idOf = (row: SourceRow): string => {
  const id = givenId(row)
  if (id.length > maxLength) row.note('changed', 'its id is too long: a new one')
  return id === '' || id.length > maxLength ? row.derivedId() : id
}

/** Ids that are stored without dashes. */
export const hexIdOf = (row: SourceRow): string => toHexId(idOf(row))
/** Ids that are stored with dashes. */
export const uuidOf = (row: SourceRow): string => toUuid(idOf(row))
/** Ids that links hold, so that their spelling stays; in lower case, in which they are looked up. */
export const spelledIdOf = (row: SourceRow): string => idOf(row).toLowerCase()
/** Ids that are any text. */
export const freeIdOf = (row: SourceRow): string => givenId(row) || row.derivedId()

/** A reference to what is stored without dashes; null for none. */
export const hexReference = (row: SourceRow, column: string): string | null => {
  const text = row.line(column)?.trim() ?? ''
  return text === '' ? null : toHexId(text)
}
