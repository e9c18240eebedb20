import type { Deps } from '../../deps.ts'
import { toHexId } from '../../shared/ids.ts'
import type { Report } from './import-report.ts'
import type { SourceDatabase } from './source/source-database.ts'
import { RowDropped } from './row-dropped.ts'
import type { SourceRow } from './source/source-row.ts'

/** What all parts of one import share. */
export interface ImportRun {
  deps: Pick<Deps, 'db' | 'secretBox' | 'config' | 'jobTypes'>
  source: SourceDatabase
  report: Report
  /** Stands in for times that cannot be read. */
  now: number
  /** Users who are there once it is done: their rows are imported. */
  users: Set<string>
  /** Users of the source who stay out. */
  leftOut: Set<string>
}

/** The user whom a row belongs to. Drops the row of anybody else. */
export const ownerOf = ({ users, leftOut }: ImportRun, row: SourceRow, column = 'user_id'): string => {
  const id = toHexId(row.line(column)?.trim() ?? '')
  if (users.has(id)) return id
  if (id === '') throw new RowDropped('it belongs to nobody')
  throw new RowDropped(leftOut.has(id) ? 'its user was not imported' : 'its user does not exist')
}

/** When a row was made and changed. Rows that never changed often have no time of change. */
export const timesOf = ({ now }: ImportRun, row: SourceRow): { createdAt: number; updatedAt: number } => {
  const created = row.time('created_at')
  const updated = row.time('updated_at')
  const createdAt = created ?? updated ?? now
  return { createdAt, updatedAt: updated ?? createdAt }
}
