import * as xlsx from '@e965/xlsx'
import type { CellObject, WorkBook, WorkSheet } from '@e965/xlsx'
import { toTextTable } from '../text-table.ts'
import { isEnough } from '../tidy-text.ts'
import { openZip } from '../zip-parts.ts'
import type { FormatReader } from './format-reader.ts'

const SHOWN_ROWS = 20
const LAST_ROWS = 3
/** A sheet is read no further: the rows behind are not even counted. */
const MAX_ROWS = 20_000
const MAX_COLUMNS = 1000
const MAX_SHEETS = 200
type Data = (CellObject | undefined)[][]

// Formulas and styles are what a reader of the values has no use for.
const options = { dense: true, cellFormula: false, cellHTML: false, sheetRows: MAX_ROWS + 1 }

/** What the library calls a zip; its own types leave this part out. */
type ParseZip = (
  zip: { FullPaths: string[]; FileIndex: { name: string; type: number; content: Buffer }[] },
  options: object,
) => WorkBook
const parseZip = (xlsx as unknown as { parse_zip: ParseZip }).parse_zip

const STREAM = 2

/** Unpacked by us: the library has no limits, and its own unpacking never ends on damaged data. */
const openZipped = async (bytes: Buffer): Promise<WorkBook> => {
  const parts = await openZip(bytes)
  if ((await parts.readText('META-INF/manifest.xml'))?.includes('encryption-data'))
    throw new Error('it is protected by a password')
  const names = parts.names.filter((name) => /^mimetype$|\.(xml|rels|bin|vml)$/i.test(name))
  const files: { name: string; type: number; content: Buffer }[] = []
  for (const name of names) files.push({ name, type: STREAM, content: await parts.read(name) })
  return parseZip({ FullPaths: names, FileIndex: files }, options)
}

const open = async (bytes: Buffer): Promise<WorkBook> => {
  if (bytes.subarray(0, 2).equals(Buffer.from('PK'))) return await openZipped(bytes)
  try {
    return xlsx.read(bytes, { type: 'buffer', ...options })
  } catch (error) {
    const { message } = error as Error
    throw /password|encrypt/i.test(message) ? new Error('it is protected by a password', { cause: error }) : error
  }
}

const toText = (cell: CellObject | undefined): string => {
  if (!cell || cell.v === undefined || cell.t === 'z') return ''
  return cell.w ?? String(cell.v)
}

const readRow = (data: Data, row: number, { s, e }: { s: number; e: number }): string[] =>
  Array.from({ length: e - s + 1 }, (_, at) => toText(data[row]?.[s + at]))

const listNotes = (data: Data, rows: number[], lastColumn: number): string[] =>
  rows.flatMap((row) =>
    (data[row] ?? [])
      .slice(0, lastColumn + 1)
      .flatMap((cell, column) =>
        (cell?.c ?? []).map(({ t }) => `Note on ${xlsx.utils.encode_cell({ r: row, c: column })}: ${t}`),
      ),
  )

/** The first rows of a sheet and the last ones, as numbers of rows. */
const chooseRows = (first: number, last: number): { shown: number[]; tail: number[] } => {
  const all = Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => first + at)
  return all.length <= SHOWN_ROWS
    ? { shown: all, tail: [] }
    : { shown: all.slice(0, SHOWN_ROWS), tail: all.slice(-LAST_ROWS) }
}

const nameColumns = (names: string[]) => names.map((name, at) => (name.trim() === '' ? `Unnamed: ${at}` : name))
const fillEmpty = (row: string[]) => row.map((cell) => (cell.trim() === '' ? 'NaN' : cell))

interface SheetText {
  block: string
  warnings: string[]
}

const toBlock = (name: string, sheet: WorkSheet): SheetText => {
  const reference = sheet['!fullref'] ?? sheet['!ref']
  const data: Data = sheet['!data'] ?? []
  if (reference === undefined) return { block: `--- Sheet: ${name} (0 rows, 0 columns) ---\n(empty)`, warnings: [] }
  const { s, e } = xlsx.utils.decode_range(reference)
  const columns = { s: s.c, e: Math.min(e.c, s.c + MAX_COLUMNS - 1) }
  const lastRead = Math.min(e.r, MAX_ROWS)
  const { shown, tail } = chooseRows(s.r + 1, lastRead)
  const rowsOf = (numbers: number[]) => numbers.map((row) => fillEmpty(readRow(data, row, columns)))
  const header = nameColumns(readRow(data, s.r, columns))
  const lines = toTextTable([header, ...rowsOf(shown), ...rowsOf(tail)]).split('\n')
  if (tail.length > 0) lines.splice(1 + shown.length, 0, '... (truncated) ...')
  const warnings = tail.length > 0 ? [`Sheet ${name} truncated to first ${SHOWN_ROWS} rows`] : []
  if (e.r > lastRead) warnings.push(`Sheet ${name} was read up to row ${MAX_ROWS + 1} only`)
  if (e.c > columns.e) warnings.push(`Sheet ${name} was read up to column ${MAX_COLUMNS} only`)
  const title = `--- Sheet: ${name} (${e.r - s.r} rows, ${e.c - s.c + 1} columns) ---`
  return { block: [title, ...lines, ...listNotes(data, [s.r, ...shown, ...tail], columns.e)].join('\n'), warnings }
}

/** Excel and OpenDocument sheets: each as a table of its first rows, with values as they are shown, and its notes. */
export const readSheets: FormatReader = async ({ bytes }) => {
  const { SheetNames: names, Sheets: sheets } = await open(bytes)
  const blocks: string[] = []
  const warnings: string[] = []
  let length = 0
  for (const name of names.slice(0, MAX_SHEETS)) {
    if (isEnough(length)) break
    const sheet = toBlock(name, sheets[name] ?? {})
    blocks.push(sheet.block)
    warnings.push(...sheet.warnings.slice(0, 3))
    length += sheet.block.length
  }
  if (names.length > MAX_SHEETS) warnings.push(`Only the first ${MAX_SHEETS} of ${names.length} sheets were read.`)
  return { text: blocks.join('\n\n'), metadata: { sheets: names.length }, warnings }
}
