import { Elysia } from 'elysia'
import type { Deps } from '../../../deps.ts'
import { answerDiskFile } from '../../../http/disk-file.ts'
import { documented } from '../../../http/documented.ts'
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

const answerFile = (deps: FilesDeps, request: Request, file: PluginFile, common: Record<string, string>): Response => {
  const { contentType, isDocument } = file.type
  const content = { 'content-type': contentType, 'content-security-policy': isDocument ? documentPolicy : filePolicy }
  return answerDiskFile(request, (wanted) => chooseCopy(deps, file, wanted), { common, content })
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
      {
        params: FileParams,
        detail: documentedFile(
          'A file of an enabled plugin, for script tags. By slug only while all users have the same files under it',
        ),
      },
    )
    .get(
      '/plugins/:pluginId/*',
      ({ user, request, params }) =>
        answerFile(deps, request, findOwnFile(deps, user.id, params.pluginId, params['*']), ownHeaders),
      { user: true, params: FileParams, detail: documentedFile('A file of an enabled plugin of yours') },
    )
