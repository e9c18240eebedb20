import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { generateOpenApi } from './docs/generate.ts'
import { assetFolder, assetNames, pagePolicy, readAsset, renderPage } from './docs/page.ts'
import { answerFile, type StaticFile, toStaticFile } from './docs/static-file.ts'
import { documented } from './documented.ts'

/** Asked for again each time, and answered 304 while nothing changed. */
const revalidated = { 'cache-control': 'no-cache' }
/** Safe since the page names assets by their content. */
const kept = { 'cache-control': 'public, max-age=31536000, immutable' }

const once = (load: () => Promise<StaticFile>): (() => Promise<StaticFile>) => {
  let loaded: Promise<StaticFile> | undefined
  return () => (loaded ??= load())
}

const hidden = (summary: string) => ({ ...documented(summary), hide: true })

/** The OpenAPI document and the page that shows it. Made once, with the first request: all routes are mounted by then. */
export const docs = ({ config }: Pick<Deps, 'config'>) => {
  const plugin = new Elysia({ name: 'http.docs' })
  const document = once(async () => {
    // Protected, but the way in which plugins of Elysia see the routes of the whole app.
    const openApi = await generateOpenApi(config, plugin['getGlobalRoutes']())
    return toStaticFile(JSON.stringify(openApi), 'application/json')
  })
  const assets = Object.fromEntries(assetNames.map((name) => [name, once(() => readAsset(name))]))
  const page = once(async () => {
    const entries = assetNames.map(async (name) => [name, await assets[name]?.()] as const)
    const files = Object.fromEntries(await Promise.all(entries))
    const versionOf = (name: string) => files[name]?.etag.replaceAll('"', '') ?? ''
    return renderPage({ title: config.appName, basePath: config.basePath, versionOf })
  })
  for (const [name, asset] of Object.entries(assets)) {
    plugin.get(`${assetFolder}/${name}`, async ({ request }) => answerFile(request, await asset(), kept), {
      detail: hidden('A file of the API page'),
    })
  }
  return plugin
    .get('/openapi.json', async ({ request }) => answerFile(request, await document(), revalidated), {
      detail: hidden('This API as an OpenAPI 3.0.3 document'),
    })
    .get(
      '/api/v1/docs',
      async ({ request }) =>
        answerFile(request, await page(), { ...revalidated, 'content-security-policy': pagePolicy }),
      { detail: hidden('This API as a page to read and try') },
    )
}
