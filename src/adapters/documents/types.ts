import type { DocumentFormat } from '../../shared/document-types.ts'
import type { PageErrorReason, PageRequest, PageText } from './pages/types.ts'

export interface ReadOptions {
  /** PDF: keeps lines and columns as they are on the page. */
  preserveLayout: boolean
  /** HTML and e-mail: leaves out navigation, headers, footers and asides. */
  stripBoilerplate: boolean
}

export interface DocumentRequest extends ReadOptions {
  /** The file on disk. It must not change meanwhile. */
  path: string
  /** As its sender calls it; only the extension counts. */
  name: string
  /** As its sender says, or null. */
  contentType: string | null
}

export type DocumentMetadata = Record<string, string | number | string[]>

export interface DocumentText {
  format: DocumentFormat
  /** The media type of what the content was recognised as; null when only its name or sender tell. */
  recognisedType: string | null
  text: string
  metadata: DocumentMetadata
  warnings: string[]
}

/**
 * Why a document was not read. The message is one sentence for the person who sent it.
 * - `unsupported`: neither content nor name nor type is one that is read here
 * - `unreadable`: damaged, protected, or made in a way that is not read here
 * - `too_slow`, `too_large`: it would need more time or memory than one document may have
 */
export type DocumentErrorReason = 'unsupported' | 'unreadable' | 'too_slow' | 'too_large'

export class DocumentError extends Error {
  override name = 'DocumentError'
  readonly reason: DocumentErrorReason

  constructor(reason: DocumentErrorReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}

/** What reads documents. Each is read by a process of its own, which ends with it. */
export interface DocumentReader {
  /**
   * The text of a document. Waits for its turn: users take turns, and one may have so many waiting.
   * Throws `DocumentError`, or what the queue refuses with. The signal lets go of it, running or waiting.
   */
  read: (userId: string, request: DocumentRequest, signal?: AbortSignal) => Promise<DocumentText>
  /** A new folder for uploads, which is removed with all its files at the end of the block. */
  stage: () => Promise<{ path: string } & AsyncDisposable>
  /** For the start of the server: removes uploads that a crash left behind. */
  recover: () => Promise<void>
}

/** What the process that reads a document or a page is sent: once, and nothing else. */
export interface ReadOrder {
  request: { document: DocumentRequest } | { page: PageRequest }
  maxMemoryBytes: number
  maxMs: number
}

/** Its answer. */
export type ReadAnswer =
  | { ok: true; result: DocumentText | PageText }
  /** `failed`: what is read is not the reason; the message is for the log. */
  | { ok: false; reason: DocumentErrorReason | PageErrorReason | 'failed'; message: string }
