import { describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { chatBody, listMessages, postChat, startChatSetup } from '../support/chat.ts'
import type { FakeScript } from '../support/fake-model-server.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { followSse, readSse } from '../support/sse.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const start = (script: Partial<FakeScript> = {}) => startChatSetup(script)

const cancelPath = '/api/v1/ai/providers/cancel'

/** A client below HTTP libraries, which read ahead and allow only so many connections. */
const connectRaw = async (server: TestServer, body: unknown): Promise<Socket> => {
  const token = await server.tokenOf('ada')
  const text = JSON.stringify(body)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(
    `POST /api/v1/ai/providers/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
  return socket
}

const readAll = async (socket: Socket): Promise<string> => {
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.resume()
  await once(socket, 'close')
  return Buffer.concat(pieces).toString()
}

describe('listeners of one reply', () => {
  test('a thousand get the whole text of one upstream call', async () => {
    await using setup = await start({ pieces: ['one', 'two'], delayMs: 1500 })
    const { server, model } = setup
    await server.tokenOf('ada')
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async () => readAll(await connectRaw(server, chatBody('Hi')))),
    )
    const isWhole = (answer: string) =>
      ['"text":"one"', '"text":"two"', 'data: [DONE]'].every((part) => answer.includes(part))
    expect(answers.filter(isWhole)).toHaveLength(1000)
    expect(model.requests).toHaveLength(1)
  }, 20_000)

  test('one that does not read is dropped, and hurts neither the others nor the stored reply', async () => {
    const piece = 'x'.repeat(256 * 1024)
    await using setup = await start({ pieces: Array.from({ length: 100 }, () => piece), delayMs: 5 })
    const { server } = setup
    const lazy = await connectRaw(server, chatBody('Hi'))
    lazy.pause()
    const keen = followSse(await postChat(server, 'ada', chatBody('Hi')))
    const { text, events, isDone } = await keen.until(() => false)
    expect([text.length, isDone]).toEqual([100 * piece.length, true])
    const messages = await listMessages(server, 'ada', events[0].conversation_id)
    expect(messages.at(-1).message.length).toBe(100 * piece.length)
    const late = await readAll(lazy)
    expect(late.length).toBeLessThan(100 * piece.length)
    expect(late).toContain('data: [DONE]')
  }, 20_000)
})

describe('a conversation that is deleted while it is answered', () => {
  test('costs no other reply its text, and is no error', async () => {
    await using setup = await start({ pieces: ['kept ', 'text'], fault: { kind: 'hang', after: 2 } })
    const { server } = setup
    const doomed = followSse(await postChat(server, 'ada', chatBody('One')))
    const other = followSse(await postChat(server, 'ada', chatBody('Two')))
    const [{ conversation_id: doomedId }] = (await doomed.until(({ text }) => text === 'kept text')).events
    const [{ conversation_id: otherId }] = (await other.until(({ text }) => text === 'kept text')).events
    expect((await server.as('ada')('DELETE', `/api/v1/conversations/${doomedId}`)).status).toBe(204)
    await Bun.sleep(950)
    expect((await listMessages(server, 'ada', otherId)).at(-1)).toMatchObject({
      sender: 'llm',
      message: 'kept text',
      message_metadata: { incomplete: true },
    })
    for (const id of [doomedId, otherId]) await server.as('ada')('POST', cancelPath, { conversation_id: id })
    const ended = await doomed.until(() => false)
    expect(ended.isDone).toBe(true)
    expect(ended.events.some(({ error }) => error)).toBe(false)
    await other.until(() => false)
    expect((await listMessages(server, 'ada', otherId)).at(-1)).toMatchObject({
      message: 'kept text',
      message_metadata: { cancelled: true },
    })
    expect(server.logged()).not.toContain('not saved')
  })
})

describe('POST /api/v1/ai/providers/cancel', () => {
  test('200 for nothing to cancel, 422 for a list, 401 for a stranger', async () => {
    await using setup = await start()
    const call = setup.server.as('ada')
    expect((await call('POST', cancelPath, {})).status).toBe(200)
    expect((await call('POST', cancelPath, { conversation_id: null })).status).toBe(200)
    expect((await call('POST', cancelPath, [])).status).toBe(422)
    expect((await call('POST', cancelPath)).status).toBe(422)
    expect((await setup.server.call('POST', cancelPath, [])).status).toBe(401)
  })

  test('the id may come without dashes; the same question then starts anew instead of joining what ends', async () => {
    await using setup = await start({ fault: { kind: 'hang', after: 1 } })
    const { server, model } = setup
    const stream = followSse(await postChat(server, 'ada', chatBody('Hi')))
    const [{ conversation_id: id }] = (await stream.until(({ text }) => text !== '')).events
    model.script.fault = undefined
    const cancelled = server.as('ada')('POST', cancelPath, { conversation_id: id.replaceAll('-', '') })
    await cancelled
    const again = await readSse(await postChat(server, 'ada', chatBody('Hi')))
    expect(again).toMatchObject({ isDone: true, text: 'Hello from the fake.' })
    expect(model.requests).toHaveLength(2)
  })

  test('ends a reply that still looks for the id of its model', async () => {
    const claude = startFakeAnthropic({ latencyMs: 60_000 })
    await using server = testApp({ env: { ANTHROPIC_BASE_URL: claude.url, ANTHROPIC_API_KEY: 'sk-ant-1' } })
    const stream = followSse(
      await postChat(server, 'ada', chatBody('Hi', { provider: 'claude', model: 'Claude Sonnet 4' })),
    )
    const [{ conversation_id: id }] = (await stream.until(({ events }) => events.length > 0)).events
    const startedAt = performance.now()
    await server.as('ada')('POST', cancelPath, { conversation_id: id })
    expect(await stream.until(() => false)).toMatchObject({ isDone: true })
    expect(performance.now() - startedAt).toBeLessThan(300)
    await claude.stop()
  })
})
