import { defineError, defineErrorWith } from '../../shared/app-error.ts'

const mebibyte = 1_048_576

/** In mebibytes, of which 10 are called 10MB. */
export const fileTooLarge = defineErrorWith(
  413,
  'documents.file_too_large',
  (maxBytes: number) => `File too large. Maximum size is ${Math.round((maxBytes / mebibyte) * 100) / 100}MB`,
)
export const tooManyFiles = defineErrorWith(
  400,
  'documents.too_many_files',
  (max: number) => `Too many files. Maximum is ${max} files`,
)
export const unsupported = defineError(400, 'documents.unsupported', 'Unsupported or unknown file type')
export const unsupportedForContext = defineError(
  400,
  'documents.unsupported_for_context',
  'Unsupported file type for context seeding.',
)
/** What the reader of the format says: `Unable to parse PDF: …`. */
export const unreadable = defineErrorWith(400, 'documents.unreadable', (message: string) => message)
export const tooMuch = defineErrorWith(400, 'documents.too_much', (message: string) => message)
/** A mistake or a lack of ours: nothing to read from, no process to be had. */
export const failed = defineError(500, 'documents.failed', 'Error processing document')
export const tooManyDocuments = defineError(
  503,
  'documents.too_many',
  'Too many documents are waiting to be read: try again later',
)
export const tooManyOwnDocuments = defineError(
  429,
  'documents.too_many_own',
  'You have other documents waiting to be read: wait until they are done',
)
