import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/auth/login'
/** Takes as much as `MAX_REQUEST_SIZE`; who is not signed in gets 401 for what can be read. */
const longPath = '/api/v1/pages'
const account = { username: 'ada', email: 'ada@home.test', password: 'long enough' }
const mebibyte = 1_048_576

const post = (server: TestServer, body: Bun.BodyInit | undefined, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })

interface RawConnection {
  write(text: string | Uint8Array): void
  /** Waits until what came in so far fits, or the other side closed. Throws after 5 s: nothing may hang. */
  until(isEnough: (text: string) => boolean): Promise<string>
  isClosed(): boolean
  end(): void
}

const connect = async (server: TestServer): Promise<RawConnection> => {
  let received = ''
  let closed = false
  let wake = () => {}
  let pending: Uint8Array[] = []
  const drain = (socket: Bun.Socket) => {
    while (pending.length > 0) {
      const [piece] = pending as [Uint8Array]
      const written = socket.write(piece)
      if (written < piece.length) {
        pending[0] = piece.subarray(Math.max(written, 0))
        return
      }
      pending = pending.slice(1)
    }
  }
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(server.url).port),
    socket: {
      data: (_, data) => {
        received += Buffer.from(data).toString('latin1')
        wake()
      },
      drain,
      close: () => {
        closed = true
        wake()
      },
      error: () => {
        closed = true
        wake()
      },
    },
  })
  return {
    write(text) {
      pending.push(typeof text === 'string' ? Buffer.from(text) : text)
      drain(socket)
    },
    async until(isEnough) {
      const deadline = Date.now() + 5000
      const isDone = () => isEnough(received) || closed
      while (!isDone()) {
        if (Date.now() > deadline) throw new Error(`nothing came: ${received.slice(0, 200)}`)
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), Bun.sleep(100)])
      }
      return received
    },
    isClosed: () => closed,
    end: () => socket.end(),
  }
}

const headOf =
  (target: string) =>
  (server: TestServer, ...lines: string[]) => {
    const host = `Host: localhost:${new URL(server.url).port}`
    return [
      `POST ${target} HTTP/1.1`,
      host,
      'Content-Type: application/json',
      'Origin: http://localhost:3000',
      ...lines,
      '',
      '',
    ].join('\r\n')
  }
const head = headOf(path)
const hasAnswer = (text: string) => /\r\n\r\n.*\}/s.test(text)

describe('types', () => {
  test('JSON under its names, with parameters, in any case, or without a type', async () => {
    await using server = testApp()
    await server.call('POST', '/api/v1/auth/register', account)
    const body = JSON.stringify(account)
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/vnd.api+json',
      'application/problem+json;a=b',
    ]) {
      expect({ type, status: (await post(server, body, { 'content-type': type })).status }).toEqual({
        type,
        status: 200,
      })
    }
    expect((await post(server, new Blob([body]))).status).toBe(200)
  })

  test('415: anything else, which a form of a foreign page could send', async () => {
    await using server = testApp()
    const types = [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'text/plain;application/json',
      'text/json',
      'application/jsonp',
      'application/xml',
      'application/octet-stream',
    ]
    for (const type of types) {
      const answer = await post(server, JSON.stringify(account), { 'content-type': type })
      expect({ type, status: answer.status, body: await answer.json() }).toEqual({
        type,
        status: 415,
        body: { detail: 'Send the body as application/json', code: 'http.unsupported_media_type' },
      })
    }
  })
})

