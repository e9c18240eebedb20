import stylePath from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import bundlePath from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import initPath from './init.js' with { type: 'file' }
import { type StaticFile, toStaticFile } from './static-file.ts'

/** Files of the page by name; all of them lie inside the executable, so that the page works without internet. */
const pageAssets = {
  'swagger-ui.css': { path: stylePath, type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { path: bundlePath, type: 'text/javascript; charset=utf-8' },
  'init.js': { path: initPath, type: 'text/javascript; charset=utf-8' },
}
export type AssetName = keyof typeof pageAssets
export const assetNames = Object.keys(pageAssets) as AssetName[]

export const assetFolder = '/api/v1/docs/assets'

export const readAsset = async (name: AssetName): Promise<StaticFile> => {
  const { path, type } = pageAssets[name]
  return toStaticFile(await Bun.file(path).bytes(), type)
}

/** Swagger UI styles its elements inline and draws its icons from `data:` URLs; everything else comes from our files. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface PageOptions {
  title: string
  /** Where the server begins: a path without a slash at its end. */
  basePath: string
  /** Must change with the asset: browsers keep assets for long. */
  versionOf: (name: AssetName) => string
}

export const renderPage = ({ title, basePath, versionOf }: PageOptions): StaticFile => {
  const assetUrl = (name: AssetName) => `${basePath}${assetFolder}/${name}?v=${versionOf(name)}`
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${Bun.escapeHTML(title)} API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${assetUrl('swagger-ui.css')}">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript>This page needs JavaScript. The same facts are in <a href="${basePath}/openapi.json">/openapi.json</a>.</noscript>
    <script src="${assetUrl('swagger-ui-bundle.js')}"></script>
    <script src="${assetUrl('init.js')}"></script>
  </body>
</html>
`
  return toStaticFile(html, 'text/html; charset=utf-8')
}
