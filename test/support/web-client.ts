import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { temporaryFolder } from './server-process.ts'
import { testApp, type TestAppOptions } from './test-app.ts'

export const script = 'assets/index-DiwrgTda.js'

/** A built client in the way of Vite with `base: './'`: its script names the path, and an image that lies beside it. */
export const clientFiles: Record<string, string> = {
  'index.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <link rel="icon" href="./favicon.svg">
    <script type="module" crossorigin src="./${script}"></script>
    <link rel="stylesheet" crossorigin href="./assets/index-4bhk2p3d.css">
  </head>
  <body><div id="root"></div></body>
</html>
`,
  [script]: `
const root = document.getElementById('root')
const icon = new Image()
icon.src = new URL('./icon-9f8e7d6c.svg', import.meta.url).href
await icon.decode()
const { status } = await (await fetch(new URL('health', document.baseURI))).json()
root.append(icon, new Function('return "client at "')() + location.pathname + ', server ' + status)
`,
  'assets/index-4bhk2p3d.css': '#root { color: rgb(1, 2, 3) }',
  'assets/icon-9f8e7d6c.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'site.webmanifest': '{}',
  'sw.js': '// worker',
}

export const writeFiles = (folder: string, files: Record<string, string>) => {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

export const precompress = (folder: string, name: string, content: string) => {
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content))
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content))
}

/** A server with a client in a folder of its own. */
export const serveClient = ({ env = {}, ...options }: TestAppOptions = {}, files = clientFiles) => {
  const folder = temporaryFolder()
  writeFiles(folder.path, files)
  const server = testApp({ ...options, env: { WEB_DIR: folder.path, ...env } })
  return {
    server,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await server.stop()
      folder[Symbol.dispose]()
    },
  }
}
