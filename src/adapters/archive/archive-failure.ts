import { UnsafeTreeError } from '../../shared/safe-tree.ts'
import { ArchiveError } from './types.ts'

const CORRUPT = 'The archive is damaged or incomplete.'

/**
 * What to throw for a failure while unpacking. The readers throw plain errors for whatever a damaged archive makes them
 * stumble over; only what the operating system reports about our own disk stays what it is.
 */
export const toArchiveFailure = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (signal?.aborted) return signal.reason
  if (error instanceof ArchiveError) return error
  if (error instanceof UnsafeTreeError) return new ArchiveError(error.reason, error.message, { cause: error })
  // Our fold of names is stricter than any file system known to us; this is for the one that is not.
  if (codeOf(error) === 'EEXIST')
    return new ArchiveError('path_collision', 'Two entries of the archive have one place.')
  return /^E[A-Z0-9]+$/.test(codeOf(error)) ? error : new ArchiveError('corrupt', CORRUPT, { cause: error })
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
