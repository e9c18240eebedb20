/**
 * What went wrong at the far end of an outgoing request.
 * - `refused`: the address is not allowed by policy, or the URL is not usable
 * - `busy`: our own bound on simultaneous upstream calls is reached
 * - `unreachable`: name lookup, connection or TLS failed
 * - `timeout`: silence for longer than the limit
 * - `status`: the answer's HTTP status is an error (see `status`)
 * - `protocol`: the answer is not what the provider's documentation promises (HTML, broken JSON, an over-long line, an early end)
 * - `too_large`: the answer is longer than the caller takes
 * - `in_band`: the provider reported an error inside a 200 answer
 * - `aborted`: the caller's signal
 */
export type UpstreamErrorKind =
  | 'refused'
  | 'busy'
  | 'unreachable'
  | 'timeout'
  | 'status'
  | 'protocol'
  | 'too_large'
  | 'in_band'
  | 'aborted'

/** `message` is safe to show to the user who configured the server: no URL with credentials, no key, no raw body. */
export class UpstreamError extends Error {
  override name = 'UpstreamError'
  readonly kind: UpstreamErrorKind
  readonly status: number | undefined

  constructor(kind: UpstreamErrorKind, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.status = options.status
  }
}
