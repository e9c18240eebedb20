import { readRelations } from '../relations.ts'
import { attributeOf, scanXml } from '../scan-xml.ts'
import { openZip, type ZipParts } from '../zip-parts.ts'
import { createBlocks } from './block-text.ts'
import type { FormatReader } from './format-reader.ts'

const breaks: Record<string, string> = { br: '\n', tab: '\t' }

/** What is on each page of notes: number, date, header, footer, the slide as a picture. */
const repeated = new Set(['sldNum', 'dt', 'hdr', 'ftr', 'sldImg'])

interface SlideOptions {
  /** Only what the speaker wrote. */
  isNotes: boolean
}

const scanSlide = (xml: string, { isNotes }: SlideOptions): string => {
  const blocks = createBlocks()
  let isText = false
  let isBody = true
  let skipping = 0
  scanXml(xml, {
    open: (name, attributes) => {
      if (name === 'Fallback') skipping++
      if (skipping > 0) return
      if (name === 'sp') isBody = true
      if (name === 'ph' && isNotes) isBody = !repeated.has(attributes['type'] ?? '')
      if (name === 't') isText = true
      else if (name === 'tbl') blocks.openTable()
      else if (name === 'tr') blocks.openRow()
      else if (name === 'tc') blocks.openCell()
      else blocks.add(breaks[name] ?? '')
    },
    text: (text) => {
      if (isText && isBody && skipping === 0) blocks.add(text)
    },
    close: (name) => {
      if (name === 'Fallback') skipping--
      if (skipping > 0) return
      if (name === 't') isText = false
      else if (name === 'p') blocks.endParagraph()
      else if (name === 'tc') blocks.closeCell()
      else if (name === 'tbl') blocks.closeTable()
    },
  })
  return blocks.take().replaceAll('\n\n', '\n')
}

const listSlides = async (parts: ZipParts): Promise<string[]> => {
  const main = (await readRelations(parts, '')).find(({ type }) => type === 'officeDocument')?.part
  const name = main ?? 'ppt/presentation.xml'
  const xml = await parts.readText(name)
  if (xml === undefined) throw new Error('it has no presentation in it')
  const slides = new Map((await readRelations(parts, name)).map(({ id, part }) => [id, part]))
  const order: string[] = []
  scanXml(xml, {
    open: (element, attributes) => {
      if (element !== 'sldId') return
      const id = Object.entries(attributes).find(([key]) => key !== 'id' && key.endsWith(':id'))?.[1]
      const part = slides.get(id ?? attributeOf(attributes, 'id') ?? '')
      if (part !== undefined) order.push(part)
    },
  })
  return order
}

/** The text of one slide as a block; undefined when it has none. */
export const toSlideBlock = (number: number, text: string, notes: string): string | undefined => {
  const lines = [text, notes === '' ? '' : `Notes: ${notes}`].filter((one) => one !== '')
  return lines.length === 0 ? undefined : [`--- Slide ${number} ---`, ...lines].join('\n')
}

/** PowerPoint: slides in their order with tables, groups and the speaker's notes. */
export const readPptx: FormatReader = async ({ bytes }) => {
  const parts = await openZip(bytes)
  const slides = await listSlides(parts)
  const blocks: string[] = []
  for (const [at, slide] of slides.entries()) {
    const text = scanSlide((await parts.readText(slide)) ?? '', { isNotes: false })
    const notesPart = (await readRelations(parts, slide)).find(({ type }) => type === 'notesSlide')?.part
    const notesXml = notesPart === undefined ? undefined : await parts.readText(notesPart)
    const block = toSlideBlock(at + 1, text, scanSlide(notesXml ?? '', { isNotes: true }))
    if (block !== undefined) blocks.push(block)
  }
  return { text: blocks.join('\n\n'), metadata: { slides: slides.length } }
}
