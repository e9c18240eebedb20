import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { files, script } from '../support/sample-files.ts'
import { servePlugin } from '../support/served-plugin.ts'
import { testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let pluginId: string
beforeAll(async () => {
  pluginId = servePlugin(server.deps, {
    userId: await server.idOf('bob'),
    files,
    compressed: ['dist/remoteEntry.js'],
  }).id
})

/** As it is sent: the client of the tests would undo the compression. */
const askFile = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}/api/v1/public/plugins/${pluginId}/${path}`, {
    method,
    decompress: false,
    headers: { 'accept-encoding': '', ...headers },
  })
const etagOf = async (headers: Record<string, string> = {}) =>
  (await askFile('dist/remoteEntry.js', headers)).headers.get('etag') ?? ''

describe('compressed copies', () => {
  const encodings: [string, string | null][] = [
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZIP;q=1, br;q=0.5', 'gzip'],
    ['br;q=0, gzip;q=0', null],
    ['*', 'br'],
    ['*;q=0', null],
    ['br;q=0, *', 'gzip'],
    ['identity, br;q=0.5', null],
    ['br;q=x', null],
    ['deflate', null],
    ['', null],
  ]
  for (const [accepted, encoding] of encodings) {
    test(`${accepted || 'nothing'}: ${encoding ?? 'as it is'}`, async () => {
      const response = await askFile('dist/remoteEntry.js', { 'accept-encoding': accepted })
      expect(response.headers.get('content-encoding')).toBe(encoding)
      expect(response.headers.get('vary')).toBe('Accept-Encoding, Origin')
      expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
      const bytes = new Uint8Array(await response.arrayBuffer())
      expect(response.headers.get('content-length')).toBe(String(bytes.length))
      const read = { br: brotliDecompressSync, gzip: gunzipSync }[encoding ?? '']
      expect(Buffer.from(read ? read(bytes) : bytes).toString()).toBe(script)
    })
  }

  test('a file without a copy comes as it is', async () => {
    const response = await askFile('dist/plain.js', { 'accept-encoding': 'br' })
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(await response.text()).toBe('plain')
  })

  test('each has a tag of its own', async () => {
    const tags = await Promise.all(['', 'br', 'gzip'].map((accepted) => etagOf({ 'accept-encoding': accepted })))
    expect(new Set(tags).size).toBe(3)
    expect((await askFile('dist/remoteEntry.js', { 'if-none-match': tags[1] ?? '' })).status).toBe(200)
  })
})

describe('If-None-Match', () => {
  test('304: the tag, in a list, weak, or any', async () => {
    const etag = await etagOf()
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, `"a,b",W/${etag},"c"`, '*', ' * ']) {
      const response = await askFile('dist/remoteEntry.js', { 'if-none-match': header })
      expect([header, response.status]).toEqual([header, 304])
      expect(Object.fromEntries(response.headers)).toMatchObject({
        etag,
        'cache-control': 'no-cache',
        vary: 'Accept-Encoding, Origin',
        'cross-origin-resource-policy': 'cross-origin',
      })
      expect(await response.text()).toBe('')
    }
  })

  test('200: another tag, or no tag at all', async () => {
    const bare = (await etagOf()).replaceAll('"', '')
    for (const header of ['"other"', bare, '', '"']) {
      expect((await askFile('dist/remoteEntry.js', { 'if-none-match': header })).status).toBe(200)
    }
  })

  test('404: what does not exist is not up to date', async () => {
    expect((await askFile('dist/nothing.js', { 'if-none-match': '*' })).status).toBe(404)
  })

  test('the tag changes with the content and the path, and is the same for all who share it', async () => {
    await using own = testApp()
    const tagOf = async (name: string, content: string, path = 'dist/a.js') => {
      const shared = { 'dist/a.js': content, 'dist/b.js': content }
      const userId = await own.idOf(name)
      own.database.sqlite.run('DELETE FROM plugins')
      const { id } = servePlugin(own.deps, { userId, files: shared })
      return (await own.call('GET', `/api/v1/public/plugins/${id}/${path}`)).headers.get('etag')
    }
    const first = await tagOf('ann', 'one')
    expect(await tagOf('ben', 'one')).toBe(first)
    expect(await tagOf('ann', 'two')).not.toBe(first)
    expect(await tagOf('ann', 'one', 'dist/b.js')).not.toBe(first)
  })
})

describe('Range', () => {
  const ranges: [string, string, number][] = [
    ['bytes=0-9', '0-9', 10],
    ['bytes=5-', `5-${script.length - 1}`, script.length - 5],
    ['bytes=-7', `${script.length - 7}-${script.length - 1}`, 7],
    ['bytes=10-999999', `10-${script.length - 1}`, script.length - 10],
  ]
  for (const [range, sent, length] of ranges) {
    test(`206: ${range}, never of a compressed copy`, async () => {
      const response = await askFile('dist/remoteEntry.js', { range, 'accept-encoding': 'br' })
      expect(response.status).toBe(206)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-range': `bytes ${sent}/${script.length}`,
        'content-length': String(length),
        'accept-ranges': 'bytes',
        etag: await etagOf(),
      })
      expect(response.headers.has('content-encoding')).toBe(false)
      const start = Number(sent.split('-')[0])
      expect(await response.text()).toBe(script.slice(start, start + length))
    })
  }

  test('416: beyond the end', async () => {
    const response = await askFile('dist/remoteEntry.js', { range: 'bytes=999999-' })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${script.length}`)
    expect(await response.text()).toBe('')
  })

  test('200: several ranges, or what is no range', async () => {
    for (const range of ['bytes=0-1,4-5', 'bytes=9-5', 'lines=0-1', 'bytes=x']) {
      const response = await askFile('dist/remoteEntry.js', { range })
      expect([range, response.status]).toEqual([range, 200])
      expect(await response.text()).toBe(script)
    }
  })

  test('If-Range: the range while the tag is right, else the whole file', async () => {
    const etag = await etagOf()
    const status = async (tag: string) =>
      (await askFile('dist/remoteEntry.js', { range: 'bytes=0-1', 'if-range': tag })).status
    expect(await status(etag)).toBe(206)
    for (const tag of [await etagOf({ 'accept-encoding': 'br' }), `W/${etag}`, 'Mon, 23 Nov 2026 13:40:41 GMT']) {
      expect(await status(tag)).toBe(200)
    }
  })

  test('304 comes before 206', async () => {
    const headers = { range: 'bytes=0-1', 'if-none-match': await etagOf() }
    expect((await askFile('dist/remoteEntry.js', headers)).status).toBe(304)
  })
})

