import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

// The ancestor of SearXNG, which Debian ships as `searx`, with one engine that asks a shelf of this test.

const program = '/usr/bin/searx-run'
const template = '/usr/share/doc/searx/examples/settings.yml'
const isInstalled = existsSync(program) && existsSync(template)
if (!isInstalled) console.warn('skipped: a real search engine; install Debian’s package searx to run it')

const freePort = async () => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = server
  await server.stop(true)
  return port
}

/** Debian's example without its engines of the internet. */
const writeSettings = async (path: string, port: number, shelfUrl: string) => {
  const settings = (await Bun.file(template).text())
    .replace(/^engines:\n[\s\S]*?^(?=\w)/m, '')
    .replace(/^( +)port : 8888/m, `$1port : ${port}`)
    .replace('"ultrasecretkey"', '"of a test"')
  const toEngine = (name: string, categories: string) => ({
    name,
    engine: 'json_engine',
    shortcut: name,
    categories,
    paging: false,
    timeout: 5,
    enable_http: true,
    search_url: `${shelfUrl}?q={query}`,
    results_query: 'items',
    url_query: 'url',
    title_query: 'title',
    content_query: 'text',
  })
  const engines = [toEngine('shelf', 'general'), toEngine('lab', 'science')]
  // JSON is YAML.
  await Bun.write(path, `${settings}\nengines: ${JSON.stringify(engines)}\n`)
}

describe.skipIf(!isInstalled)('a real search engine', () => {
  const stops: (() => unknown)[] = []
  let server: ReturnType<typeof testApp>

  beforeAll(async () => {
    const shelf = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        const text = `About ${new URL(request.url).searchParams.get('q')}`
        return Response.json({ items: [{ url: 'https://bees.test/north', title: 'Bees & <b>co</b>', text }] })
      },
    })
    const folder = await tempFolder()
    const port = (await freePort()) ?? 0
    const path = join(folder.path, 'settings.yml')
    await writeSettings(path, port, shelf.url.href)
    const engine = Bun.spawn([program], {
      // Without the proxies of this machine: the shelf is on loopback.
      env: { PATH: process.env['PATH'], HOME: folder.path, SEARX_SETTINGS_PATH: path },
      stdout: 'ignore',
      stderr: 'ignore',
    })
    server = testApp({ env: { SEARXNG_URL: `http://127.0.0.1:${port}` } })
    stops.push(
      server.stop,
      () => engine.kill(),
      () => engine.exited,
      () => shelf.stop(true),
      () => folder[Symbol.asyncDispose](),
    )
    const isUp = async () => (await server.as('ada')('GET', '/api/v1/searxng/health')).body.accessible
    while (!(await isUp())) {
      if (engine.exitCode !== null) throw new Error(`searx ended with ${engine.exitCode}`)
      await Bun.sleep(200)
    }
  }, 60_000)

  afterAll(async () => {
    for (const stop of stops) await stop()
  })

  const search = (query: string) => server.as('ada')('GET', `/api/v1/searxng/web?${query}`)

  test('200: its results', async () => {
    const { status, body } = await search('q=wild%20bees&category=general&language=en&safesearch=1')
    expect(status).toBe(200)
    expect(body).toMatchObject({ query: 'wild bees', unresponsive_engines: [] })
    expect(body.results).toHaveLength(1)
    expect(body.results[0]).toMatchObject({
      url: 'https://bees.test/north',
      title: 'Bees & co',
      content: 'About wild bees',
      engine: 'shelf',
      category: 'general',
    })
  }, 20_000)

  test('it takes the values that the schema lets through, and categories count', async () => {
    for (const query of ['time_range=day', 'time_range=year', 'language=de', 'language=all', 'safesearch=2'])
      expect([query, (await search(`q=x&${query}`)).status]).toEqual([query, 200])
    for (const query of ['categories=science', 'category=science', 'engines=lab'])
      expect((await search(`q=x&${query}`)).body.results).toMatchObject([{ engine: 'lab' }])
  }, 20_000)

  test('502: what it does not understand', async () => {
    expect(await search('q=x&language=xx_yy')).toMatchObject({ status: 502, body: { code: 'searxng.engine_failed' } })
  }, 20_000)
})
