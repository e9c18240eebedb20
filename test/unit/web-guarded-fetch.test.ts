import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createGuardedFetch, type GuardedFetchOptions } from '../../src/adapters/web/guarded-fetch.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { dnsAnswers } from '../support/dns-answers.ts'
import { plainAnswer, rawServer } from '../support/tls-raw-server.ts'

const guarded = (options: Partial<GuardedFetchOptions> = {}) =>
  createGuardedFetch({ maxConcurrent: 20, defaultIdleTimeoutMs: 2000, ...options })

const failure = async (work: Promise<unknown>): Promise<UpstreamError> => {
  try {
    await work
  } catch (error) {
    if (error instanceof UpstreamError) return error
    throw error
  }
  throw new Error('it did not fail')
}

const redirectTo = (location: string, status = '302 Found') => plainAnswer('moved', { Location: location }, status)

describe('one hop', () => {
  test("path, query, Host and the caller's headers arrive; the connection headers of a caller do not", async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer('héllo')))
    const { lookup } = dnsAnswers({ 'a.test': ['127.0.0.1'] })
    const response = await guarded({ lookup })(`http://a.test:${server.port}/p%20q?x=1&y=é#frag`, 'provider', {
      method: 'POST',
      headers: { 'x-api-key': 'k', host: 'evil.test', 'transfer-encoding': 'chunked', connection: 'close' },
      body: '{"a":1}',
    })
    expect(await response.text()).toBe('héllo')
    expect(response.url).toBe(`http://a.test:${server.port}/p%20q?x=1&y=é#frag`)
    const head = server.heads[0] ?? ''
    expect(head).toStartWith('POST /p%20q?x=1&y=%C3%A9 HTTP/1.1\r\n')
    expect(head.toLowerCase()).toContain(`host: a.test:${server.port}\r\n`)
    expect(head.toLowerCase()).toContain('x-api-key: k\r\n')
    expect(head.toLowerCase()).toContain('content-length: 7\r\n')
    expect(head).not.toMatch(/evil|chunked|connection: close/i)
    expect(head).toEndWith('{"a":1}')
  })

  test('an IPv6 literal works', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()), { hostname: '::1' })
    expect(await (await guarded()(server.url, 'provider')).text()).toBe('ok')
    expect(server.heads[0]?.toLowerCase()).toContain(`host: [::1]:${server.port}`)
  })

  test('the public policy does not reach loopback by literal or by name, and nothing is sent', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const { lookup } = dnsAnswers({ 'a.test': ['8.8.8.8', '127.0.0.1'] })
    const get = guarded({ lookup })
    expect((await failure(get(server.url, 'public'))).kind).toBe('refused')
    expect((await failure(get(`http://a.test:${server.port}/`, 'public'))).kind).toBe('refused')
    expect(server.connections()).toBe(0)
  })

  test('an exempted host and port is reached under the public policy', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const { lookup } = dnsAnswers({ 'searx.lan': ['127.0.0.1'] })
    const get = guarded({ lookup, allowedHosts: new Set([`searx.lan:${server.port}`]) })
    expect(await (await get(`http://searx.lan:${server.port}/`, 'public')).text()).toBe('ok')
    expect((await failure(get(server.url, 'public'))).kind).toBe('refused')
  })

  test('rebinding: one lookup per request, and only its answer is connected to', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const dns = dnsAnswers({ 'a.test': ['127.0.0.1'] }, { 'a.test': ['169.254.169.254'] })
    const get = guarded({ lookup: dns.lookup })
    expect(await (await get(`http://a.test:${server.port}/`, 'provider')).text()).toBe('ok')
    expect(dns.asked).toEqual(['a.test'])
    expect((await failure(get(`http://a.test:${server.port}/`, 'provider'))).kind).toBe('refused')
    expect(dns.asked).toHaveLength(2)
    expect(server.heads).toHaveLength(1)
  })

  test('the next address is tried when one takes no connection, and a dead one is not remembered as good', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const { lookup } = dnsAnswers({
      localhost: ['::1', '127.0.0.1'],
      'a.test': ['127.0.0.2', '127.0.0.3', '127.0.0.1'],
    })
    const get = guarded({ lookup })
    expect(await (await get(`http://localhost:${server.port}/`, 'provider')).text()).toBe('ok')
    expect(await (await get(`http://a.test:${server.port}/`, 'provider', { method: 'POST', body: 'x' })).text()).toBe(
      'ok',
    )
    expect(server.heads).toHaveLength(2)
    await server[Symbol.asyncDispose]()
    expect((await failure(get(`http://a.test:${server.port}/`, 'provider'))).kind).toBe('unreachable')
    expect((await failure(get(`http://a.test:${server.port}/`, 'provider'))).kind).toBe('unreachable')
  })

  test('nothing is sent twice: a connection that breaks after the request does not lead to the next address', async () => {
    await using broken = await rawServer((socket) => socket.resetAndDestroy())
    const { port } = broken
    await using other = await rawServer((socket) => socket.write(plainAnswer()), { hostname: '::1', port })
    const { lookup } = dnsAnswers({ 'a.test': ['127.0.0.1', '::1'] })
    const work = guarded({ lookup })(`http://a.test:${port}/`, 'provider', { method: 'POST', body: 'x' })
    expect((await failure(work)).kind).toBe('unreachable')
    expect(other.connections()).toBe(0)
  })

  test('proxy settings of the environment are ignored', async () => {
    await using proxy = await rawServer((socket) => socket.write(plainAnswer('proxied')))
    await using server = await rawServer((socket) => socket.write(plainAnswer('direct')))
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NO_PROXY', 'no_proxy']
    const before = names.map((name) => process.env[name])
    for (const name of names) process.env[name] = proxy.url
    delete process.env['NO_PROXY']
    delete process.env['no_proxy']
    try {
      expect(await (await fetch(server.url)).text()).toBe('proxied')
      expect(await (await guarded()(server.url, 'provider')).text()).toBe('direct')
    } finally {
      for (const [index, name] of names.entries()) {
        if (before[index] === undefined) delete process.env[name]
        else process.env[name] = before[index]
      }
    }
  })
})

