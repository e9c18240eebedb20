import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { addPage, insertPage, withoutPages } from '../support/pages.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

/** The answer's own text, since the order of keys and `__proto__` do not survive comparisons of objects. */
const contentText = async (server: TestServer, id: string) => {
  const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
  const text = await (await server.send('GET', `/api/v1/pages/${id}`, undefined, headers)).text()
  const start = text.indexOf('"content":') + '"content":'.length
  return text.slice(start, text.lastIndexOf(',"content_backup":'))
}

const create = async (server: TestServer, content: string) => {
  server.clock.now += 1000
  const body = `{"name":"n","route":"r${server.clock.now}","content":${content}}`
  return server.as('ada')('POST', '/api/v1/pages', body)
}

const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`

describe('content', () => {
  test('comes back as it was sent: order of keys, unknown keys, `__proto__`, numbers, every script', async () => {
    await using server = testApp()
    const texts = [
      '{"z":1,"a":{"snake_case":true,"camelCase":null},"modules":{},"layouts":{"desktop":[[],{},"",0]}}',
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"toString":"x"}',
      '{"":"","\\u0000":"\\u0000","quote\\"":"\\\\"}',
      '{"🧠":"日本語 \u2028 \u202e é"}',
      '{"half":"\\ud800"}',
      '{"numbers":[0,-1,1.5,1e+21,9007199254740991,1e-7]}',
      '{"content":{"content_backup":null}}',
    ]
    for (const text of texts) {
      const { status, body } = await create(server, text)
      expect(status).toBe(201)
      expect(await contentText(server, body.id)).toBe(text)
      await server.as('ada')('PUT', `/api/v1/pages/${body.id}`, `{"content":${texts[0]}}`)
      await server.as('ada')('PUT', `/api/v1/pages/${body.id}`, `{"content":${text}}`)
      expect(await contentText(server, body.id)).toBe(text)
      await server.as('ada')('POST', `/api/v1/pages/${body.id}/backup`, {})
      await server.as('ada')('PUT', `/api/v1/pages/${body.id}`, { content: {} })
      await server.as('ada')('POST', `/api/v1/pages/${body.id}/restore`, {})
      expect(await contentText(server, body.id)).toBe(text)
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  test('2 MB come back byte for byte, alone and in the list', async () => {
    await using server = testApp()
    await withoutPages(server, 'ada')
    const item = (index: number) => ({ i: `Chat_${index}`, x: index, args: { displayName: `🧠 Gespräch ${index}` } })
    const content = { layouts: { desktop: Array.from({ length: 30_000 }, (_, index) => item(index)) }, modules: {} }
    const text = JSON.stringify(content)
    expect(Buffer.byteLength(text)).toBeGreaterThan(2_000_000)
    const { status, body } = await create(server, text)
    expect(status).toBe(201)
    expect(JSON.stringify(body.content)).toBe(text)
    expect(await contentText(server, body.id)).toBe(text)
    const list = (await server.as('ada')('GET', '/api/v1/pages')).body
    expect(JSON.stringify(list.pages[0].content)).toBe(text)
    const renamed = (await server.as('ada')('PUT', `/api/v1/pages/${body.id}`, { name: 'Other' })).body
    expect(JSON.stringify(renamed.content)).toBe(text)
  })

  test('201: as deep as a body may be; 422: deeper', async () => {
    await using server = testApp()
    const { status, body } = await create(server, nested(63))
    expect(status).toBe(201)
    expect(await contentText(server, body.id)).toBe(nested(63))
    expect(await create(server, nested(64))).toMatchObject({ status: 422, body: { code: 'http.too_deep' } })
  })

  test('413: a body above the limit', async () => {
    await using server = testApp({ env: { MAX_REQUEST_SIZE: '10000' } })
    expect((await create(server, JSON.stringify({ x: 'y'.repeat(9900) }))).status).toBe(201)
    expect((await create(server, JSON.stringify({ x: 'y'.repeat(10_000) }))).status).toBe(413)
  })

  test('the page has no layouts or modules of its own, which clients would prefer', async () => {
    await using server = testApp()
    const page = await addPage(server, 'ada', { content: { layouts: { a: 1 }, modules: { b: 1 } }, layouts: {} })
    for (const key of ['layouts', 'modules']) expect(page).not.toHaveProperty(key)
  })
})

describe('a list of megabytes', () => {
  const pageBytes = 2_000_000
  const addLargePages = async (server: TestServer, count: number) => {
    const creatorId = await withoutPages(server, 'ada')
    const content = JSON.stringify({ text: 'x'.repeat(pageBytes) })
    for (let index = 0; index < count; index++) {
      insertPage(server, creatorId, { route: `r${index}`, created_at: index, content })
    }
  }

  /** Reads the first bytes of an answer, then waits. A socket, since `fetch` reads ahead. */
  const openPaused = async (server: TestServer, path: string) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const token = await server.tokenOf('ada')
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n\r\n`,
    )
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    socket.pause()
    await Bun.sleep(100)
    const readAll = async () => {
      const pieces = [first]
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      const ended = new Promise((resolve) => socket.once('close', resolve))
      socket.resume()
      await ended
      return Buffer.concat(pieces)
    }
    return { socket, readAll }
  }

  /** The pieces of a chunked answer, put together. */
  const readChunked = (bytes: Buffer): string => {
    const pieces: Buffer[] = []
    let at = bytes.indexOf('\r\n\r\n') + 4
    for (;;) {
      const lineEnd = bytes.indexOf('\r\n', at)
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
      if (!size) return Buffer.concat(pieces).toString()
      pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
      at = lineEnd + 2 + size + 2
    }
  }

  test('is read from the database as the client takes it; what is deleted meanwhile is left out', async () => {
    await using server = testApp()
    await addLargePages(server, 40)
    const { readAll } = await openPaused(server, '/api/v1/pages')
    server.database.sqlite.run('DELETE FROM pages')
    const body = JSON.parse(readChunked(await readAll()))
    expect(body.total).toBe(40)
    expect(body.pages.length).toBeGreaterThan(0)
    // As many as fit into the buffers of the sockets.
    expect(body.pages.length).toBeLessThan(20)
    expect(body.pages[0].content.text).toHaveLength(pageBytes)
  })

  test('takes the memory of a few pages, and none once the client is gone', async () => {
    await using server = testApp()
    await addLargePages(server, 40)
    const read = async () => {
      const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
      const response = await server.send('GET', '/api/v1/pages', undefined, headers)
      let bytes = 0
      for await (const piece of response.body ?? []) bytes += piece.byteLength
      expect(bytes).toBeGreaterThan(40 * pageBytes)
    }
    await read()
    Bun.gc(true)
    const before = process.memoryUsage.rss()
    const clients = await Promise.all(Array.from({ length: 5 }, () => openPaused(server, '/api/v1/pages')))
    // Whole lists would be 400 MB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000)
    for (const { socket } of clients) socket.destroy()
    await read()
    expect((await server.as('ada')('GET', '/api/v1/pages?limit=1')).status).toBe(200)
  })
})
