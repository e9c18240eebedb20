/** What a page is written as. */
export type PageFormat = 'text' | 'markdown'

export interface PageRequest {
  /** As sent, decompressed. */
  bytes: Uint8Array
  /** The header `Content-Type`, with its charset. */
  contentType: string
  /** Where the page came from, which its links are relative to. */
  url: string
  format: PageFormat
}

export interface PageText {
  title: string | undefined
  /** The main content: blocks apart, without scripts, navigation and pictures. */
  text: string
}

/**
 * Why a page was not read. The message is one sentence for the person who asked.
 * - `unreadable`: nested too deeply, or more than memory takes
 * - `too_slow`: it would take longer than one page may
 * - `busy`: too many others wait to be read
 */
export type PageErrorReason = 'unreadable' | 'too_slow' | 'busy'

export class PageError extends Error {
  override name = 'PageError'
  readonly reason: PageErrorReason

  constructor(reason: PageErrorReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Reads pages in processes of their own: a page may be made to take long, and a busy thread cannot be ended. */
export interface PageReader {
  /** Waits for its turn: users take turns. Throws `PageError`, or the signal's reason. */
  read: (userId: string, request: PageRequest, signal?: AbortSignal) => Promise<PageText>
}
