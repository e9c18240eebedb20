import { attributeOf, scanXml } from '../scan-xml.ts'
import { openZip, type ZipParts } from '../zip-parts.ts'
import { createBlocks } from './block-text.ts'
import type { FormatReader } from './format-reader.ts'
import { toSlideBlock } from './pptx.ts'

/** No program writes so many spaces on purpose. */
const MAX_SPACES = 200

/** Deleted text that is kept for undoing, and what is no text. */
const passedOver = new Set(
  'tracked-changes automatic-styles forms settings scripts sequence-decls page-number page-count'.split(' '),
)

interface Slide {
  text: string
  notes: string
}

/** What one part says: notes on the page follow the text, slides are kept apart. */
const scanContent = (xml: string) => {
  const blocks = createBlocks()
  const notes = createBlocks()
  const slides: Slide[] = []
  let target = blocks
  let skipping = 0
  let paragraphDepth = 0
  const spaces = (attributes: Record<string, string>) =>
    ' '.repeat(Math.min(Math.max(Number(attributeOf(attributes, 'c') ?? 1) || 1, 1), MAX_SPACES))
  const opened: Record<string, (attributes: Record<string, string>) => void> = {
    p: () => void paragraphDepth++,
    h: () => void paragraphDepth++,
    s: (attributes) => target.add(spaces(attributes)),
    tab: () => target.add('\t'),
    'line-break': () => target.add('\n'),
    table: () => target.openTable(),
    'table-row': () => target.openRow(),
    'table-cell': () => target.openCell(),
    'text-box': () => target.endParagraph(),
    'note-citation': () => target.add('['),
    'note-body': () => (target = notes),
    annotation: () => (target = notes),
    notes: () => (target = notes),
  }
  const back = () => {
    notes.endParagraph()
    target = blocks
  }
  const endParagraph = () => {
    paragraphDepth--
    target.endParagraph()
  }
  const closed: Record<string, () => void> = {
    p: endParagraph,
    h: endParagraph,
    'table-cell': () => target.closeCell(),
    table: () => target.closeTable(),
    'note-citation': () => target.add(']'),
    'note-body': back,
    annotation: back,
    notes: back,
    page: () => void slides.push({ text: blocks.take(), notes: notes.take() }),
  }
  scanXml(xml, {
    open: (name, attributes) => {
      if (passedOver.has(name)) skipping++
      if (skipping === 0) opened[name]?.(attributes)
    },
    text: (text) => {
      if (skipping === 0 && paragraphDepth > 0) target.add(text.replaceAll(/\s+/g, ' '))
    },
    close: (name) => {
      if (passedOver.has(name)) skipping--
      else if (skipping === 0) closed[name]?.()
    },
  })
  return { text: blocks.take(), notes: notes.take(), counts: blocks.counts(), slides }
}

const openContent = async (bytes: Buffer): Promise<{ parts: ZipParts; content: string }> => {
  const parts = await openZip(bytes)
  const manifest = (await parts.readText('META-INF/manifest.xml')) ?? ''
  if (manifest.includes('encryption-data')) throw new Error('it is protected by a password')
  const content = await parts.readText('content.xml')
  if (content === undefined) throw new Error('it has no content in it')
  return { parts, content }
}

/** Headers and footers are a part of the page styles. */
const readPageTexts = async (parts: ZipParts): Promise<{ headers: string; footers: string }> => {
  const styles = (await parts.readText('styles.xml')) ?? ''
  const of = (name: string) => {
    const found = styles.matchAll(new RegExp(`<style:${name}(?:-left|-first)?(?: [^>]{0,500})?>`, 'g'))
    const texts = [...found].map(({ index, 0: tag }) => {
      const end = styles.indexOf(`</style:${name}`, index)
      return tag.endsWith('/>') || end < 0 ? '' : scanContent(styles.slice(index + tag.length, end)).text
    })
    return [...new Set(texts)].filter((text) => text !== '').join('\n\n')
  }
  return { headers: of('header'), footers: of('footer') }
}

/** Text document: headers, body with its tables, notes and comments, footers. */
export const readOdt: FormatReader = async ({ bytes }) => {
  const { parts, content } = await openContent(bytes)
  const { text, notes, counts } = scanContent(content)
  const { headers, footers } = await readPageTexts(parts)
  return { text: [headers, text, notes, footers].filter((one) => one !== '').join('\n\n'), metadata: counts }
}

/** Presentation: as PowerPoint's. */
export const readOdp: FormatReader = async ({ bytes }) => {
  const { content } = await openContent(bytes)
  const { slides } = scanContent(content)
  const toLines = (text: string) => text.replaceAll('\n\n', '\n')
  const blocks = slides.map(({ text, notes }, at) => toSlideBlock(at + 1, toLines(text), toLines(notes)))
  return { text: blocks.filter((one) => one !== undefined).join('\n\n'), metadata: { slides: slides.length } }
}
