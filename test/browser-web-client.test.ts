import { describe, expect, test } from 'bun:test'
import { browserTimeoutMs, isBrowserMissing, launchBrowser, openPage } from './support/browser.ts'
import { federatedBundle, hostPage } from './support/federated-bundle.ts'
import { startPathProxy } from './support/path-proxy.ts'
import { servePlugin } from './support/served-plugin.ts'
import { serveClient } from './support/web-client.ts'

const expectClient = async (root: string, path: string) => {
  await using browser = await launchBrowser()
  const { page, watch } = await openPage(browser, root + path)
  const text = page.getByText(`client at ${new URL(root + path).pathname}, server healthy`)
  await text.waitFor()
  await page.reload()
  await text.waitFor()
  expect(await page.evaluate("getComputedStyle(document.querySelector('#root')).color")).toBe('rgb(1, 2, 3)')
  expect(watch.requested.filter((url) => !url.startsWith(`${root}/`))).toEqual([])
  expect(watch.errors).toEqual([])
}

describe.skipIf(isBrowserMissing)('the web client in a browser', () => {
  test(
    'built with relative addresses, it loads on a hard reload of any route',
    async () => {
      await using started = serveClient()
      for (const path of ['/', '/login', '/pages/deep/in/here', '/pages/x/'])
        await expectClient(started.server.url, path)
    },
    browserTimeoutMs,
  )

  test(
    'the same below a path, whether the proxy takes it off or not; the API page as well',
    async () => {
      await using started = serveClient({ env: { BASE_PATH: '/brain' } })
      for (const takesOff of [true, false]) {
        using proxy = startPathProxy(started.server.url, '/brain', takesOff)
        const root = `http://localhost:${proxy.port}/brain`
        await expectClient(root, '/pages/deep/in/here')
        await using browser = await launchBrowser()
        const { page, watch } = await openPage(browser, `${root}/api/v1/docs`)
        await page.locator('.opblock').first().waitFor()
        expect(watch.requested.filter((url) => !url.startsWith(`${root}/`) && !url.startsWith('data:'))).toEqual([])
        expect(watch.errors).toEqual([])
      }
    },
    browserTimeoutMs,
  )

  test(
    'its policy lets it start plugins from this server, and from another one',
    async () => {
      const sample = (id: string) => ({
        Sample: { id, scope: 'Sample', bundlelocation: 'dist/remoteEntry.js', modules: [{ id: 'm', name: 'Module' }] },
      })
      // The page finds the API where it is itself, as a client does that is built for it.
      const page = hostPage({ api: '', manifest: sample('PLUGIN') })
      await using started = serveClient(
        {},
        { 'index.html': page.replace('<main>', '<link rel="help" href="./x"><main>') },
      )
      const { server } = started
      const userId = await server.idOf('bob')
      const { id } = servePlugin(server.deps, { userId, files: federatedBundle('Sample', 'hello') })
      await Bun.write(`${started.folder}/index.html`, page.replaceAll('PLUGIN', id))
      await using browser = await launchBrowser()
      const here = await openPage(browser, `${server.url}/some/page`)
      await here.page.getByText('rendered with React').waitFor()
      expect(here.watch.errors).toEqual([])

      await using elsewhere = serveClient({}, { 'index.html': hostPage({ api: server.url, manifest: sample(id) }) })
      const there = await openPage(browser, `${elsewhere.server.url}/some/page`)
      await there.page.getByText('rendered with React').waitFor()
      expect(there.watch.errors).toEqual([])
    },
    browserTimeoutMs,
  )

  test(
    'no other site can put it into a frame',
    async () => {
      await using started = serveClient()
      const { url } = started.server
      using site = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => new Response(`<iframe src="${url}/login"></iframe>`, { headers: { 'content-type': 'text/html' } }),
      })
      await using browser = await launchBrowser()
      const { page } = await openPage(browser, `http://127.0.0.1:${site.port}/`)
      await Bun.sleep(500)
      const [, frame] = page.frames()
      expect(
        await frame
          ?.locator('#root')
          .count()
          .catch(() => 0),
      ).toBe(0)
    },
    browserTimeoutMs,
  )
})
