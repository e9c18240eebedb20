import { decodeText } from '../decode-text.ts'
import { toTextTable } from '../text-table.ts'
import type { FormatReader } from './format-reader.ts'

const SHOWN_ROWS = 200
const delimiters = [',', ';', '\t', '|']

interface Rows {
  rows: string[][]
  hasMore: boolean
}

/** RFC 4180, and lenient: quotes may hold delimiters and line breaks, `""` is a quote. Blank lines are passed over. */
const parseRows = (text: string, delimiter: string, maxRows: number): Rows => {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let isQuoted = false
  const endRow = () => {
    row.push(field)
    if (row.length > 1 || field !== '') rows.push(row)
    row = []
    field = ''
  }
  let at = 0
  for (; at < text.length && rows.length <= maxRows; at++) {
    const character = text[at]
    if (isQuoted) {
      if (character !== '"') field += character
      else if (text[at + 1] === '"') field += text[at++]
      else isQuoted = false
    } else if (character === '"' && field === '') isQuoted = true
    else if (character === delimiter) {
      row.push(field)
      field = ''
    } else if (character === '\n' || character === '\r') endRow()
    else field += character
  }
  if (rows.length <= maxRows) endRow()
  return { rows: rows.slice(0, maxRows), hasMore: rows.length > maxRows }
}

/** The one that splits the first lines into the same number of fields, the most of them. */
const findDelimiter = (text: string): string => {
  const score = (delimiter: string) => {
    const counts = parseRows(text.slice(0, 65_536), delimiter, 10).rows.map(({ length }) => length)
    const fields = counts[0] ?? 1
    return counts.slice(0, -1).every((count) => count === fields) ? fields : 1
  }
  const scores = delimiters.map((delimiter) => ({ delimiter, fields: score(delimiter) }))
  return scores.reduce((best, one) => (one.fields > best.fields ? one : best)).delimiter
}

const checkWidths = (rows: string[][], columns: number): void => {
  const wrong = rows.findIndex(({ length }) => length > columns)
  if (wrong >= 0) throw new Error(`Expected ${columns} fields in line ${wrong + 1}, saw ${rows[wrong]?.length}`)
}

/** Comma, semicolon, tab or bar, whichever separates the fields: the first 200 rows as a table under the header's names. */
export const readDelimited: FormatReader = async ({ bytes }) => {
  const { text, encoding } = decodeText(bytes)
  const { rows, hasMore } = parseRows(text, findDelimiter(text), SHOWN_ROWS + 1)
  const [header, ...data] = rows
  if (!header) throw new Error('No columns to parse from file')
  checkWidths(rows, header.length)
  const names = header.map((name, at) => (name.trim() === '' ? `Unnamed: ${at}` : name))
  const cells = data.map((row) => header.map((_, at) => (row[at]?.trim() ? row[at] : 'NaN')))
  const warnings = hasMore ? [`CSV truncated to first ${SHOWN_ROWS} rows for preview`] : []
  return {
    text: toTextTable([names, ...cells]),
    metadata: { rows: data.length, columns: header.length, encoding },
    warnings,
  }
}
