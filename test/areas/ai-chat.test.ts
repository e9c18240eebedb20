import { describe, expect, test } from 'bun:test'
import { chatBody, listMessages, postChat, startChatSetup } from '../support/chat.ts'
import type { FakeScript } from '../support/fake-model-server.ts'
import { followSse, readSse } from '../support/sse.ts'

const start = (script: Partial<FakeScript> = {}) => startChatSetup({ pieces: ['Hello', ', ', 'wörld 🚀'], ...script })

describe('POST /api/v1/ai/providers/chat, streamed', () => {
  test('200: conversation first, then the text, then [DONE]; both messages are stored', async () => {
    await using setup = await start()
    const { server } = setup
    const response = await postChat(server, 'ada', chatBody('Hi'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    const reading = await readSse(response)
    expect(reading).toMatchObject({ isDone: true, text: 'Hello, wörld 🚀' })
    const [first, chunk] = reading.events
    expect(first).toEqual({ type: 'conversation', conversation_id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(chunk).toMatchObject({
      text: 'Hello',
      provider: 'ollama',
      model: 'llama3.2:3b',
      finish_reason: null,
      done: false,
      choices: [{ delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }],
    })
    expect(reading.events.at(-1)).toMatchObject({ text: '', finish_reason: 'stop', done: true })
    const messages = await listMessages(server, 'ada', first.conversation_id)
    expect(messages).toMatchObject([
      { sender: 'user', message: 'Hi', message_metadata: { role: 'user' } },
      { sender: 'llm', message: 'Hello, wörld 🚀', message_metadata: { streaming: true, finish_reason_final: 'stop' } },
    ])
  })

  test('the model gets the history, newest last, without our own parameters', async () => {
    await using setup = await start()
    const { server, model } = setup
    const first = await readSse(await postChat(server, 'ada', chatBody('One')))
    const conversationId = first.events[0].conversation_id
    await readSse(await postChat(server, 'ada', chatBody('Two', { conversation_id: conversationId })))
    const request = model.requests.at(-1)?.body as { messages: unknown; options: unknown }
    expect(request.messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Hello, wörld 🚀' },
      { role: 'user', content: 'Two' },
    ])
    expect(JSON.stringify(request)).not.toContain('mcp_')
  })

  test('a client that leaves loses nothing: the reply is finished and stored', async () => {
    await using setup = await start({ pieces: ['a', 'b', 'c', 'd'], delayMs: 30 })
    const { server } = setup
    const stream = followSse(await postChat(server, 'ada', chatBody('Hi')))
    const { events } = await stream.until(({ text }) => text !== '')
    await stream.leave()
    while (server.deps.liveReplies.size > 0) await Bun.sleep(5)
    const messages = await listMessages(server, 'ada', events[0].conversation_id)
    expect(messages.at(-1)).toMatchObject({ sender: 'llm', message: 'abcd' })
  })

  test('cancel closes the upstream within 100 ms, ends the stream with [DONE] and stores the partial', async () => {
    await using setup = await start({ pieces: ['a', 'b', 'c'], fault: { kind: 'hang', after: 2 } })
    const { server, model } = setup
    const stream = followSse(await postChat(server, 'ada', chatBody('Hi')))
    const { events } = await stream.until(({ text }) => text === 'ab')
    const conversationId = events[0].conversation_id
    const startedAt = performance.now()
    const answer = await server.as('ada')('POST', '/api/v1/ai/providers/cancel', { conversation_id: conversationId })
    expect(answer).toMatchObject({ status: 200, body: { status: 'success', cancelled: true } })
    await model.until(() => model.abortedRequests === 1)
    expect(performance.now() - startedAt).toBeLessThan(100)
    expect(await stream.until(() => false)).toMatchObject({ isDone: true })
    const messages = await listMessages(server, 'ada', conversationId)
    expect(messages.at(-1)).toMatchObject({ sender: 'llm', message: 'ab', message_metadata: { cancelled: true } })
  })
})
