import { HtmlTooDeepError, htmlToText } from '../html-text.ts'
import { decodePage } from './decode-page.ts'
import { findMainContent } from './main-content.ts'
import { isSimplePage } from './measure-page.ts'
import { toMarkdown } from './to-markdown.ts'
import { PageError, type PageRequest, type PageText } from './types.ts'

/** Spaces and blank lines that nobody needs, and half characters, which no text may have. */
const tidy = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll('\0', '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .filter((line, at, lines) => line !== '' || lines[at - 1] !== '')
    .join('\n')
    .trim()

const readHtml = (html: string, { url, format }: PageRequest): PageText => {
  const isPlain = format === 'text'
  const whole = htmlToText(html, { stripBoilerplate: true, isPlain })
  const main = isSimplePage(html) ? findMainContent(html, url, whole.text.length) : undefined
  if (!main) return { title: whole.title, text: tidy(whole.text) }
  const { title, root } = main
  const text = isPlain ? htmlToText(root.innerHTML, { stripBoilerplate: false, isPlain }).text : toMarkdown(root)
  return { title: title ?? whole.title, text: tidy(text) || tidy(whole.text) }
}

/**
 * What a page says. Takes as long as the page makes it take, so it belongs into a process that can be ended. A page that is
 * too complex for a tree comes whole, in the simple marks of `htmlToText`. Throws `PageError`.
 */
export const readPage = (request: PageRequest): PageText => {
  const text = decodePage(request.bytes, request.contentType)
  if (/^\s*text\/(plain|markdown)\b/i.test(request.contentType)) return { title: undefined, text: tidy(text) }
  try {
    return readHtml(text, request)
  } catch (error) {
    if (error instanceof HtmlTooDeepError) throw new PageError('unreadable', 'The page is nested too deeply')
    throw error
  }
}
