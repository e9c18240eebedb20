import type { Deps } from '../../deps.ts'
import { readUpTo } from '../../shared/read-up-to.ts'

/** As much as is read of a page; what is cut off would rarely be within the length that is asked for. */
const maxPageBytes = 2_097_152
const maxRedirects = 5
export const fetchMs = 10_000

const headers = {
  accept: 'text/html,application/xhtml+xml,text/plain;q=0.9,text/markdown;q=0.9',
  'accept-language': 'en,*;q=0.5',
  'user-agent': 'Mozilla/5.0 (compatible; BrainDrive/1.0; +https://braindrive.ai/bot)',
}

/** Why a page is not there, in the words of work.md 4. */
export class PageNotFetched extends Error {
  override name = 'PageNotFetched'
}

export interface FetchedPage {
  bytes: Uint8Array
  isCut: boolean
  contentType: string
  /** After redirects. */
  url: string
}

const isText = (contentType: string) => /text\/(html|plain|markdown)|application\/xhtml/i.test(contentType)

const findFault = (response: Response, contentType: string): string | undefined => {
  if (response.status !== 200) return `HTTP ${response.status}`
  if (!isText(contentType)) return `Unsupported content type: ${contentType.slice(0, 100)}`
  // What is packed once has been unpacked by now.
  const coding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return coding === '' || coding === 'identity' ? undefined : `Unsupported content encoding: ${coding.slice(0, 100)}`
}

/**
 * Gets a page from a public address, each redirect checked the same way; not more than two megabytes of it.
 * Throws `PageNotFetched`, or what `fetch` throws.
 */
export const fetchPage = async (
  { fetch }: Pick<Deps, 'fetch'>,
  address: string,
  signal: AbortSignal,
): Promise<FetchedPage> => {
  const response = await fetch(address, 'public', { headers, signal, idleTimeoutMs: fetchMs, maxRedirects })
  const contentType = response.headers.get('content-type') ?? ''
  const fault = findFault(response, contentType)
  if (fault !== undefined) {
    await response.body?.cancel().catch(() => undefined)
    throw new PageNotFetched(fault)
  }
  return { ...(await readUpTo(response, maxPageBytes)), contentType, url: response.url }
}
