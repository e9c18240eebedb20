/** A piece of text as pdf.js finds it. */
export interface TextItem {
  str: string
  hasEOL: boolean
  /** Position and size as a matrix: the last two are x and y from the lower left corner. */
  transform: number[]
  width: number
}

/** Wider than any page in a small type. */
const MAX_COLUMN = 300

interface Placed {
  text: string
  x: number
  y: number
  height: number
  characterWidth: number
}

const toPlaced = ({ str, transform, width }: TextItem): Placed => ({
  text: str,
  x: transform[4] ?? 0,
  y: transform[5] ?? 0,
  height: Math.hypot(transform[2] ?? 0, transform[3] ?? 0) || 10,
  characterWidth: width / Math.max(str.length, 1),
})

const groupLines = (items: Placed[]): Placed[][] => {
  const lines: Placed[][] = []
  for (const item of items.toSorted((a, b) => b.y - a.y)) {
    const line = lines.at(-1)
    const first = line?.[0]
    if (line && first && first.y - item.y < first.height / 2) line.push(item)
    else lines.push([item])
  }
  return lines
}

/** A page as it looks: lines by height, and each text in the column that fits the width of a usual character. */
export const toPageLayout = (items: TextItem[]): string => {
  const placed = items.filter(({ str }) => str.trim() !== '').map(toPlaced)
  const widths = placed.map(({ characterWidth }) => characterWidth).filter((width) => width > 0)
  const unit = widths.toSorted((a, b) => a - b)[Math.floor(widths.length / 2)] ?? 5
  const left = placed.reduce((least, { x }) => Math.min(least, x), Infinity)
  const toLine = (line: Placed[]) => {
    let text = ''
    for (const item of line.toSorted((a, b) => a.x - b.x)) {
      const column = Math.min(Math.round((item.x - left) / unit), MAX_COLUMN)
      const gap = column > text.length ? column - text.length : text === '' || text.endsWith(' ') ? 0 : 1
      text += ' '.repeat(gap) + item.text
    }
    return text
  }
  return groupLines(placed).map(toLine).join('\n')
}
