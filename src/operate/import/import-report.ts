/** `dropped`: not imported. `changed`: imported, but not as it was. `warning`: imported, and somebody should look at it. */
export type FindingKind = 'dropped' | 'changed' | 'warning'

export interface Finding {
  table: string
  kind: FindingKind
  reason: string
  count: number
  /** The ids of the rows, as the source spells them: the first thousand. */
  ids: string[]
}

export interface TableReport {
  table: string
  /** Rows in the source: each is imported, was there before, or is dropped. */
  read: number
  imported: number
  alreadyThere: number
  dropped: number
}

export interface ImportReport {
  source: string
  dryRun: boolean
  /** Name of the newest schema step of the source, if it says one. */
  sourceSchema: string | null
  tables: TableReport[]
  findings: Finding[]
}

const maxIds = 1000

/** Gathers what happened to the rows of one table. */
export interface TableNotes {
  readonly counts: TableReport
  note(kind: FindingKind, id: string, reason: string): void
}

/** Rows by the million may share a reason, so findings are counted by it. Reasons must not quote the row. */
export const createReport = () => {
  const tables: TableReport[] = []
  const findings = new Map<string, Finding>()
  return {
    /** In the order of their first mention. */
    table(table: string): TableNotes {
      let counts = tables.find((one) => one.table === table)
      if (!counts) {
        counts = { table, read: 0, imported: 0, alreadyThere: 0, dropped: 0 }
        tables.push(counts)
      }
      return {
        counts,
        note(kind, id, reason) {
          const key = JSON.stringify([table, kind, reason])
          const finding = findings.get(key) ?? { table, kind, reason, count: 0, ids: [] }
          findings.set(key, finding)
          finding.count++
          if (finding.ids.length < maxIds) finding.ids.push(id)
        },
      }
    },
    /** A table without a place here. */
    leaveOut(table: string, count: number, reason: string) {
      tables.push({ table, read: count, imported: 0, alreadyThere: 0, dropped: count })
      findings.set(table, { table, kind: 'dropped', reason, count, ids: [] })
    },
    result: () => ({ tables, findings: [...findings.values()] }),
  }
}
export type Report = ReturnType<typeof createReport>