describe('redirects', () => {
  test('none is followed unless asked for; the error carries the status', async () => {
    await using server = await rawServer((socket) => socket.write(redirectTo('/next')))
    expect(await failure(guarded()(server.url, 'provider'))).toMatchObject({ kind: 'protocol', status: 302 })
    expect(await failure(guarded()(server.url, 'provider', { maxRedirects: 3 }))).toMatchObject({ kind: 'protocol' })
    expect(server.heads).toHaveLength(5)
  })

  test.each([
    'http://127.0.0.1:1/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest',
    '//0x7f.1/',
    'http://b.test/',
  ])('a public page that redirects to %s is refused', async (location) => {
    await using server = await rawServer((socket) => socket.write(redirectTo(location)))
    const { lookup } = dnsAnswers({ 'a.test': ['127.0.0.1'], 'b.test': ['192.168.0.1'] })
    const get = guarded({ lookup, allowedHosts: new Set([`a.test:${server.port}`]) })
    const error = await failure(get(`http://a.test:${server.port}/`, 'public', { maxRedirects: 5 }))
    expect(error.kind).toBe('refused')
    expect(server.heads).toHaveLength(1)
  })

  test.each(['file:///etc/passwd', 'http://user:pw@127.0.0.1/', 'javascript:alert(1)'])(
    '%s is refused',
    async (location) => {
      await using server = await rawServer((socket) => socket.write(redirectTo(location)))
      expect((await failure(guarded()(server.url, 'provider', { maxRedirects: 5 }))).kind).toBe('refused')
    },
  )

  test('the body of a redirect is dropped, not awaited', async () => {
    await using second = await rawServer((socket) => socket.write(plainAnswer('there')))
    await using first = await rawServer((socket) =>
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${second.url}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`),
    )
    const response = await guarded()(first.url, 'provider', { maxRedirects: 1 })
    await first.closed(2)
    expect(await response.text()).toBe('there')
  })

  test('a redirect to nowhere is an error of the protocol', async () => {
    for (const location of ['http://', 'http://[nonsense]/']) {
      await using server = await rawServer((socket) => socket.write(redirectTo(location)))
      expect((await failure(guarded()(server.url, 'provider', { maxRedirects: 5 }))).kind).toBe('protocol')
    }
  })

  test('another origin gets no secret; the same origin gets all; the final URL is told', async () => {
    await using second = await rawServer((socket) => socket.write(plainAnswer('there')))
    await using first = await rawServer((socket, head) =>
      socket.write(redirectTo(head.startsWith('GET /start') ? '/here' : `${second.url}thére`)),
    )
    const headers = { authorization: 'Bearer s', 'x-api-key': 's', cookie: 's', 'api-key': 's', accept: 'text/html' }
    const response = await guarded()(`${first.url}start`, 'provider', { headers, maxRedirects: 2 })
    expect(await response.text()).toBe('there')
    expect(response.url).toBe(`${second.url}th%C3%A9re`)
    for (const name of Object.keys(headers)) expect(first.heads[1]?.toLowerCase()).toContain(`\n${name}: `)
    const last = second.heads[0]?.toLowerCase() ?? ''
    expect(last).toContain('\naccept: text/html')
    expect(last).not.toMatch(/authorization|api-key|cookie/)
  })

  test.each([
    ['301 Moved', 'POST', 'GET'],
    ['302 Found', 'POST', 'GET'],
    ['303 See Other', 'POST', 'GET'],
    ['303 See Other', 'DELETE', 'GET'],
    ['302 Found', 'DELETE', 'DELETE'],
    ['307 Temporary', 'POST', 'POST'],
    ['308 Permanent', 'POST', 'POST'],
  ] as const)('%s: %s becomes %s', async (status, method, expected) => {
    await using server = await rawServer((socket, head) =>
      socket.write(head.includes(' /next ') ? plainAnswer() : redirectTo('/next', status)),
    )
    const request = { method, body: 'abc', headers: { 'content-type': 'text/plain' }, maxRedirects: 1 }
    await (await guarded()(server.url, 'provider', request)).text()
    const head = server.heads[1] ?? ''
    expect(head).toStartWith(`${expected} /next `)
    expect(head.endsWith('abc')).toBe(expected !== 'GET')
    expect(/content-type/i.test(head)).toBe(expected !== 'GET')
  })
})

describe('answers', () => {
  test('a gzip body is decoded piece by piece and the headers of the coded form are gone', async () => {
    const packed = gzipSync('hello '.repeat(1000))
    await using server = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-A: b\r\nContent-Length: ${packed.length}\r\n\r\n`)
      socket.write(packed)
    })
    const response = await guarded()(server.url, 'provider')
    expect(response.headers.toJSON()).toEqual({ 'x-a': 'b' })
    expect(await response.text()).toHaveLength(6000)
  })

  test('codings Bun leaves alone keep their headers', async () => {
    await using server = await rawServer((socket) =>
      socket.write(plainAnswer('raw', { 'Content-Encoding': 'br, gzip' })),
    )
    const response = await guarded()(server.url, 'provider')
    expect(response.headers.get('content-encoding')).toBe('br, gzip')
    expect(response.headers.get('content-length')).toBe('3')
    expect(await response.text()).toBe('raw')
  })

  test('a small gzip body that holds 256 MB is not unpacked ahead of the reader', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 28), { level: 9 })
    await using server = await rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    })
    const before = process.memoryUsage.rss()
    const reader = (await guarded()(server.url, 'provider')).body?.getReader()
    expect((await reader?.read())?.value?.length).toBeLessThan(4e6)
    await Bun.sleep(200)
    expect(process.memoryUsage.rss() - before).toBeLessThan(64e6)
    await reader?.cancel()
  })

  test('404 and 500 are answers, 204 has no body, cookies stay separate', async () => {
    await using server = await rawServer((socket, head) => {
      if (head.includes('/204')) return socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      return socket.write('HTTP/1.1 500 Oops\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n\r\nx')
    })
    const empty = await guarded({ maxConcurrent: 1 })(`${server.url}204`, 'provider')
    expect([empty.status, empty.body]).toEqual([204, null])
    const error = await guarded()(server.url, 'provider')
    expect([error.status, error.statusText, error.headers.getSetCookie()]).toEqual([500, 'Oops', ['a=1', 'b=2']])
    await error.body?.cancel()
  })
})

