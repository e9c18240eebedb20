import { version } from '../../shared/version.ts'
import { type StaticFile, toStaticFile } from '../docs/static-file.ts'

export const landingPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

/** What people see at `/` who open the address of a server without a web client. */
export const renderLandingPage = (title: string, basePath: string): StaticFile =>
  toStaticFile(
    `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${Bun.escapeHTML(title)}</title>
    <link rel="icon" href="data:,">
    <style>body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; color-scheme: light dark }</style>
  </head>
  <body>
    <h1>${Bun.escapeHTML(title)}</h1>
    <p>This is BrainDrive Server ${version}. It answers the web client and programs; here is no web client to look at.</p>
    <ul>
      <li><a href="${basePath}/api/v1/docs">What the API offers</a></li>
      <li><a href="${basePath}/openapi.json">The same as an OpenAPI document</a></li>
      <li><a href="${basePath}/health/ready">Whether the server is in order</a></li>
    </ul>
  </body>
</html>
`,
    'text/html; charset=utf-8',
  )
