import { DocumentError, type DocumentRequest, type DocumentText } from '../../adapters/documents/types.ts'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../shared/app-error.ts'
import { countCodePoints, endOfCodePoints } from '../../shared/code-points.ts'
import { mediaTypeOf, toCanonical } from '../../shared/document-types.ts'
import { chunkLimits, toChunks } from './chunks.ts'
import * as errors from './documents.errors.ts'
import type { BatchAnswer, ContextAnswer, DocumentAnswer, FailedDocument, ReadQuery } from './documents.schema.ts'

/** An uploaded file on disk. */
export interface UploadedDocument {
  path: string
  name: string
  type: string
  bytes: number
  isCut: boolean
}

export interface Reader {
  userId: string
  /** Fires when the client is gone. */
  signal: AbortSignal
}

type ReadDeps = Pick<Deps, 'config' | 'documentReader'>

/** What browsers and parsers of forms say of a file that they know nothing of. */
const isAnything = (type: string) => type === '' || type === 'application/octet-stream'

const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  if (!(error instanceof DocumentError)) return errors.failed({ reason: String(error) })
  if (error.reason === 'unsupported') return errors.unsupported()
  return error.reason === 'unreadable' ? errors.unreadable(error.message) : errors.tooMuch(error.message)
}

const read = async (
  { config, documentReader }: ReadDeps,
  { userId, signal }: Reader,
  { path, name, type, isCut }: UploadedDocument,
  options: Pick<DocumentRequest, 'preserveLayout' | 'stripBoilerplate'>,
): Promise<DocumentText> => {
  if (isCut) throw errors.fileTooLarge(config.maxDocumentBytes)
  try {
    return await documentReader.read(userId, { path, name, contentType: type || null, ...options }, signal)
  } catch (error) {
    throw signal.aborted ? error : toAppError(error)
  }
}

const toChunkFields = (text: string): Pick<DocumentAnswer, 'chunks' | 'chunk_metadata'> => {
  const { chunks, truncated } = toChunks(text)
  if (chunks.length === 0) return {}
  const total_chars = countCodePoints(text)
  return { chunks, chunk_metadata: { truncated, total_chars, segment_count: chunks.length } }
}

/** Throws `documents.errors`. */
export const processDocument = async (
  deps: ReadDeps,
  reader: Reader,
  file: UploadedDocument,
  query: ReadQuery,
): Promise<DocumentAnswer> => {
  const { include_chunks, max_chars, preserve_layout = false, strip_boilerplate = true } = query
  const options = { preserveLayout: preserve_layout, stripBoilerplate: strip_boilerplate }
  const { format, recognisedType, text, metadata, warnings } = await read(deps, reader, file, options)
  const kept = max_chars === undefined ? text : text.slice(0, endOfCodePoints(text, max_chars))
  const isCut = kept.length < text.length
  const allWarnings = isCut ? [...warnings, `Text truncated to ${max_chars} characters per request limit`] : warnings
  return {
    filename: file.name,
    file_type: toCanonical(format),
    content_type: recognisedType ?? (isAnything(file.type) ? mediaTypeOf(format) : file.type),
    file_size: file.bytes,
    extracted_text: kept,
    text_length: countCodePoints(kept),
    processing_success: true,
    detected_type: format,
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...(allWarnings.length > 0 ? { warnings: allWarnings } : {}),
    ...(include_chunks ? toChunkFields(kept) : {}),
  }
}

/** What one of several files failed with, for its sender only where it is meant for somebody. */
const toFailed = (filename: string, error: unknown): FailedDocument => {
  if (!(error instanceof AppError)) throw error
  return { filename, error: error.message, processing_success: false }
}

/** Each file for itself: one that cannot be read does not spoil the others. */
export const processDocuments = async (
  deps: ReadDeps,
  reader: Reader,
  files: UploadedDocument[],
  query: ReadQuery,
): Promise<BatchAnswer> => {
  const results = await Promise.all(
    files.map((file) => processDocument(deps, reader, file, query).catch((error) => toFailed(file.name, error))),
  )
  const successful = results.filter((result) => result.processing_success).length
  return {
    results,
    total_files: files.length,
    successful_files: successful,
    failed_files: files.length - successful,
  }
}

const notice = 'Document was truncated to fit context limits. Only the first segments are included.'

/** Throws `documents.errors`. */
export const processForContext = async (
  deps: ReadDeps,
  reader: Reader,
  file: UploadedDocument,
): Promise<ContextAnswer> => {
  const options = { preserveLayout: false, stripBoilerplate: true }
  const { format, text, warnings } = await read(deps, reader, file, options).catch((error: unknown) => {
    throw (error as AppError).code === errors.unsupported.code ? errors.unsupportedForContext() : error
  })
  const { chunks, truncated } = toChunks(text)
  return {
    filename: file.name,
    file_type: toCanonical(format),
    content_type: file.type || null,
    file_size: file.bytes,
    total_input_chars: countCodePoints(text),
    segments: chunks,
    segment_count: chunks.length,
    truncated,
    max_total_chars: chunkLimits.maxTotal,
    max_segments: chunkLimits.maxSegments,
    max_chars_per_segment: chunkLimits.maxPerSegment,
    overlap_chars: chunkLimits.overlap,
    processing_success: true,
    ...(truncated ? { truncation_notice: notice } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  }
}
