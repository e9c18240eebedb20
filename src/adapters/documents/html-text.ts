import { Parser } from 'htmlparser2'
import { createHtmlWriter, type HtmlWriter } from './html-writer.ts'

export interface HtmlText {
  title: string | undefined
  /** Markdown-like: headings with `#`, list items with `*`, links as `[text](address)`, cells of a row between ` | `. */
  text: string
}

export interface HtmlTextOptions {
  /** Leaves out navigation, headers, footers and asides. */
  stripBoilerplate: boolean
  /** Leaves out the marks of Markdown: only words, and the lines of cells between ` | `. */
  isPlain?: boolean
}

export class HtmlTooDeepError extends Error {
  override name = 'HtmlTooDeepError'
}

/** No page needs more, and the parser's time grows with the depth. */
const MAX_DEPTH = 2000

const neverText = new Set('script style noscript template svg iframe object select title'.split(' '))
const boilerplate = new Set(['nav', 'footer', 'header', 'aside'])
const paragraphs = new Set(
  'address article blockquote body dd details div dl dt fieldset figure form h1 h2 h3 h4 h5 h6 hr main ol p pre section summary table ul'.split(
    ' ',
  ),
)
const lines = new Set(['br', 'li', 'tr', 'caption', 'figcaption', 'option'])

const isHeading = (name: string) => /^h[1-6]$/.test(name)
/** Not those that would run a script, or lead to another place of the same page. */
const isLink = (href: string) => /^(https?:|mailto:|\/|\.|\w[^:]*$)/i.test(href)

type OnOpen = (name: string, attributes: Record<string, string>) => void
type OnClose = (name: string) => void

const listMarks = (writer: HtmlWriter, isPlain: boolean) => {
  const lists: { isOrdered: boolean; items: number }[] = []
  const openList: OnOpen = (name) => {
    writer.breakLine(lists.length > 0 ? 1 : 2)
    lists.push({ isOrdered: name === 'ol', items: 0 })
  }
  const closeList = () => {
    lists.pop()
    writer.breakLine(lists.length > 0 ? 1 : 2)
  }
  const openItem = () => {
    writer.breakLine(1)
    const list = lists.at(-1)
    if (list) list.items++
    const mark = list?.isOrdered ? `${list.items}.` : '*'
    if (!isPlain) writer.setPrefix(`${'  '.repeat(Math.max(lists.length, 1))}${mark} `)
  }
  return { openList, closeList, openItem, isInside: () => lists.length > 0 }
}

const tableMarks = (writer: HtmlWriter) => {
  const rows: { cells: number; startsAt: number }[] = []
  const openRow = () => {
    writer.breakLine(1)
    rows.push({ cells: 0, startsAt: writer.length() })
  }
  const closeRow = () => {
    rows.pop()
    writer.breakLine(1)
  }
  const openCell = () => {
    const row = rows.at(-1)
    if (!row) return writer.breakLine(1)
    if (row.cells > 0) writer.nextCell()
    else writer.startCell()
    row.cells++
  }
  const closeCell = () => {
    const row = rows.at(-1)
    writer.endCell(row === undefined || writer.length() === row.startsAt)
  }
  return { openRow, closeRow, openCell, closeCell }
}

const linkMarks = (writer: HtmlWriter, isPlain: boolean) => {
  let link: { href: string; isOpen: boolean } | undefined
  return {
    openLink: (_name: string, { href = '' }: Record<string, string>) => {
      if (!isPlain && isLink(href)) link = { href, isOpen: false }
    },
    closeLink: () => {
      if (link?.isOpen) writer.append(`](${link.href})`)
      link = undefined
    },
    /** Begins the link with its first word; what of the text is left to write. */
    beforeText: (text: string): string => {
      if (!link || link.isOpen || text.trim() === '') return text
      const words = text.trimStart()
      writer.text(text.slice(0, text.length - words.length))
      writer.raw('[')
      link.isOpen = true
      return words
    },
  }
}

/** What the elements mean for the text. Those that are not named here are blocks, or nothing. */
const createElements = (writer: HtmlWriter, isPlain: boolean) => {
  const { openList, closeList, openItem, isInside } = listMarks(writer, isPlain)
  const { openRow, closeRow, openCell, closeCell } = tableMarks(writer)
  const { openLink, closeLink, beforeText } = linkMarks(writer, isPlain)
  let preformatted = 0
  const openPre = () => {
    writer.breakLine(2)
    preformatted++
  }
  const closePre = () => {
    writer.breakLine(2)
    preformatted--
  }
  const opened = new Map<string, OnOpen>(
    Object.entries({
      ul: openList,
      ol: openList,
      li: openItem,
      tr: openRow,
      td: openCell,
      th: openCell,
      a: openLink,
      pre: openPre,
    }),
  )
  const closed = new Map<string, OnClose>(
    Object.entries({
      ul: closeList,
      ol: closeList,
      tr: closeRow,
      td: closeCell,
      th: closeCell,
      a: closeLink,
      pre: closePre,
    }),
  )
  const openOther: OnOpen = (name) => {
    if (paragraphs.has(name)) writer.breakLine(2)
    else if (lines.has(name)) writer.breakLine(1)
    if (!isPlain && isHeading(name)) writer.setPrefix(`${'#'.repeat(Number(name[1]))} `)
  }
  const closeOther: OnClose = (name) => {
    if (isHeading(name)) writer.setPrefix('')
    if (paragraphs.has(name)) writer.breakLine(isInside() ? 1 : 2)
    else if (lines.has(name)) writer.breakLine(1)
  }
  return {
    open: (name: string, attributes: Record<string, string>) => (opened.get(name) ?? openOther)(name, attributes),
    close: (name: string) => (closed.get(name) ?? closeOther)(name),
    text: (text: string) => {
      const words = beforeText(text)
      if (preformatted > 0) writer.raw(words)
      else writer.text(words)
    },
  }
}

const createHandler = ({ stripBoilerplate, isPlain = false }: HtmlTextOptions) => {
  const writer = createHtmlWriter()
  const elements = createElements(writer, isPlain)
  const isSkipped = (name: string) => neverText.has(name) || (stripBoilerplate && boilerplate.has(name))
  let title: string | undefined
  let isTitle = false
  let depth = 0
  let skipping = 0
  return {
    onopentag: (name: string, attributes: Record<string, string>) => {
      depth++
      if (depth > MAX_DEPTH) throw new HtmlTooDeepError(`The elements are nested more than ${MAX_DEPTH} deep`)
      if (name === 'title' && title === undefined && skipping === 0) isTitle = true
      if (isSkipped(name)) skipping++
      if (skipping === 0) elements.open(name, attributes)
    },
    onclosetag: (name: string) => {
      depth--
      if (name === 'title') isTitle = false
      if (isSkipped(name)) skipping--
      else if (skipping === 0) elements.close(name)
    },
    ontext: (text: string) => {
      if (isTitle) title = `${title ?? ''}${text}`
      else if (skipping === 0) elements.text(text)
    },
    title: () => title?.replaceAll(/\s+/g, ' ').trim(),
    text: writer.join,
  }
}

/** What a page says, without its scripts, styles and pictures. Linear in time. Throws `HtmlTooDeepError`. */
export const htmlToText = (html: string, options: HtmlTextOptions): HtmlText => {
  const handler = createHandler(options)
  const parser = new Parser(handler, { decodeEntities: true })
  parser.write(html)
  parser.end()
  return { title: handler.title() || undefined, text: handler.text().trim() }
}
