/**
 * Which addresses an outgoing request may reach.
 * - `public`: public unicast only (scraping, plugin downloads).
 * - `provider`: also loopback and private networks, since model servers live there; never link-local or cloud metadata.
 */
export type AddressPolicy = 'public' | 'provider'

/** At least so many bytes in each span of so many ms. */
export interface Pace {
  bytes: number
  ms: number
}

export interface GuardedRequest {
  method?: 'GET' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  body?: string
  /** Aborts the connection, the name lookup included. */
  signal?: AbortSignal
  /** Longest silence in ms before the answer's headers and between two pieces of its body. */
  idleTimeoutMs?: number
  /** How fast the answer's body has to come, from its first byte on; none by default, since streams have breaks. */
  minPace?: Pace
  /** Redirects to follow, each checked again by the same policy; 0 (the default) returns the 3xx as an error. */
  maxRedirects?: number
}

/** The only way out of this process (architecture invariant). Throws `UpstreamError`. */
export type GuardedFetch = (url: string, policy: AddressPolicy, request?: GuardedRequest) => Promise<Response>

export interface DownloadRequest {
  url: string
  /** Where to; must not exist yet. After a failure it is gone. */
  file: string
  maxBytes: number
  /** For the whole download. */
  timeMs: number
  /** Longest silence of the server. */
  idleMs: number
  minPace: Pace
  signal?: AbortSignal
  /** `totalBytes` when the server announced it. */
  onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void
}

/**
 * Streams a file to disk and flushes it. Redirects are followed, each judged by the policy `public`. Throws `UpstreamError`,
 * or the signal's reason.
 */
export type Download = (request: DownloadRequest) => Promise<{ bytes: number }>
