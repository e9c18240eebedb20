import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { isSimpleTree } from './measure-page.ts'
import type { PageElement, PageTree } from './page-tree.ts'

export interface MainContent {
  title: string | undefined
  /** What holds the content, without what a reader does not read. */
  root: PageElement
}

/** As much as a short article has. Less may be one item of a list. */
const ENOUGH_CHARACTERS = 500
/** Less than this of all text is a part that was taken for the whole. */
const ENOUGH_SHARE = 0.25

/** Text that readers do not see may be meant for a model. */
const hidden = [
  'template',
  'noscript',
  '[hidden]',
  '[aria-hidden="true"]',
  '[style*="display:none" i]',
  '[style*="display: none" i]',
].join(',')
const noContent = 'script,style,svg,iframe,object,select,nav,footer,aside'

/** The parser knows no body that follows anything but a head, which pages may leave out. */
const withHead = (html: string): string =>
  /<head[\s>]/i.test(html)
    ? html
    : html.replace(/<html\b[^>]{0,2000}>/i, '$&<head>').replace(/<body[\s>]/i, '</head>$&')

/** A tree as browsers make it, with `html` and `body`, which pages may leave out. Undefined when it is too complex. */
const toDocument = (html: string, url: string): PageTree | undefined => {
  const bare = html.replace(/^\s*(<\?xml[^>]{0,500}>\s*)?(<!doctype[^>]{0,500}>)?/i, '')
  const hasBody = /<body[\s>]/i.test(bare)
  const hasRoot = /^\s*(<!--[^>]{0,2000}-->\s*)*<html[\s>]/i.test(bare)
  const rooted = hasRoot ? bare : `<html>${bare}`
  const whole = hasBody ? withHead(rooted) : `<html><body>${bare}</body></html>`
  const document = parseHTML(`<!doctype html>${whole}`).document as unknown as PageTree
  if (!isSimpleTree(document.documentElement)) return undefined
  for (const link of document.querySelectorAll('a[href]')) {
    const target = URL.parse(link.getAttribute('href') ?? '', url)
    if (target && /^https?:$/.test(target.protocol)) link.setAttribute('href', target.href)
    else link.removeAttribute('href')
  }
  for (const element of document.querySelectorAll(hidden)) element.remove()
  return document
}

const findArticle = (document: PageTree) => {
  try {
    return new Readability<PageElement>(document, {
      serializer: (root: unknown) => root as PageElement,
    }).parse()
  } catch {
    // It expects trees of browsers, and fails on some that are none.
    return null
  }
}

/**
 * The article of a page, or, where there is none that stands out, all of it but for navigation and the like. `textLength`:
 * how much text the page has. Undefined when its tree is too complex; the page must be simple enough for one.
 */
export const findMainContent = (html: string, url: string, textLength: number): MainContent | undefined => {
  const document = toDocument(html, url)
  if (!document) return undefined
  const article = findArticle(document)
  const length = article?.length ?? 0
  if (article?.content && (length >= ENOUGH_CHARACTERS || length >= textLength * ENOUGH_SHARE)) {
    return { title: article.title || undefined, root: article.content }
  }
  // Anew: the search has changed the tree.
  const body = toDocument(html, url)?.body
  if (!body) return undefined
  for (const element of body.querySelectorAll(noContent)) element.remove()
  // That of an article has its title.
  for (const header of body.querySelectorAll('header')) if (!header.closest('main,article')) header.remove()
  return { title: undefined, root: body }
}