describe('failures', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n'
  test.each([
    ['no answer', '', 'unreachable'],
    ['half a head', `${HEAD}Conte`, 'unreachable'],
    ['status 999', 'HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n', 'protocol'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n', 'protocol'],
    ['too short a body', `${HEAD}Content-Length: 9\r\n\r\nabc`, 'protocol'],
    ['a chunked body cut off', `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, 'protocol'],
    ['broken chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`, 'protocol'],
    ['broken gzip', `${HEAD}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope`, 'protocol'],
  ])('%s', async (_name, bytes, kind) => {
    await using server = await rawServer((socket) => void socket.end(bytes))
    const work = guarded()(`${server.url}path-secret?key=secret`, 'provider', { headers: { 'x-key': 'secret' } })
    const error = await failure(work.then((response) => response.text()))
    expect(error.kind as string).toBe(kind)
    expect(error.message).toContain(`127.0.0.1:${server.port}`)
    expect(Bun.inspect(error).replaceAll(/^.*\|.*$/gm, '')).not.toContain('key=secret')
    expect(String(error.cause)).not.toContain('secret')
  })

  test('an answer that is refused does not keep its connection', async () => {
    for (const head of ['HTTP/1.1 999 X', 'HTTP/1.1 302 Found\r\nLocation: /']) {
      await using server = await rawServer((socket) => socket.write(`${head}\r\nContent-Length: 9\r\n\r\nabc`))
      expect((await failure(guarded()(server.url, 'provider'))).kind).toBe('protocol')
      await server.closed(2)
    }
  })

  test('invalid header values are refused without being repeated', async () => {
    const error = await failure(
      guarded()('http://127.0.0.1:1/', 'provider', { headers: { authorization: 'se\ncret' } }),
    )
    expect(error).toMatchObject({ kind: 'refused', message: 'A request header has an invalid name or value' })
  })

  test('a closed port and an unknown name are unreachable', async () => {
    const server = await rawServer(() => undefined)
    await server[Symbol.asyncDispose]()
    const get = guarded({ lookup: dnsAnswers({}).lookup })
    expect((await failure(get(server.url, 'provider'))).kind).toBe('unreachable')
    expect((await failure(get('http://nowhere.test/', 'provider'))).kind).toBe('unreachable')
  })
})
