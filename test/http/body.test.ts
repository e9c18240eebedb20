import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { testApp } from '../support/test-app.ts'

const login = '/api/v1/auth/login'

/** Everything that a raw connection answers until it is closed or has said enough. */
const speakRaw = (url: string, parts: (string | Uint8Array)[], isEnough: (text: string) => boolean): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ''
    const finish = () => {
      socket.destroy()
      resolve(text)
    }
    socket.on('data', (data) => {
      text += data.toString()
      if (isEnough(text)) finish()
    })
    socket.on('close', () => resolve(text))
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    for (const part of parts) socket.write(part)
  })

describe('a body', () => {
  test('422: malformed, cut off or too deep JSON, and what is no object', async () => {
    await using server = testApp()
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    for (const body of ['{', '{"email":', 'nonsense', '{"a":1}}', deep, '[]', '"text"', '5', 'true']) {
      const answer = await server.call('POST', login, body)
      expect({ body, status: answer.status }).toEqual({ body, status: 422 })
      expect(JSON.stringify(answer.body)).not.toContain('nonsense')
    }
  })

  test('422: a list is not taken for an object without fields', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    for (const body of ['[]', '"x"', '7']) {
      const answer = await ada('POST', '/api/v1/conversations', body)
      expect(answer).toMatchObject({ status: 422, body: { detail: [{ type: 'dict_type', loc: ['body'] }] } })
    }
    expect((await ada('GET', `/api/v1/users/${await server.idOf('ada')}/conversations`)).body).toEqual([])
  })

  test('a very deep text neither crashes nor hangs', async () => {
    await using server = testApp()
    const answer = await server.call('POST', login, '['.repeat(2_000_000))
    expect(answer.status).toBe(422)
    expect((await server.call('GET', '/health')).status).toBe(200)
  })

  test('415: what is not JSON; JSON suffixes and no type at all are', async () => {
    await using server = testApp()
    const text = '{"email":"a@b.co","password":"wrong password"}'
    const send = (type: string) => server.call('POST', login, text, { 'content-type': type })
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
    ]) {
      expect({ type, status: (await send(type)).status }).toEqual({ type, status: 415 })
    }
    for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json', 'APPLICATION/JSON']) {
      expect({ type, status: (await send(type)).status }).toEqual({ type, status: 401 })
    }
    const body = new Blob([text])
    expect((await fetch(server.url + login, { method: 'POST', body })).status).toBe(401)
  })

  test('400: bytes that are no UTF-8', async () => {
    await using server = testApp()
    const response = await fetch(server.url + login, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    })
    expect(response.status).toBe(400)
  })

  test('413: announced or counted while it comes, with CORS headers and a request id', async () => {
    await using server = testApp({ env: { MAX_REQUEST_SIZE: '4096' } })
    const origin = 'http://localhost:3000'
    const announced = await server.call('POST', login, `{"email":"${'x'.repeat(5000)}"}`, { origin })
    expect(announced).toMatchObject({ status: 413, body: { code: 'http.body_too_large' } })
    expect(announced.headers.get('access-control-allow-origin')).toBe(origin)
    expect(announced.headers.get('x-request-id')).toBeTruthy()
    const piece = `${(1000).toString(16)}\r\n${'x'.repeat(1000)}\r\n`
    const head = `POST ${login} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`
    const counted = await speakRaw(server.url, [head, ...Array.from({ length: 8 }, () => piece)], (text) =>
      text.includes('}'),
    )
    expect(counted).toStartWith('HTTP/1.1 413')
    expect((await server.call('GET', '/health')).status).toBe(200)
  })

  test('413: a huge announcement is answered before a byte of it comes', async () => {
    await using server = testApp()
    const head = `POST ${login} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{`
    expect(await speakRaw(server.url, [head], (text) => text.includes('}'))).toStartWith('HTTP/1.1 413')
  })

  test('a slow sender holds up nobody else', async () => {
    const server = testApp()
    const head = `POST ${login} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`
    const slow = speakRaw(server.url, [head], (text) => text !== '')
    for (let round = 0; round < 20; round++) expect((await server.call('GET', '/health')).status).toBe(200)
    await server.stop()
    expect(await slow).toBe('')
  })
})
