import type { Database } from 'bun:sqlite'
import { statSync } from 'node:fs'
import { findPendingMigrations } from '../../db/migrate.ts'
import { toMegabytes } from '../../shared/megabytes.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import type { ReadOnlyDatabase } from './read-only-database.ts'

const restoreAdvice = 'Stop the server, keep a copy of the data folder, and restore the newest good backup.'
const shownFaults = 3

const listFaults = (sqlite: Database): string[] => {
  try {
    const rows = sqlite.query<{ integrity_check: string }, []>('PRAGMA integrity_check(100)').all()
    return rows.map((one) => one.integrity_check)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code?.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return [message]
    throw error
  }
}

export const checkIntegrity = ({ sqlite }: ReadOnlyDatabase): Finding[] => {
  const faults = listFaults(sqlite)
  if (faults.join() === 'ok') return [ok('integrity', 'The database is sound')]
  const shown = faults.slice(0, shownFaults).join('; ')
  return [problem('integrity', `The database is damaged (${faults.length} faults): ${shown}`, restoreAdvice)]
}

export const checkForeignKeys = ({ sqlite }: ReadOnlyDatabase): Finding[] => {
  const rows = sqlite.query<{ table: string; parent: string }, []>('PRAGMA foreign_key_check').all()
  if (rows.length === 0) return [ok('foreign keys', 'Every row refers to something that is there')]
  const groups = Map.groupBy(rows, ({ table, parent }) => `${table} to ${parent}`)
  const shown = [...groups].map(([names, { length }]) => `${length} of ${names}`).join(', ')
  return [
    problem(
      'foreign keys',
      `${rows.length} rows refer to something that is gone: ${shown}`,
      'Something other than this program changed the database. Restore a backup, or delete these rows with the server stopped.',
    ),
  ]
}

/** Also tells whether the tables are those that this program knows. */
export const checkSchema = ({ sqlite }: ReadOnlyDatabase): { findings: Finding[]; isCurrent: boolean } => {
  try {
    const pending = findPendingMigrations(sqlite)
    if (pending.length === 0)
      return { findings: [ok('schema', 'The schema is the one of this program')], isCurrent: true }
    const message = `The schema is older than this program: ${pending.length} steps are to come`
    const advice = 'Start the server: it makes a backup and brings the schema up to date.'
    return { findings: [warning('schema', message, advice)], isCurrent: false }
  } catch (error) {
    const advice =
      'Run the program that made this database, or a newer one; or restore a backup from before the upgrade.'
    return { findings: [problem('schema', (error as Error).message, advice)], isCurrent: false }
  }
}

/** Four times what a server lets it keep. */
const hugeLogBytes = 256 * 1024 * 1024

export const checkLog = (databasePath: string): Finding[] => {
  const bytes = statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (bytes < hugeLogBytes) return [ok('write-ahead log', toMegabytes(bytes))]
  return [
    warning(
      'write-ahead log',
      `The log beside the database has grown to ${toMegabytes(bytes)}`,
      'Some program keeps the database open for reading: end it. A restart of the server empties the log.',
    ),
  ]
}

export const findNewestEvent = ({ sqlite }: ReadOnlyDatabase): number | undefined =>
  sqlite.query<{ newest: number | null }, []>('SELECT max(created_at) AS newest FROM audit_logs').get()?.newest ??
  undefined
