import { Elysia } from 'elysia'
import type { Deps } from '../../../deps.ts'
import { wantedEncodings } from '../../../http/accept-encoding.ts'
import { documented } from '../../../http/documented.ts'
import { isKnownTag } from '../../../http/etag.ts'
import { bodyOfLength } from '../../../http/head.ts'
import { requireUser } from '../../../http/session.ts'
import * as errors from './plugin-files.errors.ts'
import { FileParams } from './plugin-files.schema.ts'
import { chooseCopy, findOwnFile, findPublicFile, type PluginFile } from './plugin-files.service.ts'

/** Opened on its own, an image or page of a plugin would run its scripts in the name of this server. */
const documentPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
/** The policy of `http/frame` would hold for workers that are started from a script, and cut them off. */
const filePolicy = "frame-ancestors 'none'"

/** Pages on other origins load these with script and image tags, which carry no token. */
const publicHeaders = { 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'cross-origin' }
const ownHeaders = { 'cache-control': 'private, no-cache', 'cross-origin-resource-policy': 'same-site' }

type FilesDeps = Pick<Deps, 'db' | 'packageStore'>

/**
 * Bun sends the file from disk, and answers `Range` with `If-Range` itself: 206, 416, or the whole file. A range counts
 * the bytes of the file as it is, so whoever asks for one gets no compressed copy.
 */
const answerFile = (deps: FilesDeps, request: Request, file: PluginFile, headers: Record<string, string>): Response => {
  const isRange = request.headers.has('range')
  const copy = chooseCopy(deps, file, isRange ? [] : wantedEncodings(request.headers.get('accept-encoding')))
  const common = { ...headers, etag: copy.etag, vary: 'Accept-Encoding, Origin' }
  if (isKnownTag(request.headers.get('if-none-match'), copy.etag)) {
    return new Response(null, { status: 304, headers: common })
  }
  const content = Bun.file(copy.diskPath)
  return new Response(request.method === 'HEAD' ? bodyOfLength(content.size) : content, {
    headers: {
      ...common,
      'content-type': file.type.contentType,
      'content-security-policy': file.type.isDocument ? documentPolicy : filePolicy,
      ...(copy.encoding ? { 'content-encoding': copy.encoding } : {}),
      ...(isRange ? {} : { 'accept-ranges': 'bytes' }),
    },
  })
}

const documentedFile = (summary: string) => ({
  ...documented(summary, errors.fileTypeNotAllowed, errors.filePluginNotFound, errors.fileNotFound),
  responses: {
    200: { description: 'The file', content: { 'application/octet-stream': {} } },
    206: { description: 'The range of it' },
    304: { description: 'What the client has is up to date' },
    416: { description: 'The file is shorter' },
  },
})

/** plugins.md A3: the bundles of plugins and what they load. */
export const pluginFilesRoutes = (deps: FilesDeps & Parameters<typeof requireUser>[0]) =>
  new Elysia({ name: 'areas.plugins.files', prefix: '/api/v1' })
    .use(requireUser(deps))
    .get(
      '/public/plugins/:pluginId/*',
      ({ request, params }) =>
        answerFile(deps, request, findPublicFile(deps, params.pluginId, params['*']), publicHeaders),
      { params: FileParams, detail: documentedFile('A file of an enabled plugin, for script tags') },
    )
    .get(
      '/plugins/:pluginId/*',
      ({ user, request, params }) =>
        answerFile(deps, request, findOwnFile(deps, user.id, params.pluginId, params['*']), ownHeaders),
      { user: true, params: FileParams, detail: documentedFile('A file of an enabled plugin of yours') },
    )
