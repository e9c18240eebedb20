import { open, rm } from 'node:fs/promises'
import { isSchemeAllowed } from '../../shared/plain-http.ts'
import { toMegabytes } from '../../shared/megabytes.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import { writeAll } from '../../shared/write-all.ts'
import type { Download, DownloadRequest, GuardedFetch } from './types.ts'

const MAX_REDIRECTS = 5

export interface DownloadOptions {
  fetch: GuardedFetch
  /** `host:port` entries where plain http is allowed. */
  privateHosts?: ReadonlySet<string>
}

/** Makes what downloads files. */
export const createDownload = ({ fetch, privateHosts = new Set() }: DownloadOptions): Download => {
  return async (request) => {
    const url = URL.parse(request.url)
    if (!url || !isSchemeAllowed(url, privateHosts)) {
      throw new UpstreamError('refused', 'The address of the download must begin with https://')
    }
    const deadline = AbortSignal.timeout(request.timeMs)
    const signal = AbortSignal.any(request.signal ? [request.signal, deadline] : [deadline])
    try {
      return await receive(await ask(fetch, request, signal), request)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (!deadline.aborted) throw error
      throw new UpstreamError('timeout', `${url.host} did not send the file within ${request.timeMs / 1000} seconds`)
    }
  }
}

const ask = async (fetch: GuardedFetch, download: DownloadRequest, signal: AbortSignal) => {
  const { url, idleMs: idleTimeoutMs, minPace, maxBytes } = download
  // Some servers call a .gz file an encoding of what is in it, and the file would arrive unpacked.
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'BrainDrive' }
  const request = { headers, signal, idleTimeoutMs, minPace, maxRedirects: MAX_REDIRECTS }
  const response = await fetch(url, 'public', request)
  const { status } = response
  const failure =
    status === 200
      ? announcedBytes(response) > maxBytes && tooLarge(maxBytes)
      : new UpstreamError('status', `${new URL(response.url || url).host} answered with status ${status}`, { status })
  if (!failure) return response
  await response.body?.cancel().catch(() => undefined)
  throw failure
}

const receive = async (response: Response, { file: path, maxBytes, onProgress }: DownloadRequest) => {
  const totalBytes = announcedBytes(response) || undefined
  const file = await open(path, 'wx', 0o600).catch(async (error: unknown) => {
    await response.body?.cancel().catch(() => undefined)
    throw error
  })
  let bytes = 0
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.byteLength
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      await writeAll(file, piece)
      onProgress?.(bytes, totalBytes)
    }
    await file.sync()
    return { bytes }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

const announcedBytes = (response: Response): number => Number(response.headers.get('content-length') ?? 0) || 0

const tooLarge = (maxBytes: number) =>
  new UpstreamError('too_large', `The file is larger than ${toMegabytes(maxBytes)}, which is the limit`)
