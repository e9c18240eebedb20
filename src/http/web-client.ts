import { Elysia, NotFoundError } from 'elysia'
import type { Deps } from '../deps.ts'
import { decodePath } from '../shared/find-below.ts'
import { wantedEncodings } from './accept-encoding.ts'
import { answerDiskFile } from './disk-file.ts'
import { answerFile } from './docs/static-file.ts'
import { documented } from './documented.ts'
import { createIndexPage, type IndexPage } from './web/index-page.ts'
import { landingPolicy, renderLandingPage } from './web/landing-page.ts'
import { chooseWebFile, contentTypeOf, findWebFile, isHashedName } from './web/web-files.ts'

/**
 * The client starts bundles of plugins, which may come from anywhere, make code out of text, and talk to services on other
 * ports: a policy for scripts and connections would forbid nothing or break them.
 */
const clientHeaders = {
  'content-security-policy': "base-uri 'self'; object-src 'self' blob:; frame-ancestors 'self'",
  'x-frame-options': 'SAMEORIGIN',
}
const revalidated = { ...clientHeaders, 'cache-control': 'no-cache' }
const kept = { ...clientHeaders, 'cache-control': 'public, max-age=31536000, immutable' }

/** Who asks for these means the server, never a page of the client. */
const isOwnPath = (path: string) => /^(?:api|health|metrics|openapi\.json)(?:\/|$)/.test(path)

/** Whether a browser goes to an address, rather than loading a part of a page. */
const isNavigation = (request: Request, path: string) =>
  !/\.[^/]*$/.test(path) && /\btext\/html\b/i.test(request.headers.get('accept') ?? '')

const answerIndex = (request: Request, page: IndexPage): Response => {
  const [encoding = 'identity'] = wantedEncodings(request.headers.get('accept-encoding'))
  return answerFile(request, page[encoding], {
    ...revalidated,
    vary: 'Accept, Accept-Encoding, Origin',
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  })
}

const createClient = (folder: string, basePath: string) => {
  const readIndex = createIndexPage(folder, basePath)
  const answerPage = (request: Request): Response => {
    const page = readIndex()
    if (!page) throw new NotFoundError()
    return answerIndex(request, page)
  }
  return {
    answerPage,
    answerPath(request: Request, encodedPath: string): Response {
      const path = decodePath(encodedPath) ?? ''
      if (isOwnPath(path)) throw new NotFoundError()
      if (path === 'index.html') return answerPage(request)
      const diskPath = findWebFile(folder, path)
      if (diskPath === undefined) {
        if (isNavigation(request, path)) return answerPage(request)
        throw new NotFoundError()
      }
      return answerDiskFile(request, (wanted) => chooseWebFile(folder, path, diskPath, wanted), {
        common: isHashedName(path) ? kept : revalidated,
        content: { 'content-type': contentTypeOf(path) },
      })
    },
  }
}

const hidden = (summary: string) => ({ detail: { ...documented(summary), hide: true } })

/** The built client in `WEB_DIR`: its files, and its page for every address that is neither a file nor ours. */
export const webClient = ({ config }: Pick<Deps, 'config'>) => {
  const { webDir, basePath, appName } = config
  const plugin = new Elysia({ name: 'http.web-client' })
  if (webDir === undefined) {
    const landing = renderLandingPage(appName, basePath)
    const headers = { 'cache-control': 'no-cache', 'content-security-policy': landingPolicy }
    return plugin.get('/', ({ request }) => answerFile(request, landing, headers), hidden('Links to what there is'))
  }
  const client = createClient(webDir, basePath)
  return plugin
    .get('/', ({ request }) => client.answerPage(request), hidden('The web client'))
    .get(
      '/*',
      ({ request, params }) => client.answerPath(request, params['*']),
      hidden('A file or page of the web client'),
    )
}
