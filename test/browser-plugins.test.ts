import { describe, expect, test } from 'bun:test'
import { browserTimeoutMs, isBrowserMissing, launchBrowser, openPage } from './support/browser.ts'
import { federatedBundle, hostPage } from './support/federated-bundle.ts'
import { servePlugin } from './support/served-plugin.ts'
import { testApp } from './support/test-app.ts'

/** What would tell on a document of a plugin whose script ran. */
const tellTale = "document.documentElement.setAttribute('data-ran', 'yes'); fetch('/api/v1/auth/me')"

const files = {
  ...federatedBundle('Sample', 'hello'),
  'dist/image.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${tellTale}"><script>${tellTale}</script><rect width="9" height="9" style="fill:red"/></svg>`,
  'dist/page.html': `<!doctype html><body onload="${tellTale}"><script>${tellTale}</script><p>text</p>`,
  'dist/worker.js': "fetch('data.json').then((answer) => answer.json()).then(postMessage)",
  'dist/data.json': '{"from":"a worker"}',
}

const servePage = (html: () => string) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    // Such a page gets nothing from other origins that does not say that they may.
    fetch: () =>
      new Response(html(), {
        headers: { 'content-type': 'text/html', 'cross-origin-embedder-policy': 'require-corp' },
      }),
  })

const start = async () => {
  const server = testApp()
  const userId = await server.idOf('bob')
  const { id } = servePlugin(server.deps, { userId, files, compressed: Object.keys(files) })
  return { server, id, folder: `${server.url}/api/v1/public/plugins/${id}/dist`, [Symbol.asyncDispose]: server.stop }
}

describe.skipIf(isBrowserMissing)('the files of a plugin in a browser', () => {
  test(
    'a page on another origin loads the bundle and its chunks, and renders the module',
    async () => {
      await using started = await start()
      const { server, id, folder } = started
      const sample = {
        id,
        scope: 'Sample',
        bundlelocation: 'dist/remoteEntry.js',
        modules: [{ id: 'm', name: 'Module' }],
      }
      using host = servePage(() => hostPage({ api: server.url, manifest: { Sample: sample } }))
      await using browser = await launchBrowser()
      const { page, watch } = await openPage(browser, `http://localhost:${host.port}/`)

      await page.getByText('rendered with React').waitFor()
      expect(watch.requested).toContain(`${folder}/chunks/Module.js`)
      expect(watch.errors).toEqual([])

      const image = await page.evaluate(
        `Object.assign(document.body.appendChild(new Image()), { src: '${folder}/image.svg' }).decode().then(() => 'shown')`,
      )
      expect(image).toBe('shown')
    },
    browserTimeoutMs,
  )

  test(
    'an image or page that is opened directly runs no script',
    async () => {
      await using started = await start()
      await using browser = await launchBrowser()
      for (const name of ['image.svg', 'page.html']) {
        const url = `${started.folder}/${name}`
        const { page, watch } = await openPage(browser, url)
        expect(await page.locator(name === 'image.svg' ? 'rect' : 'p').count()).toBe(1)
        expect(await page.locator('[data-ran]').count()).toBe(0)
        expect(watch.requested.filter((one) => one.includes('/auth/'))).toEqual([])
        await page.close()
      }
    },
    browserTimeoutMs,
  )

  test(
    'a worker of a plugin may fetch',
    async () => {
      await using started = await start()
      const { server, folder } = started
      await using browser = await launchBrowser()
      const page = await browser.newPage()
      // Workers need a page of their own origin, as where the web client is served under one name with this server.
      const home = `${server.url}/home`
      await page.route(home, (route) => route.fulfill({ contentType: 'text/html', body: '<p>home</p>' }))
      await page.goto(home)
      const received = page.evaluate(
        (url) =>
          new Promise((resolve, reject) => {
            const worker = new Worker(url)
            worker.addEventListener('message', ({ data }) => resolve(data))
            worker.addEventListener('error', () => reject(new Error('the worker failed')))
          }),
        `${folder}/worker.js`,
      )
      expect(await received).toEqual({ from: 'a worker' })
    },
    browserTimeoutMs,
  )
})
