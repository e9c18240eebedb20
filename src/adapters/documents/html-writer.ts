/** Joins pieces of text; breaks and spaces are due until text follows them. */
export const createHtmlWriter = () => {
  const parts: string[] = []
  let breaks = 0
  let hasSpace = false
  let isAtStart = true
  let isAtCellStart = false
  let prefix = ''
  const flush = () => {
    if (!isAtStart && breaks > 0) parts.push('\n'.repeat(breaks))
    else if (!isAtStart && hasSpace) parts.push(' ')
    isAtStart = false
    isAtCellStart = false
    breaks = 0
    hasSpace = false
    if (prefix !== '') parts.push(prefix)
    prefix = ''
  }
  const raw = (text: string) => {
    if (text === '') return
    flush()
    parts.push(text)
  }
  return {
    raw,
    text: (text: string) => {
      const words = text.replaceAll(/[\s\u00a0]+/g, ' ')
      if (words === '') return
      if (words.startsWith(' ')) hasSpace = true
      if (words === ' ') return
      raw(words.startsWith(' ') ? words.slice(1).trimEnd() : words.trimEnd())
      hasSpace = words.endsWith(' ')
    },
    /** Straight behind the last text; a space that is due stays due. */
    append: (text: string) => void parts.push(text),
    /** At least so many line breaks before the next text. */
    breakLine: (count: number) => {
      if (!isAtCellStart) breaks = Math.max(breaks, count)
    },
    /** Goes before the next text. */
    setPrefix: (text: string) => {
      prefix = text
    },
    startCell: () => {
      isAtCellStart = true
    },
    nextCell: () => {
      hasSpace = false
      raw(' | ')
      isAtCellStart = true
    },
    /** What is due behind the last text of a cell is forgotten, unless its row has none. */
    endCell: (isRowEmpty: boolean) => {
      isAtCellStart = false
      if (isRowEmpty) return
      breaks = 0
      hasSpace = false
    },
    length: () => parts.length,
    join: () => parts.join(''),
  }
}

export type HtmlWriter = ReturnType<typeof createHtmlWriter>
