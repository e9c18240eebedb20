export interface Row {
  measure: string
  ours: string
  baseline?: string
  /** The ratio or difference that the target is about. */
  figure: string
  target?: { text: string; isMet: boolean }
}

export const atLeast = (value: number, limit: number) => ({ text: `>= ${limit}`, isMet: value >= limit })
export const atMost = (value: number, limit: number, unit: string) => ({
  text: `<= ${limit} ${unit}`,
  isMet: value <= limit,
})

export const isMissed = ({ target }: Row): boolean => target?.isMet === false

const toVerdict = (row: Row): string => {
  if (!row.target) return 'info'
  return isMissed(row) ? 'MISSED' : 'ok'
}

const toCells = (row: Row): string[] => [
  row.measure,
  row.ours,
  row.baseline ?? '',
  row.figure,
  row.target?.text ?? '',
  toVerdict(row),
]

const head = ['measure', 'ours', 'baseline', 'figure', 'target', '']

export const toTable = (rows: Row[]): string => {
  const lines = [head, ...rows.map(toCells)]
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  const rule = widths.map((width) => '-'.repeat(width))
  const format = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [head, rule, ...lines.slice(1)].map(format).join('\n')
}
