import { afterEach, describe, expect, test } from 'bun:test'
import { createAnthropicAdapter } from '../../src/adapters/llm/anthropic.ts'
import type { ChatMessage } from '../../src/adapters/llm/types.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { cannedFetch, plainFetch } from '../support/fake-fetch.ts'
import type { FakeModelServer } from '../support/fake-model-server.ts'
import { completeChat } from '../support/complete-chat.ts'

let fake: FakeModelServer | undefined

const run = (...args: Parameters<typeof startFakeAnthropic>) => (fake = startFakeAnthropic(...args))

afterEach(async () => {
  await fake?.stop()
  fake = undefined
})

const { signal } = new AbortController()
const hello: ChatMessage[] = [{ role: 'user', content: 'Hi' }]

const requestTo = (baseUrl: string, params: Record<string, unknown> = {}, messages = hello) => ({
  server: { provider: 'claude', baseUrl, apiKey: 'k-1' } as const,
  model: 'm',
  messages,
  params,
  signal,
})

const ask = async (params: Record<string, unknown>, messages = hello) => {
  const server = run()
  await completeChat(createAnthropicAdapter(plainFetch), requestTo(server.url, params, messages))
  await server.stop()
  return server.requests[0]
}

const base = { model: 'm', messages: hello, stream: true, max_tokens: 4096 }

describe('POST /v1/messages', () => {
  test('sends key, version and the default token limit', async () => {
    const request = await ask({})
    expect(request).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      headers: { 'x-api-key': 'k-1', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    })
    expect(request?.headers.authorization).toBeUndefined()
    expect(request?.body).toEqual(base)
  })

  test('sends only the sampling keys that were given', async () => {
    const params = { temperature: 0, top_p: 0.9, top_k: 5, max_tokens: 100, stop_sequences: ['X', ' '] }
    expect((await ask({ ...params, context_window: 4000, seed: 7, frequency_penalty: 1 }))?.body).toEqual({
      ...base,
      ...params,
      stop_sequences: ['X'],
    })
  })

  test.each([
    [{ temperature: 1.7 }, { temperature: 1 }],
    [{ temperature: -1 }, { temperature: 0 }],
    [{ temperature: null, stop_sequences: [] }, {}],
    [{ stop: 'X' }, { stop_sequences: ['X'] }],
    [{ max_tokens: 0 }, {}],
    [{ max_tokens: '100' }, {}],
    [{ max_tokens: 10.7 }, { max_tokens: 10 }],
  ])('%j is sent as %j', async (params, sent) => {
    expect((await ask(params))?.body).toEqual({ ...base, ...sent })
  })

  test('system messages from anywhere are joined; turns are merged; blank messages are dropped', async () => {
    const messages: ChatMessage[] = [
      { role: 'system', content: 'persona' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: ' \n' },
      { role: 'system', content: 'document' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 'answer' },
      { role: 'user', content: 'three' },
    ]
    expect((await ask({}, messages))?.body).toEqual({
      ...base,
      system: 'persona\n\ndocument',
      messages: [
        { role: 'user', content: 'one\n\ntwo' },
        { role: 'assistant', content: 'answer' },
        { role: 'user', content: 'three' },
      ],
    })
  })

  test('a greeting that opens the conversation is kept behind a user turn', async () => {
    const messages: ChatMessage[] = [{ role: 'assistant', content: 'Ahoy!' }, ...hello]
    expect((await ask({}, messages))?.body).toMatchObject({
      messages: [
        { role: 'user', content: expect.stringMatching(/\S/) },
        { role: 'assistant', content: 'Ahoy!' },
        ...hello,
      ],
    })
  })

  test('the messages of the caller stay as they were', async () => {
    const messages: ChatMessage[] = [...hello, { role: 'user', content: 'again' }]
    await ask({}, messages)
    expect(messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'user', content: 'again' },
    ])
  })

  test('parameters that a model refuses are left out', async () => {
    const server = run({
      respond: ({ body }) => {
        const has = (name: string) => typeof body === 'object' && body !== null && name in body
        if (!has('temperature') || !has('top_p')) return {}
        const message = '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
        return { instead: { status: 400, json: { type: 'error', error: { type: 'invalid_request_error', message } } } }
      },
    })
    await completeChat(createAnthropicAdapter(plainFetch), requestTo(server.url, { temperature: 0.7, top_p: 0.9 }))
    expect(server.requests.at(-1)?.body).toEqual({ ...base, temperature: 0.7 })
  })
})

describe('replies', () => {
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['Refusal', 'refusal'],
  ])('stop_reason %s is finish reason %s', async (word, expected) => {
    const server = run({ finishReason: word, usage: { promptTokens: 12, completionTokens: 34 } })
    expect(await completeChat(createAnthropicAdapter(plainFetch), requestTo(server.url))).toEqual({
      text: 'Hello from the fake.',
      finishReason: expected,
      usage: { promptTokens: 12, completionTokens: 34 },
    })
  })

  test('thinking, tool input and unknown events are skipped', async () => {
    const events = [
      { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{' } },
      { type: 'future_event', delta: { text: 'no' } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'yes' } },
      { type: 'message_stop' },
    ]
    const fetch = cannedFetch(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`))
    expect(await completeChat(createAnthropicAdapter(fetch), requestTo('http://localhost'))).toEqual({
      text: 'yes',
      finishReason: 'stop',
    })
  })
})

describe('GET /v1/models', () => {
  test('lists display names, and asks for one large page', async () => {
    const server = run({ requiredKey: 'k-1' })
    expect(await createAnthropicAdapter(plainFetch).listModels(requestTo(server.url).server, signal)).toEqual([
      {
        id: 'claude-sonnet-4-20250514',
        name: 'Claude Sonnet 4',
        metadata: {
          owned_by: 'anthropic',
          created_at: '2025-05-22T00:00:00Z',
          description: 'Claude model: claude-sonnet-4-20250514',
        },
      },
    ])
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models?limit=1000' })
  })

  test('a wrong key is an error, not a canned list', async () => {
    const server = run({ requiredKey: 'other' })
    expect(createAnthropicAdapter(plainFetch).listModels(requestTo(server.url).server, signal)).rejects.toMatchObject({
      kind: 'status',
      status: 401,
      message: 'The model server answered 401: invalid x-api-key',
    })
  })
})
