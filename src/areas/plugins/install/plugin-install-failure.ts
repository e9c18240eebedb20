import { GitError, type GitErrorReason } from '../../../adapters/git/types.ts'
import { GithubError } from '../../../adapters/github/types.ts'
import { AppError } from '../../../shared/app-error.ts'
import { UpstreamError, type UpstreamErrorKind } from '../../../shared/upstream-error.ts'
import { JobFailure } from '../../jobs/job-type.ts'

// A connection that breaks off in the middle looks like a server that breaks its protocol.
const passingReasons = new Set<GitErrorReason>(['unreachable', 'timeout', 'busy', 'protocol'])
const passingKinds = new Set<UpstreamErrorKind>(['unreachable', 'timeout', 'busy', 'protocol'])

/** Whether the far end, or the line to it, may do better in a while. */
const isPassing = (error: unknown): boolean => {
  if (error instanceof GitError) return passingReasons.has(error.reason)
  if (error instanceof UpstreamError) return passingKinds.has(error.kind) || (error.status ?? 0) >= 500
  // Too many installations at once, or another one of the same plugin came in between.
  if (error instanceof AppError) return [409, 429, 503].includes(error.status)
  return error instanceof GithubError
}

const causesOf = (error: unknown): unknown[] =>
  error instanceof Error ? [error, ...(error.cause === undefined ? [] : causesOf(error.cause))] : [error]

/** What to tell of an installation that failed in the background. Other errors stay what they are. */
export const toInstallJobFailure = (error: unknown): unknown => {
  if (!(error instanceof AppError)) return error
  const isTransient = causesOf(error).some(isPassing)
  return new JobFailure(error.code, error.message, { isTransient, cause: error })
}
