import { createHash } from 'node:crypto'
import { isKnownTag } from '../etag.ts'

/** Bytes that never change while the server runs. */
export interface StaticFile {
  body: string | Uint8Array<ArrayBuffer>
  type: string
  etag: string
}

export const toStaticFile = (body: StaticFile['body'], type: string): StaticFile => ({
  body,
  type,
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
})

/** Its headers win over those of `http/frame`, which are made for JSON that nobody may store. */
export const answerFile = (request: Request, file: StaticFile, headers: Record<string, string>): Response => {
  const validators = { etag: file.etag, ...headers }
  if (isKnownTag(request.headers.get('if-none-match'), file.etag)) {
    return new Response(null, { status: 304, headers: validators })
  }
  return new Response(file.body, { headers: { 'content-type': file.type, ...validators } })
}
