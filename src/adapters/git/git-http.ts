import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git'
import { toMegabytes } from '../../shared/megabytes.ts'
import type { GuardedFetch, GuardedRequest } from '../web/types.ts'
import { GitError } from './types.ts'

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement'
const RESULT = 'application/x-git-upload-pack-result'
const USER_AGENT = 'git/braindrive'
const MAX_REDIRECTS = 5

/** A list of refs is text; a hundred thousand of them fit. */
const MAX_ADVERTISEMENT_BYTES = 10_000_000

export interface GitHttpOptions {
  fetch: GuardedFetch
  /** Counted over all answers, as they are after content decoding. */
  maxReceivedBytes: number
  idleMs: number
  signal: AbortSignal
  onProgress: ((receivedBytes: number) => void) | undefined
}

/** What isomorphic-git speaks HTTP with, and the failure that it may have swallowed. */
export interface GitHttp extends HttpClient {
  failure: () => unknown
}

/**
 * Asks the server for its refs, and makes the client for what follows. The list is asked for once and handed out again,
 * so that what was chosen from it is what gets fetched. Throws `GitError` or `UpstreamError`.
 */
export const openGitHttp = async (url: string, options: GitHttpOptions): Promise<GitHttp> => {
  const meter = createMeter(options)
  const list = await fetchAdvertisement(url, options, meter)
  let failure: unknown
  const request = async (asked: GitHttpRequest): Promise<GitHttpResponse> => {
    try {
      if (asked.method !== 'POST') return toGitResponse(list.response, [list.body])
      const response = await postPack(list.base, asked, options)
      return toGitResponse(response, watch(meter(response)))
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  // The library takes a body that fails for one that ends, and reports something else later.
  async function* watch(pieces: AsyncIterable<Uint8Array>) {
    try {
      yield* pieces
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  return { request, failure: () => failure }
}

type Meter = (response: Response) => AsyncGenerator<Uint8Array>

const createMeter = ({ maxReceivedBytes, onProgress }: GitHttpOptions): Meter => {
  let received = 0
  return async function* count(response) {
    for await (const piece of response.body ?? []) {
      received += piece.byteLength
      if (received > maxReceivedBytes) {
        throw new GitError(
          'too_large',
          `The repository is larger than ${toMegabytes(maxReceivedBytes)}, which is the limit.`,
        )
      }
      onProgress?.(received)
      yield piece
    }
  }
}

const fetchAdvertisement = async (url: string, options: GitHttpOptions, meter: Meter) => {
  const headers = { accept: '*/*', 'user-agent': USER_AGENT }
  const response = await send(options, `${url}/info/refs?service=git-upload-pack`, {
    headers,
    maxRedirects: MAX_REDIRECTS,
  })
  await checkAnswer(response, ADVERTISEMENT)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of meter(response)) {
    size += piece.byteLength
    if (size > MAX_ADVERTISEMENT_BYTES)
      throw new GitError('too_large', 'The repository has too many branches and tags.')
    pieces.push(piece)
  }
  return { base: toBase(response.url || url), response, body: Buffer.concat(pieces) }
}

// As git does: where the list was found is where the rest is asked for, since a POST does not survive all redirects.
const toBase = (finalUrl: string): string => finalUrl.replace(/\?.*$/s, '').replace(/\/info\/refs$/, '')

const postPack = async (base: string, asked: GitHttpRequest, options: GitHttpOptions): Promise<Response> => {
  const pieces: Uint8Array[] = []
  for await (const piece of asked.body ?? []) pieces.push(piece)
  const headers = { accept: RESULT, 'content-type': 'application/x-git-upload-pack-request', 'user-agent': USER_AGENT }
  // What is sent is object names and capabilities, always ASCII.
  const body = Buffer.concat(pieces).toString('latin1')
  const response = await send(options, `${base}/git-upload-pack`, { method: 'POST', headers, body })
  await checkAnswer(response, RESULT)
  return response
}

const send = ({ fetch, signal, idleMs }: GitHttpOptions, url: string, request: GuardedRequest) =>
  fetch(url, 'public', { ...request, signal, idleTimeoutMs: idleMs })

const checkAnswer = async (response: Response, contentType: string): Promise<void> => {
  const failure = findFault(response, contentType)
  if (!failure) return
  await response.body?.cancel().catch(() => undefined)
  throw failure
}

const findFault = ({ status, headers }: Response, contentType: string): GitError | undefined => {
  if (status === 401 || status === 403) {
    return new GitError('needs_login', 'The repository does not exist or is not public: the server asks for a login.')
  }
  if (status === 404 || status === 410)
    return new GitError('not_found', 'The server has no repository at this address.')
  if (status === 429) return new GitError('busy', 'The Git server wants fewer requests. Try again later.')
  if (status !== 200) return new GitError('protocol', `The Git server answered with status ${status}.`)
  const given = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  return given === contentType ? undefined : new GitError('not_git', 'There is no Git repository at this address.')
}

const toGitResponse = (response: Response, body: AsyncIterable<Uint8Array> | Uint8Array[]): GitHttpResponse => ({
  url: response.url,
  method: 'GET',
  headers: Object.fromEntries(response.headers.entries()),
  body: toIterator(body),
  statusCode: response.status,
  statusMessage: response.statusText,
})

async function* toIterator(body: AsyncIterable<Uint8Array> | Uint8Array[]): AsyncIterableIterator<Uint8Array> {
  yield* body
}