describe('content', () => {
  const missing = { detail: [{ type: 'missing', loc: ['body'], msg: 'Field required' }], code: 'http.validation' }

  test('422: no body, an empty one and null', async () => {
    await using server = testApp()
    const json = { 'content-type': 'application/json' }
    for (const [body, headers] of [
      [undefined, {}],
      [undefined, json],
      ['', json],
      ['null', json],
    ] as const) {
      const answer = await post(server, body, headers)
      expect({ body, status: answer.status, answer: await answer.json() }).toEqual({
        body,
        status: 422,
        answer: missing,
      })
    }
  })

  test('422: another root than an object', async () => {
    await using server = testApp()
    for (const body of ['[]', '[{}]', '"text"', '7', 'true']) {
      const answer = await server.call('POST', path, body)
      expect({ body, status: answer.status }).toEqual({ body, status: 422 })
      for (const detail of answer.body.detail)
        expect(detail).toEqual({ type: expect.any(String), loc: expect.any(Array), msg: expect.any(String) })
    }
  })

  test('422: malformed JSON, without an echo', async () => {
    await using server = testApp()
    for (const body of [
      '{',
      '{"password":"geheim"',
      "{'a':1}",
      '{"a":1,}',
      'geheim',
      '{}{}',
      '\u0000',
      '{"a":"\n"}',
      'NaN',
      '['.repeat(1_000_000),
    ]) {
      const answer = await server.call('POST', longPath, body)
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 422,
        body: { detail: [{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }], code: 'http.validation' },
      })
    }
  })

  test('422: nested deeper than 64', async () => {
    await using server = testApp()
    const nested = (depth: number) =>
      `{"email":"a@home.test","password":"x","extra":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect((await server.call('POST', longPath, nested(60))).status).toBe(401)
    for (const depth of [65, 1000, 100_000]) {
      const answer = await server.call('POST', longPath, nested(depth))
      expect({ depth, status: answer.status }).toEqual({ depth, status: 422 })
    }
    expect((await server.call('POST', longPath, `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)).status).toBe(422)
  })

  test('400: bytes that are no UTF-8', async () => {
    await using server = testApp()
    for (const bytes of [[0x22, 0xff, 0x22], [0xc3], [0xed, 0xa0, 0x80], [0xff, 0xfe, 0x7b, 0x00]]) {
      const answer = await post(server, new Uint8Array(bytes), { 'content-type': 'application/json' })
      expect([answer.status, await answer.json()]).toEqual([
        400,
        { detail: 'There was an error parsing the body', code: 'http.undecodable' },
      ])
    }
  })

  test('200: a byte order mark, unknown fields and a prototype in disguise do no harm', async () => {
    await using server = testApp()
    await server.call('POST', '/api/v1/auth/register', account)
    const body = `\uFEFF{"__proto__":{"isAdmin":true},"constructor":{},"toString":1,${JSON.stringify(account).slice(1)}`
    expect((await server.call('POST', path, body)).status).toBe(200)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })
})

