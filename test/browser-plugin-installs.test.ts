import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { browserTimeoutMs, isBrowserMissing, launchBrowser, openPage } from './support/browser.ts'
import { federatedBundle, hostPage } from './support/federated-bundle.ts'
import { gitServer, hasGit, makeRepository } from './support/git-server.ts'
import { pluginPackage, zipOf } from './support/plugin-packages.ts'
import { archiveFile, postForm } from './support/plugin-source.ts'
import { tempFolder } from './support/temp-folder.ts'
import { testApp } from './support/test-app.ts'

const modules = ['LampOn', 'LampOff']
const base = '/api/v1/plugins'

/** The plugin `Lamp`, whose modules show this text. */
const lamp = (text: string, version: string) =>
  pluginPackage({ version, modules, files: federatedBundle('Lamp', text, modules) })

/** A server, and a web client of another origin that has a page for each user. */
const startHome = (env: Record<string, string> = {}) => {
  let api = ''
  const tokens = new Map<string, string>()
  const client = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const token = tokens.get(new URL(url).pathname.slice(1))
      if (token === undefined) return new Response('', { status: 404 })
      return new Response(hostPage({ api, token }), { headers: { 'content-type': 'text/html' } })
    },
  })
  const origin = `http://localhost:${client.port}`
  const server = testApp({ env: { CORS_ORIGINS: origin, ...env } })
  api = server.url
  return {
    server,
    /** Opens the client of a user; `reload` is what the user does after a change. */
    open: async (browser: Browser, user: string) => {
      tokens.set(user, await server.tokenOf(user))
      const { page, watch } = await openPage(browser, `${origin}/${user}`)
      const done = () => page.locator('footer').waitFor()
      await done()
      const texts = () => page.locator('section, [role=alert]').allTextContents()
      const reload = async () => {
        watch.requested.length = 0
        await page.reload()
        await done()
        return await texts()
      }
      return { page, watch, texts, reload }
    },
    [Symbol.asyncDispose]: async () => {
      await client.stop(true)
      await server.stop()
    },
  }
}

const rendered = (text: string) => modules.map((name) => `${name}: ${text} rendered with React 18.3.1`)

/** What a page gets that still knows the address. */
const loadAgain = async ({ page }: { page: Awaited<ReturnType<Browser['newPage']>> }, url: string) =>
  await page.addScriptTag({ url }).then(
    () => 'loaded',
    () => 'failed',
  )

describe.skipIf(isBrowserMissing)('a plugin that was installed, in a browser', () => {
  test.skipIf(!hasGit)(
    'from a Git server, by two users: shown, updated by one of them, disabled, removed',
    async () => {
      await using folder = await tempFolder()
      const repository = join(folder.path, 'lamp')
      await makeRepository(repository, lamp('first', '1.0.0'))
      await using gits = gitServer(folder.path)
      await using home = startHome({ PRIVATE_HOSTS: gits.host })
      const { server } = home
      for (const user of ['ada', 'bob']) {
        const request = { repo_url: `${gits.url}/lamp` }
        expect((await server.as(user)('POST', `${base}/install-from-url`, request)).status).toBe(200)
      }
      await using browser = await launchBrowser()
      const [ada, bob] = [await home.open(browser, 'ada'), await home.open(browser, 'bob')]
      const bundleOf = async (user: string, version: string) =>
        `${server.url}/api/v1/public/plugins/${await server.idOf(user)}_Lamp/dist/remoteEntry.js?v=${version}`
      expect(await ada.texts()).toEqual(rendered('first'))
      expect(await bob.texts()).toEqual(rendered('first'))
      expect(ada.watch.requested).toContain(await bundleOf('ada', '1.0.0'))
      expect(bob.watch.requested).toContain(await bundleOf('bob', '1.0.0'))
      const ids = await ada.page.locator('section').evaluateAll((sections) => sections.map(({ id }) => id))
      expect(ids).toEqual(modules.map((name) => `${ids[0]?.split('_')[0]}_Lamp_${name}`))
      expect([...ada.watch.errors, ...bob.watch.errors]).toEqual([])

      await makeRepository(repository, lamp('second', '2.0.0'))
      expect((await server.as('ada')('POST', `${base}/Lamp/update`)).body.data.new_version).toBe('2.0.0')
      expect(await ada.reload()).toEqual(rendered('second'))
      expect(ada.watch.requested).toContain(await bundleOf('ada', '2.0.0'))
      expect(await bob.reload()).toEqual(rendered('first'))

      const lampOfBob = `${base}/${await server.idOf('bob')}_Lamp`
      expect((await server.as('bob')('PATCH', lampOfBob, { enabled: false })).status).toBe(200)
      expect(await bob.reload()).toEqual([])
      expect(await loadAgain(bob, await bundleOf('bob', '1.0.0'))).toBe('failed')
      expect((await server.as('bob')('PATCH', lampOfBob, { enabled: true })).status).toBe(200)
      expect(await bob.reload()).toEqual(rendered('first'))

      expect((await server.as('ada')('DELETE', `${base}/Lamp/uninstall`)).status).toBe(200)
      expect(await ada.reload()).toEqual([])
      expect(await loadAgain(ada, await bundleOf('ada', '2.0.0'))).toBe('failed')
      expect(await bob.reload()).toEqual(rendered('first'))
    },
    browserTimeoutMs,
  )

  test(
    'from a file, with other contents for each of two users: each sees their own, also after a rebuild of one version',
    async () => {
      await using home = startHome()
      const { server } = home
      const install = async (user: string, text: string, version = '1.0.0') => {
        const file = archiveFile(zipOf(lamp(text, version)), 'lamp.zip')
        expect((await postForm(server, user, { method: 'local-file', file })).status).toBe(200)
      }
      const uninstall = async (user: string) =>
        expect((await server.as(user)('DELETE', `${base}/Lamp/uninstall`)).status).toBe(200)
      await install('ada', 'from Ada')
      await install('bob', 'from Bob')
      await using browser = await launchBrowser()
      const [ada, bob] = [await home.open(browser, 'ada'), await home.open(browser, 'bob')]
      expect(await ada.texts()).toEqual(rendered('from Ada'))
      expect(await bob.texts()).toEqual(rendered('from Bob'))

      await uninstall('ada')
      expect(await ada.reload()).toEqual([])
      await install('ada', 'built anew')
      expect(await ada.reload()).toEqual(rendered('built anew'))
      await uninstall('ada')
      await install('ada', 'next', '1.1.0')
      expect(await ada.reload()).toEqual(rendered('next'))
      expect(await bob.reload()).toEqual(rendered('from Bob'))

      const bundle = bob.watch.requested.find((url) => url.includes('remoteEntry')) ?? ''
      await uninstall('bob')
      expect(await bob.reload()).toEqual([])
      expect(await loadAgain(bob, bundle)).toBe('failed')
      expect(await ada.reload()).toEqual(rendered('next'))
    },
    browserTimeoutMs,
  )
})
