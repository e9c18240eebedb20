import { createBoundedMap } from '../../shared/bounded-map.ts'
import type { Clock } from '../../shared/clock.ts'
import { spellVersion } from '../../shared/spell-version.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import type { GuardedFetch } from '../web/types.ts'
import { parseRelease } from './parse-release.ts'
import { rateLimited, readRateLimit } from './rate-limit.ts'
import { GithubError, type GithubReleases, type Release, type ReleaseRequest } from './types.ts'

export interface GithubReleasesOptions {
  fetch: GuardedFetch
  clock: Clock
  /** Where the API is, without a slash at the end; for tests. */
  apiUrl?: string
}

const MAX_CACHED = 500
const MAX_ANSWER_BYTES = 4_000_000
const MAX_REDIRECTS = 3
const IDLE_TIMEOUT_MS = 10_000

/**
 * Makes what looks releases up, without credentials: GitHub then allows 60 requests an hour for each address. Answers are
 * asked for with their ETag, and after a refusal GitHub is left alone until the time it named.
 */
export const createGithubReleases = (options: GithubReleasesOptions): GithubReleases => {
  const ask = createAsk(options)
  const findRelease = async ({ owner, repo, version, signal }: ReleaseRequest): Promise<Release | undefined> => {
    const wanted = version.trim()
    if (![owner, repo].every(isName) || !isTag(wanted)) return undefined
    const base = `/repos/${owner}/${repo}/releases`
    const paths =
      wanted === 'latest' ? ['latest'] : spellVersion(wanted).map((tag) => `tags/${encodeURIComponent(tag)}`)
    for (const path of paths) {
      const release = await ask(`${base}/${path}`, repo, signal)
      if (release) return release
    }
    return undefined
  }
  return { findRelease }
}

const isName = (text: string): boolean => /^[\w.-]{1,100}$/.test(text) && !/^\.+$/.test(text)

// A tag of dots would lead to another path of the API.
const isTag = (text: string): boolean => text.length <= 250 && !/^\.*$/.test(text) && text.isWellFormed()

const createAsk = ({ fetch, clock, apiUrl = 'https://api.github.com' }: GithubReleasesOptions) => {
  const cache = createBoundedMap<string, { etag: string; release: Release }>(MAX_CACHED)
  let silentUntilMs = 0
  return async (path: string, repo: string, signal: AbortSignal | undefined): Promise<Release | undefined> => {
    if (clock() < silentUntilMs) throw rateLimited(silentUntilMs, clock())
    const cached = cache.get(path)
    try {
      const response = await send(fetch, `${apiUrl}${path}`, cached?.etag, signal)
      if (response.status === 304 && cached) return cached.release
      if (response.status === 404) return undefined
      const resetAtMs = readRateLimit(response, clock())
      if (resetAtMs !== undefined) {
        silentUntilMs = resetAtMs
        throw rateLimited(resetAtMs, clock())
      }
      if (response.status !== 200) throw unavailable(`GitHub answered with status ${response.status}.`)
      const release = parseRelease(parseJson(response.text), repo)
      if (!release) throw unavailable('GitHub answered with something that is no release.')
      if (response.etag !== null) cache.set(path, { etag: response.etag, release })
      return release
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof UpstreamError ? unavailable(`GitHub could not be asked: ${error.message}.`, error) : error
    }
  }
}

const unavailable = (message: string, cause?: unknown) => new GithubError('unavailable', message, { cause })

const send = async (fetch: GuardedFetch, url: string, etag: string | undefined, signal: AbortSignal | undefined) => {
  const response = await fetch(url, 'public', {
    headers: {
      accept: 'application/vnd.github+json',
      'user-agent': 'BrainDrive',
      'x-github-api-version': '2022-11-28',
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    maxRedirects: MAX_REDIRECTS,
    ...(signal && { signal }),
  })
  const { status, headers } = response
  return { status, headers, etag: headers.get('etag'), text: await readText(response) }
}

const readText = async (response: Response): Promise<string> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.byteLength
    if (size > MAX_ANSWER_BYTES) throw unavailable('GitHub answered with more than a release can be.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
