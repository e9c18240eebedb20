/**
 * Collects the text of a document made of paragraphs and tables, which may be in each other: paragraphs become blocks, rows
 * become lines of cells with ` | ` between them.
 */
export const createBlocks = () => {
  interface Table {
    rows: string[][]
    cell: string[] | undefined
  }
  const blocks: string[] = []
  const tables: Table[] = []
  let paragraph = ''
  let paragraphs = 0
  let tableCount = 0
  const put = (block: string) => {
    if (block.trim() === '') return
    const cell = tables.at(-1)?.cell
    if (cell) cell.push(block)
    else blocks.push(block)
  }
  const endParagraph = () => {
    if (tables.length === 0 && paragraph.trim() !== '') paragraphs++
    put(paragraph.trim())
    paragraph = ''
  }
  return {
    add: (text: string) => {
      paragraph += text
    },
    endParagraph,
    openTable: () => {
      endParagraph()
      if (tables.length === 0) tableCount++
      tables.push({ rows: [], cell: undefined })
    },
    openRow: () => void tables.at(-1)?.rows.push([]),
    openCell: () => {
      const table = tables.at(-1)
      if (table) table.cell = []
    },
    closeCell: () => {
      endParagraph()
      const table = tables.at(-1)
      if (!table?.cell) return
      table.rows.at(-1)?.push(table.cell.join(' ').replaceAll(/\s+/g, ' '))
      table.cell = undefined
    },
    closeTable: () => {
      const table = tables.pop()
      if (!table) return
      const lines = table.rows.filter((row) => row.some((cell) => cell !== '')).map((row) => row.join(' | '))
      put(lines.join('\n'))
    },
    take: (): string => {
      endParagraph()
      return blocks.splice(0).join('\n\n')
    },
    counts: () => ({ paragraphs, tables: tableCount }),
  }
}
export type Blocks = ReturnType<typeof createBlocks>
