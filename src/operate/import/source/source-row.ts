import { createHash } from 'node:crypto'
import { parseTime } from '../../../shared/clock.ts'
import type { FindingKind } from '../import-report.ts'
import { parseLooseJson } from './loose-json.ts'
import type { SourceValues } from './source-database.ts'

/** Longest texts in characters: of one line, and of any other kind. Texts of the reference had no limits. */
const [maxLine, maxProse] = [2000, 16_777_216]
const maxLabel = 200

/** A row of the source, read as what its columns should hold. What cannot be read so is noted and becomes empty. */
export interface SourceRow {
  /** As the report names the row. */
  label: string
  /** Null where the column is missing, null, or no text. Blank texts are kept. */
  line(column: string): string | null
  prose(column: string): string | null
  flag(column: string, fallback: boolean): boolean
  /** Cut to the range. */
  integer(column: string, range: { min: number; max: number; fallback: number }): number
  time(column: string): number | null
  /** Undefined where there is none, or none that can be read. */
  json(column: string): unknown
  /** One that is always the same for the same row, where the source has none. */
  derivedId(): string
  note(kind: FindingKind, reason: string): void
}

const decoder = new TextDecoder('utf-8', { fatal: true })

const decode = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

const toText = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return value instanceof Uint8Array ? decode(value) : null
}

const flags = new Map([
  ...['1', 'true', 't', 'yes'].map((word) => [word, true] as const),
  ...['0', 'false', 'f', 'no'].map((word) => [word, false] as const),
])

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined

const hashOf = (table: string, values: SourceValues): string => {
  const plain = Object.entries(values).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value])
  return createHash('sha256')
    .update(JSON.stringify([table, plain]))
    .digest('hex')
    .slice(0, 32)
}

/** `tell` gets what is worth telling about the row. */
export const readSourceRow = (
  table: string,
  { rowid, values }: { rowid: number; values: SourceValues },
  tell: (kind: FindingKind, reason: string) => void,
): SourceRow => {
  const label = (toText(values['id']) ?? `row ${rowid}`).slice(0, maxLabel).toWellFormed()
  const text = (column: string, maxLength: number) => {
    const value = values[column]
    const whole = toText(value)
    if (whole === null && !isNothing(value)) tell('changed', `${column} is no text: left empty`)
    if (whole === null || whole.length <= maxLength) return whole
    tell('changed', `${column} is cut to ${maxLength} characters`)
    return whole.slice(0, maxLength).toWellFormed()
  }
  return {
    label,
    line: (column) => text(column, maxLine),
    prose: (column) => text(column, maxProse),
    flag(column, fallback) {
      const value = values[column]
      if (isNothing(value)) return fallback
      const known = flags.get(toText(value)?.trim().toLowerCase() ?? '')
      if (known === undefined) tell('changed', `${column} is neither true nor false: ${String(fallback)}`)
      return known ?? fallback
    },
    integer(column, { min, max, fallback }) {
      const value = values[column]
      if (isNothing(value)) return fallback
      const number = Math.trunc(Number(toText(value) ?? NaN))
      if (Number.isNaN(number)) {
        tell('changed', `${column} is no number: ${fallback}`)
        return fallback
      }
      if (number < min || number > max) tell('changed', `${column} is outside of ${min} to ${max}`)
      return Math.min(Math.max(number, min), max)
    },
    time(column) {
      const value = values[column]
      if (isNothing(value)) return null
      const time = parseTime(typeof value === 'number' ? value : toText(value)?.trim())
      if (time === undefined) tell('changed', `${column} is no time: left empty`)
      return time ?? null
    },
    json(column) {
      const whole = text(column, maxProse)
      if (whole === null || whole.trim() === '') return undefined
      const value = parseLooseJson(whole)
      if (value === undefined) tell('changed', `${column} is no JSON: left empty`)
      return value ?? undefined
    },
    derivedId: () => hashOf(table, values),
    note: tell,
  }
}
