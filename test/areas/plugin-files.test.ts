import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { toUuid } from '../../src/shared/ids.ts'
import { files, script } from '../support/sample-files.ts'
import { servePlugin } from '../support/served-plugin.ts'
import { testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let bob: string
let pluginId: string
beforeAll(async () => {
  bob = await server.idOf('bob')
  pluginId = servePlugin(server.deps, { userId: bob, files, compressed: ['dist/remoteEntry.js'] }).id
})

const ask = (path: string, headers: Record<string, string> = {}) =>
  server.send('GET', `/api/v1/public/plugins/${path}`, undefined, { 'accept-encoding': '', ...headers })
const askFile = (path: string, headers?: Record<string, string>) => ask(`${pluginId}/${path}`, headers)

describe('GET /public/plugins/{plugin_id}/{path}', () => {
  test('200: a script for pages on other origins', async () => {
    const response = await askFile('dist/remoteEntry.js?v=1.0.0')
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': String(script.length),
      'cache-control': 'no-cache',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "frame-ancestors 'none'",
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Accept-Encoding, Origin',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      'x-request-id': expect.any(String),
    })
    expect(response.headers.has('content-range')).toBe(false)
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(await response.text()).toBe(script)
  })

  const types: Record<string, string> = {
    'dist/chunks/7.js': 'text/javascript; charset=utf-8',
    'dist/7.js.LICENSE.txt': 'text/plain; charset=utf-8',
    'dist/%C3%9Cber%20uns.css': 'text/css; charset=utf-8',
    'dist/100%25.css': 'text/css; charset=utf-8',
    'dist/data.json': 'application/json',
    'dist/7.js.map': 'application/json',
    'dist/logo.SVG': 'image/svg+xml',
    'dist/page.html': 'text/html; charset=utf-8',
    'dist/lib.wasm': 'application/wasm',
    'dist/font.woff2': 'font/woff2',
    'dist/icon.png': 'image/png',
    'dist/photo.jpeg': 'image/jpeg',
    'dist/empty.js': 'text/javascript; charset=utf-8',
    'assets/logo.png': 'image/png',
  }
  for (const [path, type] of Object.entries(types)) {
    test(`200: ${path} is ${type}`, async () => {
      const response = await askFile(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(type)
      expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(files[decodeURIComponent(path)] ?? '?'))
    })
  }

  test('200: what is shown as a document runs nothing', async () => {
    for (const path of ['dist/logo.SVG', 'dist/page.html']) {
      const { headers } = await askFile(path)
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'; sandbox")
      expect(headers.get('x-frame-options')).toBe('DENY')
    }
  })

  test('200: by the id in the other spelling, and by the slug', async () => {
    const dashed = `${toUuid(bob).toUpperCase()}_Sample`
    for (const reference of [dashed, 'Sample']) {
      expect(await (await ask(`${reference}/dist/plain.js`)).text()).toBe('plain')
    }
  })

  const refused: [string, number, string][] = [
    ['dist/setup.py', 403, 'File type not allowed'],
    ['lifecycle_manager.py', 403, 'File type not allowed'],
    ['dist/no-suffix', 403, 'File type not allowed'],
    ['dist/', 403, 'File type not allowed'],
    ['dist', 403, 'File type not allowed'],
    ['', 403, 'File type not allowed'],
    ['modules/x.js', 404, 'File not found'],
    ['modules/x.py', 403, 'File type not allowed'],
    ['dist/nothing.js', 404, 'File not found'],
    ['dist/PLAIN.js', 404, 'File not found'],
    ['dist-secret/other.js', 404, 'File not found'],
    ['update/x.js', 404, 'File not found'],
    ['package.json', 404, 'File not found'],
    ['remoteEntry.js', 404, 'File not found'],
    ['assets', 403, 'File type not allowed'],
  ]
  for (const [path, status, detail] of refused) {
    test(`${status}: ${path || 'no path'}`, async () => {
      const answer = await server.call('GET', `/api/v1/public/plugins/${pluginId}/${path}`)
      expect(answer).toMatchObject({ status, body: { detail } })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    })
  }

  test('404: unknown plugins, after the type and modules/ have been judged', async () => {
    const call = (path: string) => server.call('GET', `/api/v1/public/plugins/${path}`)
    const unknown = { status: 404, body: { detail: 'Plugin not found' } }
    for (const reference of [
      'Nothing',
      `${bob}_Nothing`,
      `${'0'.repeat(32)}_Sample`,
      '%00',
      '__proto__',
      '%F0%9F%98%80',
    ]) {
      expect(await call(`${reference}/dist/remoteEntry.js`)).toMatchObject(unknown)
    }
    expect(await call('Nothing/x.exe')).toMatchObject({ status: 403 })
    expect(await call('Nothing/modules/x.js')).toMatchObject({ status: 404, body: { detail: 'File not found' } })
  })

  test('405 with Allow: other methods', async () => {
    const answer = await server.call('POST', `/api/v1/public/plugins/${pluginId}/dist/plain.js`)
    expect(answer).toMatchObject({ status: 405 })
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
  })

  test('CORS as everywhere', async () => {
    const response = await askFile('dist/plain.js', { origin: 'http://localhost:3000' })
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
    expect(response.headers.get('vary')).toBe('Accept-Encoding, Origin')
  })
})