describe('HEAD', () => {
  test('answers as GET without the file', async () => {
    for (const accepted of ['', 'br']) {
      const headers = { 'accept-encoding': accepted }
      const [got, head] = [
        await askFile('dist/remoteEntry.js', headers),
        await askFile('dist/remoteEntry.js', headers, 'HEAD'),
      ]
      const rest = (response: Response) => {
        const { date: _, 'x-request-id': __, ...others } = Object.fromEntries(response.headers)
        return others
      }
      expect(head.status).toBe(200)
      expect(rest(head)).toEqual(rest(got))
      expect(await head.text()).toBe('')
    }
  })

  test('reads nothing of the file, nor does a range read more than itself', async () => {
    await using own = testApp()
    const { id, contentHash } = servePlugin(own.deps, { userId: await own.idOf('ada'), files })
    // Full of holes: takes no room, but minutes to read.
    const size = 2 ** 36
    truncateSync(join(own.deps.packageStore.filesOf(contentHash), 'dist/plain.js'), size)
    const path = `/api/v1/public/plugins/${id}/dist/plain.js`
    const head = await own.send('HEAD', path)
    expect(head.headers.get('content-length')).toBe(String(size))
    const range = await own.send('GET', path, undefined, { range: 'bytes=-2' })
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 2])
  })

  test('304, 403, 404 and 401 too', async () => {
    const status = async (path: string, headers = {}) => (await askFile(path, headers, 'HEAD')).status
    expect(await status('dist/remoteEntry.js', { 'if-none-match': await etagOf() })).toBe(304)
    expect(await status('dist/remoteEntry.js', { range: 'bytes=0-1' })).toBe(200)
    expect(await status('dist/setup.py')).toBe(403)
    expect(await status('dist/nothing.js')).toBe(404)
    const own = await server.send('HEAD', `/api/v1/plugins/${pluginId}/dist/plain.js`)
    expect(own.status).toBe(401)
  })
})
