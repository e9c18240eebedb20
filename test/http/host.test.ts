import { expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect } from 'node:net'
import { testApp } from '../support/test-app.ts'

test('400: a Host header that makes no URL, before anything relies on one', async () => {
  await using server = testApp()
  for (const host of ['', 'a b', '[', 'x:99999']) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
    socket.write(head)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toStartWith('HTTP/1.1 400')
    socket.destroy()
  }
})

test('200: a short host name', async () => {
  await using server = testApp()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write('GET /health?x=1 HTTP/1.1\r\nHost: h\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toStartWith('HTTP/1.1 200')
  socket.destroy()
})
