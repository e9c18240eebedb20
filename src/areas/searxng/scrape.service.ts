import { PageError, type PageFormat, type PageText } from '../../adapters/documents/pages/types.ts'
import type { Deps } from '../../deps.ts'
import { createPerKeyLimit } from '../../shared/per-key-limit.ts'
import { createSemaphore } from '../../shared/semaphore.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { fetchMs, fetchPage, PageNotFetched } from './fetch-page.ts'
import * as errors from './searxng.errors.ts'
import type { Scraped, ScrapedPage } from './searxng.schema.ts'

type ScrapeDeps = Pick<Deps, 'fetch' | 'pageReader' | 'log'>

const maxUrls = 5
/** Requests that one user has under way; all their pages together never take all places. */
const maxRequestsPerUser = 3
/** Pages of all users at once: fewer than outgoing requests may be, since chats need some; each is in memory. */
const maxPages = 40
const maxWaiting = 400
/** Clients give up after 30 s. */
const requestMs = 25_000
const maxTitleLength = 300

export interface ScrapeOptions {
  maxLength: number
  format: PageFormat
  /** Aborts when the client is gone. */
  signal: AbortSignal
}

const cut = (text: string, maxLength: number): string => {
  // Never within a pair.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(maxLength - 1)) ? maxLength - 1 : maxLength
  return text.length > maxLength ? `${text.slice(0, end)}...` : text
}

const withTitle = (title: string, text: string, format: PageFormat): string => {
  if (title === '' || text.replace(/^#+ /, '').startsWith(title)) return text
  return `${format === 'markdown' ? '# ' : ''}${title}\n\n${text}`.trim()
}

const toScraped = (url: string, page: PageText, isCut: boolean, { maxLength, format }: ScrapeOptions): ScrapedPage => {
  const title = cut(page.title ?? '', maxTitleLength)
  const whole = withTitle(title, page.text, format)
  const content = cut(whole, maxLength)
  return {
    url,
    success: true,
    content,
    content_length: content.length,
    title: title || null,
    truncated: isCut || content !== whole,
  }
}

/** The texts of work.md 4; undefined for what is no failure of a page. */
const toReason = (error: unknown, isOver: boolean): string | undefined => {
  if (isOver || (error instanceof UpstreamError && error.kind === 'timeout')) return 'Request timeout'
  if (error instanceof UpstreamError) return error.kind === 'unreachable' ? 'Connection failed' : error.message
  return error instanceof PageNotFetched || error instanceof PageError ? error.message : undefined
}

/** Makes what reads pages of the web for users: all those of a request at once, as far as there is room. */
export const createScraper = (deps: ScrapeDeps) => {
  const places = createSemaphore(maxPages, maxWaiting, errors.tooManyRequests)
  const limitUser = createPerKeyLimit(maxRequestsPerUser, errors.tooManyOwnScrapes)

  const scrapeOne = async (userId: string, url: string, options: ScrapeOptions): Promise<ScrapedPage> => {
    let deadline: AbortSignal | undefined
    const readNow = async () => {
      deadline = AbortSignal.timeout(fetchMs)
      const { isCut, ...page } = await fetchPage(deps, url, AbortSignal.any([options.signal, deadline]))
      deadline = undefined
      const text = await deps.pageReader.read(userId, { ...page, format: options.format }, options.signal)
      return toScraped(url, text, isCut, options)
    }
    try {
      return await places.run(readNow, options.signal)
    } catch (error) {
      const reason = toReason(error, options.signal.aborted || deadline?.aborted === true)
      if (reason === undefined) throw error
      return { url, success: false, error: reason, content: '' }
    }
  }

  /** In the order of the addresses; what fails costs its own item only. Throws 400 for none or more than five, 429, 503. */
  return async (userId: string, urls: string[], options: ScrapeOptions): Promise<Scraped> => {
    if (urls.length === 0) throw errors.urlRequired()
    if (urls.length > maxUrls) throw errors.tooManyUrls()
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(requestMs)])
    const results = await limitUser(userId, () =>
      Promise.all(urls.map((url) => scrapeOne(userId, url, { ...options, signal }))),
    )
    return {
      results,
      summary: {
        total_urls: results.length,
        successful_scrapes: results.filter(({ success }) => success).length,
        total_content_length: results.reduce((sum, { content_length: length = 0 }) => sum + length, 0),
      },
    }
  }
}
