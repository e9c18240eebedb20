import { getDocumentProxy } from 'unpdf'
import { isEnough } from '../tidy-text.ts'
import { type TextItem, toPageLayout } from './pdf-layout.ts'
import type { FormatReader } from './format-reader.ts'

/** Each page costs time, also one without text. */
const MAX_PAGES = 1000
/** What is read by then is better than nothing. */
const MAX_MS = 15_000

/** Lines further apart than the lines of one paragraph are. */
const PARAGRAPH_GAP = 1.8

const isNewParagraph = (above: TextItem, below: TextItem | undefined): boolean => {
  const height = Math.hypot(above.transform[2] ?? 0, above.transform[3] ?? 0)
  const gap = (above.transform[5] ?? 0) - (below?.transform[5] ?? 0)
  return below !== undefined && height > 0 && gap > height * PARAGRAPH_GAP
}

/** Words that a line end cut are whole again, and lines of a paragraph become one. */
const toFlow = (items: TextItem[]): string =>
  items
    .filter(({ str, hasEOL }) => str !== '' || hasEOL)
    .map((item, at, all) => {
      if (!item.hasEOL) return item.str
      // The mark of a line's end is an item of its own without a place.
      const above = item.str === '' ? (all[at - 1] ?? item) : item
      return item.str + (isNewParagraph(above, all[at + 1]) ? '\n\n' : '\n')
    })
    .join('')
    .replaceAll(/-\n(?=\p{Ll})/gu, '')
    .replaceAll(/\n+/g, (breaks) => (breaks.length === 1 ? ' ' : '\n\n'))

const explain = (error: unknown): Error => {
  const { name, message } = error as Error
  if (name === 'PasswordException') return new Error('File has not been decrypted', { cause: error })
  return new Error(message.replace(/\.$/, ''), { cause: error })
}

const open = async (bytes: Buffer) => {
  try {
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 })
  } catch (error) {
    throw explain(error)
  }
}

/** Pages with text, each under a line with its number. Scanned pages have none. */
export const readPdf: FormatReader = async ({ bytes, preserveLayout }) => {
  const pdf = await open(bytes)
  // A damaged one may say that it has less than none.
  const pages = Math.max(pdf.numPages, 0)
  const blocks: string[] = []
  const warnings: string[] = []
  const startedAt = performance.now()
  const isLate = () => performance.now() - startedAt > MAX_MS
  let length = 0
  let number = 1
  for (; number <= Math.min(pages, MAX_PAGES) && !isEnough(length) && !isLate(); number++) {
    try {
      const page = await pdf.getPage(number)
      const { items } = await page.getTextContent()
      const texts = items.filter((item) => 'str' in item)
      const text = (preserveLayout ? toPageLayout(texts) : toFlow(texts)).trimEnd()
      page.cleanup()
      if (text.trim() !== '') blocks.push(`--- Page ${number} ---\n${text}`)
      length += text.length
    } catch (error) {
      if (warnings.length < 10) warnings.push(`Skipped page ${number} due to error: ${explain(error).message}`)
    }
  }
  if (number <= pages) warnings.push(`Only the first ${number - 1} of ${pages} pages were read.`)
  return { text: blocks.join('\n\n'), metadata: { pages }, warnings }
}
