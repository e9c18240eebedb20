/** A wider cell is not waited for by the others of its column. */
const MAX_WIDTH = 60

const toLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

/** Rows as aligned columns with two spaces between them; line breaks in cells become spaces. */
export const toTextTable = (rows: string[][]): string => {
  const cells = rows.map((row) => row.map(toLine))
  const widths: number[] = []
  for (const row of cells)
    for (const [at, { length }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, Math.min(length, MAX_WIDTH))
  return cells
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
