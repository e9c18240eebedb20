import type { InferInsertModel } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { FindingKind, TableNotes } from './import-report.ts'
import type { ImportRun } from './import-run.ts'
import { createRowWriter, type Written } from './row-writer.ts'
import { RowDropped } from './row-dropped.ts'
import type { RowOrder } from './source/source-database.ts'
import { readSourceRow, type SourceRow } from './source/source-row.ts'

export interface TablePlan<Table extends SQLiteTable> {
  source: string
  target: Table
  /** Fields by which a row is known: it is never written twice, nor over one that is there. */
  key: (keyof InferInsertModel<Table> & string)[]
  /** Left out, rows come in the order of their creation. */
  order?: RowOrder
  /** Throws `RowDropped`. */
  read: (row: SourceRow) => InferInsertModel<Table>
  /** Why a row is dropped whose place another one has. */
  taken?: string
  /** For each row that is there now: written by this import, or before it. */
  onKept?: (row: InferInsertModel<Table>, written: 'new' | 'before', source: SourceRow) => void
}

const readOrReason = <Row>(read: (row: SourceRow) => Row, row: SourceRow): { row: Row } | { reason: string } => {
  try {
    return { row: read(row) }
  } catch (error) {
    if (error instanceof RowDropped) return { reason: error.message }
    throw error
  }
}

const repeated = 'there are two of the same id'

const count = (counts: TableNotes['counts'], written: Written) => {
  if (written === 'new') counts.imported++
  else if (written === 'before') counts.alreadyThere++
  else counts.dropped++
}

/** Imports one table row by row. What is to be told of a row is told when it is written or dropped, not when it was there. */
export const importTable = <Table extends SQLiteTable>(run: ImportRun, plan: TablePlan<Table>): void => {
  const { counts, note } = run.report.table(plan.source)
  const write = createRowWriter(run.deps.db, plan.target, plan.key)
  for (const values of run.source.rows(plan.source, plan.order)) {
    counts.read++
    // A column may be read more than once.
    const told = new Map<string, [FindingKind, string]>()
    const source = readSourceRow(plan.source, values, (kind, reason) => told.set(`${kind} ${reason}`, [kind, reason]))
    const result = readOrReason(plan.read, source)
    if ('reason' in result) {
      counts.dropped++
      note('dropped', source.label, result.reason)
      continue
    }
    const written = write(result.row)
    count(counts, written)
    if (written === 'new' || written === 'before') plan.onKept?.(result.row, written, source)
    if (written === 'new') for (const [kind, reason] of told.values()) note(kind, source.label, reason)
    if (written === 'twice' || written === 'taken')
      note('dropped', source.label, written === 'twice' ? repeated : (plan.taken ?? repeated))
  }
}
