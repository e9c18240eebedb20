import { htmlToText } from '../html-text.ts'
import { scanXml } from '../scan-xml.ts'
import { isEnough } from '../tidy-text.ts'
import { openZip, resolvePart, type ZipParts } from '../zip-parts.ts'
import type { FormatReader } from './format-reader.ts'

const findPackage = async (parts: ZipParts): Promise<string> => {
  let path = ''
  scanXml((await parts.readText('META-INF/container.xml')) ?? '', {
    open: (name, attributes) => {
      if (name === 'rootfile' && path === '') path = attributes['full-path'] ?? ''
    },
  })
  if (!parts.has(path)) throw new Error('it has no book in it')
  return path
}

/** Chapters in the order of reading. */
const listChapters = async (parts: ZipParts): Promise<string[]> => {
  const path = await findPackage(parts)
  const items = new Map<string, string>()
  const order: string[] = []
  scanXml((await parts.readText(path)) ?? '', {
    open: (name, { id = '', href = '', idref = '', 'media-type': type = '' }) => {
      if (name === 'item' && /html/.test(type)) items.set(id, resolvePart(path, decode(href)))
      if (name === 'itemref') order.push(idref)
    },
  })
  return order.map((id) => items.get(id)).filter((part) => part !== undefined && parts.has(part)) as string[]
}

const decode = (href: string): string => {
  try {
    return decodeURIComponent(href)
  } catch {
    return href
  }
}

export const readEpub: FormatReader = async ({ bytes }) => {
  const parts = await openZip(bytes)
  const chapters = await listChapters(parts)
  const blocks: string[] = []
  let length = 0
  for (const chapter of chapters) {
    if (isEnough(length)) break
    const html = (await parts.readText(chapter)) ?? ''
    const { text } = htmlToText(html, { stripBoilerplate: false })
    if (text === '') continue
    blocks.push(text)
    length += text.length
  }
  return { text: blocks.join('\n\n'), metadata: { chapters: chapters.length } }
}
