import { readRelations } from '../relations.ts'
import { scanXml } from '../scan-xml.ts'
import { openZip, type ZipParts } from '../zip-parts.ts'
import { type Blocks, createBlocks } from './block-text.ts'
import type { FormatReader } from './format-reader.ts'

const breaks: Record<string, string> = { tab: '\t', br: '\n', cr: '\n', noBreakHyphen: '-' }
/** The same text a second time (for older programs), and what is no text. */
const passedOver = new Set(['Fallback', 'pPr', 'rPr', 'sectPr', 'tblPr', 'trPr', 'tcPr'])

/** Puts the paragraphs and tables of a part into the blocks, in the order of the document. */
const scanWord = (xml: string, blocks: Blocks): void => {
  let skipping = 0
  let isText = false
  let notes = 0
  scanXml(xml, {
    open: (name) => {
      if (passedOver.has(name)) skipping++
      if (skipping > 0) return
      if (name === 't') isText = true
      else if (name === 'tbl') blocks.openTable()
      else if (name === 'tr') blocks.openRow()
      else if (name === 'tc') blocks.openCell()
      else if (name === 'footnoteReference' || name === 'endnoteReference') blocks.add(`[${++notes}]`)
      else if (name === 'txbxContent') blocks.endParagraph()
      else blocks.add(breaks[name] ?? '')
    },
    text: (text) => {
      if (isText && skipping === 0) blocks.add(text)
    },
    close: (name) => {
      if (passedOver.has(name)) skipping--
      if (skipping > 0) return
      if (name === 't') isText = false
      else if (name === 'p') blocks.endParagraph()
      else if (name === 'tc') blocks.closeCell()
      else if (name === 'tbl') blocks.closeTable()
    },
  })
}

const scanParts = async (parts: ZipParts, names: string[]): Promise<string[]> => {
  const texts: string[] = []
  for (const name of new Set(names)) {
    const blocks = createBlocks()
    scanWord((await parts.readText(name)) ?? '', blocks)
    const text = blocks.take()
    // Most documents have the same header on first, odd and even pages.
    if (text !== '' && !texts.includes(text)) texts.push(text)
  }
  return texts
}

/** Word: headers, body with its tables, notes, comments, footers. */
export const readDocx: FormatReader = async ({ bytes }) => {
  const parts = await openZip(bytes)
  const main = (await readRelations(parts, '')).find(({ type }) => type === 'officeDocument')?.part
  const name = main ?? 'word/document.xml'
  const xml = await parts.readText(name)
  if (xml === undefined) throw new Error('it has no document in it')
  const relations = await readRelations(parts, name)
  const of = (...types: string[]) =>
    scanParts(
      parts,
      relations.filter(({ type }) => types.includes(type)).map(({ part }) => part),
    )
  const blocks = createBlocks()
  scanWord(xml, blocks)
  const body = blocks.take()
  const texts = [
    ...(await of('header')),
    body,
    ...(await of('footnotes', 'endnotes', 'comments')),
    ...(await of('footer')),
  ]
  return { text: texts.join('\n\n'), metadata: blocks.counts() }
}
