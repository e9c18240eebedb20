import { createHash } from 'node:crypto'

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
  const known = request.headers.get('if-none-match')?.split(/,\s*/) ?? []
  const isKnown = known.some((tag) => tag.replace(/^W\//, '') === file.etag)
  const validators = { etag: file.etag, ...headers }
  if (isKnown) return new Response(null, { status: 304, headers: validators })
  return new Response(file.body, { headers: { 'content-type': file.type, ...validators } })
}
