import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git'
import { toMegabytes } from '../../shared/megabytes.ts'
import type { GuardedFetch, GuardedRequest } from '../web/types.ts'
import { checkAnswer } from './git-answer.ts'
import { divertPack, splitPackets } from './packets.ts'
import type { Pause } from './pause.ts'
import { readRefList, toShortList, type RefList } from './ref-list.ts'
import { GitError, type CheckOutRequest } from './types.ts'

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement'
const RESULT = 'application/x-git-upload-pack-result'
const USER_AGENT = 'git/braindrive'
const MAX_REDIRECTS = 5

/** A list of refs is text; a hundred thousand of them fit. */
const MAX_ADVERTISEMENT_BYTES = 10_000_000

export interface GitHttpOptions {
  fetch: GuardedFetch
  /** Bytes are counted over all answers, as they are after content decoding. */
  request: Pick<CheckOutRequest, 'limits' | 'onProgress'> & { signal: AbortSignal }
  pause: Pause
  /** Gets the pack piece by piece; the library sees an empty one. */
  onPack: (piece: Uint8Array) => Promise<void>
}

/** What isomorphic-git speaks HTTP with, and the failure that it may have swallowed. */
export interface GitHttp extends HttpClient {
  failure: () => unknown
}

/** A server that has told its refs. */
export interface GitServer {
  refs: RefList
  /** For asking it for one of them. The library is told of no other: it would hold a long list in memory several times. */
  openHttp: (refName: string) => GitHttp
}

/**
 * Asks the server for its refs. They are asked for once, so that what was chosen from them is what gets fetched. Throws
 * `GitError` or `UpstreamError`.
 */
export const askGitServer = async (url: string, options: GitHttpOptions): Promise<GitServer> => {
  const meter = createMeter(options)
  const { base, response, refs } = await fetchRefList(url, options, meter)
  const openHttp = (refName: string): GitHttp => {
    const list = toGitResponse(response, [toShortList(refs, refName)])
    return watchFailures(async (asked) => {
      if (asked.method !== 'POST') return list
      const answer = await postPack(base, asked, options)
      return toGitResponse(answer, divertPack(meter(answer), options.onPack))
    })
  }
  return { refs, openHttp }
}

const watchFailures = (send: HttpClient['request']): GitHttp => {
  let failure: unknown
  const request = async (asked: GitHttpRequest): Promise<GitHttpResponse> => {
    try {
      const response = await send(asked)
      return { ...response, ...(response.body && { body: watch(response.body) }) }
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  // The library takes a body that fails for one that ends, and reports something else later.
  async function* watch(pieces: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
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

const createMeter = ({ request: { limits, onProgress } }: GitHttpOptions): Meter => {
  const { receivedBytes: maxReceivedBytes } = limits
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

const fetchRefList = async (url: string, options: GitHttpOptions, meter: Meter) => {
  const headers = { accept: '*/*', 'user-agent': USER_AGENT }
  const response = await send(options, `${url}/info/refs?service=git-upload-pack`, {
    headers,
    maxRedirects: MAX_REDIRECTS,
  })
  await checkAnswer(response, ADVERTISEMENT)
  const refs = await readRefList(splitPackets(inLimit(meter(response))), options.pause)
  return { base: toBase(response.url || url), response, refs }
}

async function* inLimit(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of pieces) {
    size += piece.byteLength
    if (size > MAX_ADVERTISEMENT_BYTES)
      throw new GitError('too_large', 'The repository has too many branches and tags.')
    yield piece
  }
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

const send = ({ fetch, request: { signal, limits } }: GitHttpOptions, url: string, request: GuardedRequest) =>
  fetch(url, 'public', { ...request, signal, idleTimeoutMs: limits.idleMs, minPace: limits.minPace })

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
