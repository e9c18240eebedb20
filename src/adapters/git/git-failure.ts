import { UnsafeTreeError } from '../../shared/safe-tree.ts'
import { UpstreamError, type UpstreamErrorKind } from '../../shared/upstream-error.ts'
import { GitError, type GitErrorReason } from './types.ts'

const reasons: Partial<Record<UpstreamErrorKind, GitErrorReason>> = {
  refused: 'refused',
  busy: 'busy',
  unreachable: 'unreachable',
  timeout: 'timeout',
}

export const damagedPack = (cause?: unknown): GitError =>
  new GitError('protocol', 'The Git server sent a damaged pack.', { cause })

export const damagedAnswer = (): GitError => new GitError('protocol', 'The server did not answer as Git servers do.')

/** What to throw for a failure of a check-out. The Git library throws errors of many classes for what a server does wrong. */
export const toGitFailure = (error: unknown): unknown => {
  if (error instanceof GitError) return error
  if (error instanceof UnsafeTreeError) return new GitError(error.reason, error.message, { cause: error })
  if (error instanceof UpstreamError) {
    return new GitError(reasons[error.kind] ?? 'protocol', `${error.message}.`, { cause: error })
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^E[A-Z]+$/.test(code)) return error
  return new GitError('protocol', 'The server did not answer as Git servers do.', { cause: error })
}
