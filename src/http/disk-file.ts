import { wantedEncodings } from './accept-encoding.ts'
import { isKnownTag } from './etag.ts'
import { bodyOfLength } from './head.ts'

type Encoding = ReturnType<typeof wantedEncodings>[number]

/** A file on the disk of the server, or its compressed copy. */
export interface DiskFile {
  diskPath: string
  encoding?: Encoding
  /** Strong: names these bytes under this path. */
  etag: string
}

export interface DiskFileHeaders {
  /** Of every answer, 304 included. */
  common: Record<string, string>
  /** Of answers with a body. */
  content: Record<string, string>
}

/**
 * Bun sends the file from disk, and answers `Range` with `If-Range` itself: 206, 416, or the whole file. A range counts
 * the bytes of the file as it is, so whoever asks for one gets no compressed copy. `choose` gets the encodings that the
 * client wants, best first.
 */
export const answerDiskFile = (
  request: Request,
  choose: (wanted: Encoding[]) => DiskFile,
  { common, content }: DiskFileHeaders,
): Response => {
  const isRange = request.headers.has('range')
  const { diskPath, encoding, etag } = choose(isRange ? [] : wantedEncodings(request.headers.get('accept-encoding')))
  const headers = { ...common, etag, vary: 'Accept-Encoding, Origin' }
  if (isKnownTag(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  const file = Bun.file(diskPath)
  return new Response(request.method === 'HEAD' ? bodyOfLength(file.size) : file, {
    headers: {
      ...headers,
      ...content,
      ...(encoding ? { 'content-encoding': encoding } : {}),
      ...(isRange ? {} : { 'accept-ranges': 'bytes' }),
    },
  })
}
