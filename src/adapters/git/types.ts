import type { TreeLimits, UnsafeTreeReason } from '../../shared/safe-tree.ts'
import type { Pace } from '../web/types.ts'

/**
 * Why a repository was not checked out, besides what its tree of files is refused for.
 * - `bad_url`: no usable https address, or one with a user name or password in it
 * - `refused`: the address (or one it redirects to) is not allowed
 * - `unreachable`, `timeout`, `busy`: the server, or our own limit of simultaneous requests
 * - `needs_login`: the server asks for credentials; many do so for what does not exist as well
 * - `not_found`, `empty`, `no_such_version`
 * - `not_git`: something answers there, but not a Git server
 * - `too_large`: more was sent than the limit
 * - `link`: the tree has a symbolic link
 * - `protocol`: the server did not do what Git servers do
 */
export type GitErrorReason =
  | UnsafeTreeReason
  | 'bad_url'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'busy'
  | 'needs_login'
  | 'not_found'
  | 'empty'
  | 'no_such_version'
  | 'not_git'
  | 'too_large'
  | 'link'
  | 'protocol'

/** The message is one sentence for the person who named the repository; it shows no more of the URL than its host. */
export class GitError extends Error {
  override name = 'GitError'
  readonly reason: GitErrorReason

  constructor(reason: GitErrorReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}

export interface GitLimits extends TreeLimits {
  /** Bytes received from the server. */
  receivedBytes: number
  /** Unpacked bytes for each received one, once there are many. */
  ratio: number
  /** For the whole check-out. */
  timeMs: number
  /** Longest silence of the server. */
  idleMs: number
  minPace: Pace
}

export interface CheckOutRequest {
  url: string
  /** `latest`, a tag with or without its `v`, or a branch. */
  version: string
  /**
   * An empty folder. After a failure it may hold a part of the files; the caller removes it. A folder of the same name with
   * `.git` at its end is made beside it while the work lasts.
   */
  into: string
  limits: GitLimits
  /** Which paths to write; the others are passed over unchecked and uncounted. Folders come without a `/` at the end. */
  keep?: (path: string) => boolean
  signal?: AbortSignal
  onProgress?: (receivedBytes: number) => void
}

export interface CheckedOut {
  /** The tag or branch, without `refs/…/`. */
  ref: string
  /** 40 hex characters. */
  commit: string
  files: number
  bytes: number
}

/**
 * Reads repositories of any https Git host, and of plain-http hosts that the administrator listed. Throws `GitError`, or
 * the signal's reason. No repository is left behind: only its files, without links, submodules and executable bits.
 */
export interface GitSource {
  checkOut: (request: CheckOutRequest) => Promise<CheckedOut>
}
