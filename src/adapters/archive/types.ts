import type { TreeLimits, UnsafeTreeReason } from '../../shared/safe-tree.ts'

export type ArchiveKind = 'zip' | 'tar.gz'

/**
 * Why an archive was refused, besides what its tree of files is refused for.
 * - `unknown_format`, `rar`: not an archive that is read here, judged by content
 * - `corrupt`: damaged, cut off, or with headers that contradict each other or the data
 * - `link`, `special_file`: an entry is a link, or a device, pipe or socket
 * - `encrypted`, `unsupported`: an entry is stored in a way that is not read here
 * - `overlap`: entries share their data, as no honest program writes them
 * - `ratio`: the data unpacks to far more than what is plausible
 */
export type ArchiveErrorReason =
  | UnsafeTreeReason
  | 'unknown_format'
  | 'rar'
  | 'corrupt'
  | 'link'
  | 'special_file'
  | 'encrypted'
  | 'unsupported'
  | 'overlap'
  | 'ratio'

/** The message is one sentence for the person who chose the archive. */
export class ArchiveError extends Error {
  override name = 'ArchiveError'
  readonly reason: ArchiveErrorReason

  constructor(reason: ArchiveErrorReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}

export interface ArchiveLimits extends TreeLimits {
  /** Unpacked bytes for each byte of the archive; what unpacks to less than a megabyte may have any ratio. */
  ratio: number
}

export interface ExtractRequest {
  /** The archive on disk. It must not change meanwhile. */
  file: string
  kind: ArchiveKind
  /** An empty folder. After a failure it holds a part of the files; the caller removes it. */
  into: string
  limits: ArchiveLimits
  /** Which paths to unpack; the others are passed over unchecked and uncounted. Folders come without a `/` at the end. */
  keep?: (path: string) => boolean
  signal?: AbortSignal
}

export interface Extracted {
  files: number
  bytes: number
}

/** What unpacks archives. Checks every entry before it writes the first; throws `ArchiveError`, or the signal's reason. */
export interface Archives {
  /** Tells the kind by content, whatever the name says. */
  detect: (file: string) => Promise<ArchiveKind>
  extract: (request: ExtractRequest) => Promise<Extracted>
}
