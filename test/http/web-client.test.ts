import { describe, expect, test } from 'bun:test'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { readConfig } from '../../src/config.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { testApp } from '../support/test-app.ts'
import { clientFiles, precompress, script, serveClient, writeFiles } from '../support/web-client.ts'

const navigating = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** As it is sent: the client of the tests would undo the compression. */
const ask = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(url, { method, decompress: false, redirect: 'manual', headers: { 'accept-encoding': '', ...headers } })

describe('without a web client', () => {
  test('/ is a plain page with links that lead somewhere, and no scripts', async () => {
    await using server = testApp({ env: { APP_NAME: 'Ada & <Co>' } })
    const { status, headers, body } = await server.call('GET', '/')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(body).toContain('Ada &amp; &lt;Co&gt;')
    expect(body).not.toContain('<script')
    const links = [...String(body).matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links).toHaveLength(3)
    for (const link of links) expect((await server.call('GET', link)).status).toBe(200)
    expect((await server.call('GET', '/pages/a', undefined, navigating)).status).toBe(404)
    const again = await server.send('GET', '/', undefined, { 'if-none-match': headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
  })

  test('a folder without an index.html is wrong configuration', () => {
    using folder = temporaryFolder()
    expect(() => readConfig({ WEB_DIR: folder.path })).toThrow('there is no index.html')
    expect(() => readConfig({}, { webDir: join(folder.path, 'none') })).toThrow('there is no index.html')
  })

  test('a folder that holds the data or the backups is wrong configuration, also by a link', () => {
    using folder = temporaryFolder()
    const at = (name: string) => join(folder.path, name)
    writeFiles(at('web'), { 'index.html': '', 'data/keys/signing.key': '' })
    symlinkSync(at('web/data'), at('link'))
    const check = (more: Record<string, string>) => () => readConfig({ WEB_DIR: at('web'), ...more })
    for (const path of ['web', 'web/data', 'web/data/', 'web/not-yet', 'web/x/../data', 'link']) {
      expect(check({ DATA_DIR: at(path) })).toThrow('would show everybody')
      expect(check({ DATA_DIR: at('data'), BACKUP_DIR: at(path) })).toThrow('would show everybody')
    }
    for (const path of ['data', 'website', 'web-data']) expect(check({ DATA_DIR: at(path) })).not.toThrow()
  })
})

describe('the page of the client', () => {
  test('comes for / and for every address that a person goes to, with a base that holds for all of them', async () => {
    await using started = serveClient()
    const { server } = started
    const first = await server.call('GET', '/')
    expect(first.status).toBe(200)
    expect(first.headers.get('cache-control')).toBe('no-cache')
    expect(first.headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(first.headers.get('content-security-policy')).not.toContain('script-src')
    expect(first.body).toContain('<head><base href="/">')
    for (const path of ['/login', '/pages/my-page/', '/a/b/c?x=1.5', '/index.html', '/%C3%A4', '/apiary']) {
      const page = await server.call('GET', path, undefined, navigating)
      expect([path, page.status, page.body]).toEqual([path, 200, first.body])
      expect(page.headers.get('etag')).toBe(first.headers.get('etag'))
    }
  })

  test('never stands in for the API, for what a page loads, or for anything but reading', async () => {
    await using started = serveClient()
    const { server } = started
    const missing = { status: 404, body: { detail: 'Not Found', code: 'http.not_found' } }
    for (const path of ['/api', '/api/v1/nope', '/api/v1/plugins/x/y', '/health/x', '/metrics/x', '/openapi.json/x'])
      expect(await server.call('GET', path, undefined, navigating)).not.toMatchObject({ status: 200 })
    expect(await server.call('GET', '/api/v1/nope', undefined, navigating)).toMatchObject(missing)
    expect(await server.call('GET', '/%61pi/v1/nope', undefined, navigating)).toMatchObject(missing)
    for (const path of ['/assets/gone-DiwrgTda.js', '/pages/assets/x.css', '/favicon.ico'])
      expect(await server.call('GET', path, undefined, navigating)).toMatchObject(missing)
    for (const accept of ['*/*', 'application/json', 'image/*'])
      expect(await server.call('GET', '/pages/x', undefined, { accept })).toMatchObject(missing)
    expect(await server.call('POST', '/pages/x', {}, navigating)).toMatchObject(missing)
    expect(await server.call('POST', '/', {}, navigating)).toMatchObject({ status: 405 })
    const wrongMethod = await server.call('GET', '/api/v1/auth/login', undefined, navigating)
    expect(wrongMethod.status).toBe(405)
    expect(wrongMethod.headers.get('allow')).toBe('POST')
    expect(await server.call('GET', '/health')).toMatchObject({ body: { status: 'healthy' } })
    expect(await server.call('GET', '/api/v1/auth/me')).toMatchObject({ status: 401 })
    expect((await server.call('GET', '/api/v1/docs')).body).toContain('swagger-ui')
  })

  test('is sent compressed, answered with 304 while it is the same, and with a length for HEAD', async () => {
    await using started = serveClient()
    const url = `${started.server.url}/some/where`
    const plain = await ask(url, navigating)
    const text = await plain.text()
    const packed = await ask(url, { ...navigating, 'accept-encoding': 'gzip, br' })
    expect(packed.headers.get('content-encoding')).toBe('br')
    expect(packed.headers.get('vary')).toBe('Accept, Accept-Encoding, Origin')
    expect(brotliDecompressSync(await packed.bytes()).toString()).toBe(text)
    const etag = packed.headers.get('etag') ?? ''
    expect(etag).not.toBe(plain.headers.get('etag'))
    const known = await ask(url, { ...navigating, 'accept-encoding': 'br', 'if-none-match': etag })
    expect([known.status, known.headers.get('cache-control')]).toEqual([304, 'no-cache'])
    const head = await ask(url, navigating, 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(Buffer.byteLength(text))])
  })

  test('follows a deployment: the new page, and meanwhile the last one', async () => {
    await using started = serveClient()
    const { server, folder } = started
    const before = await server.call('GET', '/')
    renameSync(join(folder, 'index.html'), join(folder, 'away.html'))
    expect((await server.call('GET', '/')).body).toBe(before.body)
    writeFileSync(join(folder, 'index.html'), '<p>second</p>')
    const after = await server.call('GET', '/')
    expect(after.body).toBe('<p>second</p>')
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
  })
})

describe('the files of the client', () => {
  test('have their types, and are kept for good when their names hold a hash', async () => {
    await using started = serveClient()
    const { server } = started
    const cases: [string, string, boolean][] = [
      [script, 'text/javascript; charset=utf-8', true],
      ['assets/index-4bhk2p3d.css', 'text/css; charset=utf-8', true],
      ['assets/icon-9f8e7d6c.svg', 'image/svg+xml', true],
      ['favicon.svg', 'image/svg+xml', false],
      ['site.webmanifest', 'application/manifest+json', false],
      ['sw.js', 'text/javascript; charset=utf-8', false],
    ]
    for (const [name, type, isKept] of cases) {
      const answer = await server.send('GET', `/${name}`)
      const { status, headers } = answer
      expect([name, status, await answer.text()]).toEqual([name, 200, clientFiles[name] ?? ''])
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe(isKept ? 'public, max-age=31536000, immutable' : 'no-cache')
    }
  })

  test('compressed siblings go to who takes them, with tags and types of their own', async () => {
    await using started = serveClient()
    const { server, folder } = started
    precompress(folder, script, clientFiles[script] ?? '')
    const url = `${server.url}/${script}`
    const tags = new Set<string | null>()
    for (const [accepted, encoding] of [
      ['br, gzip', 'br'],
      ['gzip', 'gzip'],
      ['', null],
    ] as const) {
      const answer = await ask(url, { 'accept-encoding': accepted })
      expect(answer.headers.get('content-encoding')).toBe(encoding)
      expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
      expect(answer.headers.get('vary')).toBe('Accept-Encoding, Origin')
      const bytes = await answer.bytes()
      const read = { br: brotliDecompressSync, gzip: gunzipSync }[encoding as string]
      expect(Buffer.from(read ? read(bytes) : bytes).toString()).toBe(clientFiles[script] ?? '')
      const etag = answer.headers.get('etag') ?? ''
      tags.add(etag)
      const again = await ask(url, { 'accept-encoding': accepted, 'if-none-match': etag })
      expect([again.status, again.headers.get('cache-control')]).toEqual([304, 'public, max-age=31536000, immutable'])
    }
    expect(tags.size).toBe(3)
    expect(tags.has(null)).toBe(false)
  })

  test('ranges, HEAD, and a new tag when the content changes', async () => {
    await using started = serveClient()
    const { server, folder } = started
    const url = `${server.url}/sw.js`
    const whole = await ask(url)
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]+"$/)
    const range = await ask(url, { range: 'bytes=3-8', 'if-range': etag })
    expect([range.status, await range.text(), range.headers.get('content-range')]).toEqual([
      206,
      'worker',
      'bytes 3-8/9',
    ])
    expect((await ask(url, { range: 'bytes=99-' })).status).toBe(416)
    const head = await ask(url, {}, 'HEAD')
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '9', etag])
    await Bun.sleep(5)
    writeFileSync(join(folder, 'sw.js'), '// writer')
    const changed = await ask(url, { 'if-none-match': etag })
    expect([changed.status, await changed.text()]).toEqual([200, '// writer'])
  })

  test('nothing outside of the folder, nothing hidden, no links, no folders', async () => {
    await using started = serveClient()
    const { server, folder } = started
    using outside = temporaryFolder()
    writeFiles(outside.path, { 'secret.txt': 'secret' })
    writeFiles(folder, {
      '.env': 'secret',
      '.git/config': 'secret',
      'a/.b/c.txt': 'secret',
      '.well-known/x.txt': 'open',
    })
    symlinkSync(join(outside.path, 'secret.txt'), join(folder, 'link.txt'))
    symlinkSync(outside.path, join(folder, 'linked'))
    symlinkSync(join(outside.path, 'secret.txt'), join(folder, 'sw.js.br'))
    mkdirSync(join(folder, 'empty.d'))
    const name = outside.path.split('/').at(-1)
    const paths = [
      '/.env',
      '/.git/config',
      '/a/.b/c.txt',
      '/link.txt',
      '/linked/secret.txt',
      '/empty.d',
      '/assets/',
      `/..%2f${name}%2fsecret.txt`,
      `/%2e%2e/${name}/secret.txt`,
      `/assets/..%2f..%2f${name}/secret.txt`,
      `/..%5c${name}%5csecret.txt`,
      `/%2f${outside.path.slice(1)}/secret.txt`,
      '/sw.js%00.txt',
      '/sw.js/',
      '/%E0%A4%A',
      `/${'x/'.repeat(40)}y.txt`,
      `/${'x'.repeat(3000)}.txt`,
    ]
    for (const path of paths) {
      const { status, body } = await server.call('GET', path)
      expect([path, status, body]).toEqual([path, 404, { detail: 'Not Found', code: 'http.not_found' }])
    }
    expect((await server.call('GET', '/.well-known/x.txt')).body).toBe('open')
    expect((await ask(`${server.url}/sw.js`, { 'accept-encoding': 'br' })).headers.has('content-encoding')).toBe(false)
  })

  test('the folder itself may be a link, as deployments switch them', async () => {
    using folder = temporaryFolder()
    writeFiles(folder.path, { 'one/index.html': '<p>one</p>', 'two/index.html': '<p>two</p>', 'two/x.js': 'two' })
    const current = join(folder.path, 'current')
    symlinkSync('one', current)
    await using server = testApp({ env: { WEB_DIR: current } })
    expect((await server.call('GET', '/')).body).toBe('<p>one</p>')
    rmSync(current)
    symlinkSync('two', current)
    expect((await server.call('GET', '/')).body).toBe('<p>two</p>')
    expect((await server.call('GET', '/x.js')).body).toBe('two')
    linkSync(join(folder.path, 'two/x.js'), join(folder.path, 'two/y.js'))
    expect((await server.call('GET', '/y.js')).body).toBe('two')
  })
})
