/** A file attached to a release. */
export interface ReleaseAsset {
  name: string
  url: string
  sizeBytes: number
}

export interface Release {
  tag: string
  /** ISO 8601; null for a release that was never published. */
  publishedAt: string | null
  /** In the order of GitHub. */
  assets: ReleaseAsset[]
  /** The source code at the tag. */
  tarballUrl: string
  /** What to install: the first asset that is an archive, else the source code. */
  archive: { name: string; url: string; isSource: boolean }
}

/** `unavailable`: no usable answer for another reason than the limit of requests. */
export type GithubErrorReason = 'rate_limited' | 'unavailable'

/** The message is one sentence for the person who named the repository. */
export class GithubError extends Error {
  override name = 'GithubError'
  readonly reason: GithubErrorReason
  /** When GitHub answers again, in milliseconds since the epoch. */
  readonly resetAtMs: number | undefined

  constructor(reason: GithubErrorReason, message: string, options: { resetAtMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.reason = reason
    this.resetAtMs = options.resetAtMs
  }
}

export interface ReleaseRequest {
  owner: string
  repo: string
  /** `latest` (GitHub's own choice, without drafts and pre-releases), or a tag with or without its `v`. */
  version: string
  signal?: AbortSignal
}

/** Looks releases up. Throws `GithubError`, or the signal's reason. */
export interface GithubReleases {
  /** Undefined when there is no such repository or release; GitHub does not tell which. */
  findRelease: (request: ReleaseRequest) => Promise<Release | undefined>
}