describe('size', () => {
  test('413: more than announced is never read; the text names both sizes', async () => {
    await using server = testApp()
    const answer = await server.call('POST', longPath, 'x'.repeat(5 * mebibyte + 1))
    expect([answer.status, answer.body]).toEqual([
      413,
      { detail: 'Request body too large. Maximum size is 5.0MB, received 5.00MB', code: 'http.body_too_large' },
    ])
    expect(answer.headers.get('x-request-id')).toBeTruthy()
    const justFits = `{"email":"a@home.test","password":"x","pad":"${'x'.repeat(5 * mebibyte - 47)}"}`
    expect(justFits.length).toBe(5 * mebibyte)
    expect((await server.call('POST', longPath, justFits)).status).toBe(401)
  })

  test('413: less where a route needs less, and strangers may send it', async () => {
    await using server = testApp()
    const answer = await server.call('POST', path, { ...account, pad: 'x'.repeat(65_536) })
    expect([answer.status, answer.body.code]).toEqual([413, 'http.body_too_large'])
  })

  test('413: a huge length without a body is answered at once', async () => {
    await using server = testApp()
    for (const length of [6 * mebibyte, 1_500_000_000]) {
      const connection = await connect(server)
      connection.write(head(server, `Content-Length: ${length}`))
      const text = await connection.until(hasAnswer)
      expect(text).toStartWith('HTTP/1.1 413')
      expect(text).toContain('Request body too large')
      expect(text.toLowerCase()).toContain('access-control-allow-origin: http://localhost:3000')
      expect(text.toLowerCase()).toContain('x-request-id:')
      connection.end()
    }
    expect((await server.call('GET', '/health')).status).toBe(200)
  })

  test('413: a chunked body is counted while it is read', async () => {
    await using server = testApp()
    const connection = await connect(server)
    connection.write(headOf(longPath)(server, 'Transfer-Encoding: chunked'))
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
    for (let count = 0; count < 96; count++) connection.write(chunk)
    connection.write('0\r\n\r\n')
    const text = await connection.until(hasAnswer)
    expect(text).toStartWith('HTTP/1.1 413')
    expect(text).toContain('Maximum size is 5.0MB')
    expect(text.toLowerCase()).toContain('access-control-allow-origin')
    // Usable or closed, but never stuck.
    connection.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const after = await connection.until((received) => received.includes('healthy'))
    expect(connection.isClosed() || after.includes('healthy')).toBe(true)
    connection.end()
  })

  test('413: an endless chunked body is cut off', async () => {
    await using server = testApp({ env: { MAX_REQUEST_SIZE: '65536' } })
    const connection = await connect(server)
    connection.write(head(server, 'Transfer-Encoding: chunked'))
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(16_384, 'x'), Buffer.from('\r\n')])
    let text = ''
    for (let count = 0; count < 200 && !hasAnswer(text) && !connection.isClosed(); count++) {
      connection.write(chunk)
      text = await Promise.race([connection.until(hasAnswer), Bun.sleep(20).then(() => '')])
    }
    expect(text).toStartWith('HTTP/1.1 413')
    connection.end()
  })

  test('200: a chunked body that fits', async () => {
    await using server = testApp()
    await server.call('POST', '/api/v1/auth/register', account)
    const connection = await connect(server)
    connection.write(head(server, 'Transfer-Encoding: chunked'))
    for (const piece of [JSON.stringify(account).slice(0, 20), JSON.stringify(account).slice(20)])
      connection.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
    connection.write('0\r\n\r\n')
    expect(await connection.until(hasAnswer)).toStartWith('HTTP/1.1 200')
    connection.end()
  })

  test('400: both lengths at once, or one that is no number, are no request', async () => {
    await using server = testApp()
    for (const lines of [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Content-Length: x'],
      ['Content-Length: -1'],
      ['Content-Length: 5', 'Content-Length: 6'],
    ]) {
      const connection = await connect(server)
      connection.write(`${head(server, ...lines)}0\r\n\r\n`)
      const text = await connection.until((received) => received.includes('\r\n\r\n'))
      expect({ lines, status: text.slice(0, 12) }).toEqual({ lines, status: 'HTTP/1.1 400' })
      connection.end()
    }
  })
})

describe('patience', () => {
  test('a slow body does not keep others waiting', async () => {
    await using server = testApp()
    await server.call('POST', '/api/v1/auth/register', account)
    const body = JSON.stringify(account)
    const slow = await connect(server)
    slow.write(head(server, `Content-Length: ${body.length}`))
    for (const letter of body.slice(0, 5)) {
      slow.write(letter)
      const start = performance.now()
      expect((await server.call('POST', path, body)).status).toBe(200)
      expect(performance.now() - start).toBeLessThan(500)
    }
    slow.write(body.slice(5))
    expect(await slow.until(hasAnswer)).toStartWith('HTTP/1.1 200')
    slow.end()
  })

  test('who hangs up in the middle of a body is no failure of ours', async () => {
    await using server = testApp({ logLevel: 'warn' })
    for (const lines of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
      const connection = await connect(server)
      connection.write(`${head(server, lines)}10\r\n{"email"`)
      await Bun.sleep(20)
      connection.end()
    }
    await Bun.sleep(50)
    expect(server.logged()).toBe('')
    expect((await server.call('GET', '/health')).status).toBe(200)
  })
})
