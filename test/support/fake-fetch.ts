import type { GuardedFetch } from '../../src/adapters/web/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'

/** Bun's `fetch` behind the contract of `GuardedFetch`, without its guards, so that unit tests reach 127.0.0.1. */
export const plainFetch: GuardedFetch = async (url, _policy, request = {}) => {
  const { method = 'GET', headers = {}, body, signal } = request
  try {
    return await fetch(url, { method, headers, redirect: 'manual', ...(body && { body }), ...(signal && { signal }) })
  } catch (error) {
    if (signal?.aborted) throw new UpstreamError('aborted', 'The request was cancelled', { cause: error })
    throw new UpstreamError('unreachable', 'The server cannot be reached', { cause: error })
  }
}

/** Answers every request with this body, in exactly these pieces. */
export const cannedFetch =
  (pieces: (string | Uint8Array)[], init: ResponseInit = {}): GuardedFetch =>
  async () => {
    const encoder = new TextEncoder()
    const left = pieces.map((piece) => (typeof piece === 'string' ? encoder.encode(piece) : piece))
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = left.shift()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    return new Response(body, init)
  }
