import { afterEach, describe, expect, test } from 'bun:test'
import { createOllamaAdapter } from '../../src/adapters/llm/ollama.ts'
import { fetchOllamaVersion } from '../../src/adapters/llm/ollama-version.ts'
import type { ChatMessage } from '../../src/adapters/llm/types.ts'
import { cannedFetch, plainFetch } from '../support/fake-fetch.ts'
import type { FakeModelServer } from '../support/fake-model-server.ts'
import { FAKE_OLLAMA_VERSION, startFakeOllama } from '../support/fake-ollama.ts'
import { completeChat } from '../support/complete-chat.ts'

let fake: FakeModelServer | undefined

const run = (...args: Parameters<typeof startFakeOllama>) => (fake = startFakeOllama(...args))

afterEach(async () => {
  await fake?.stop()
  fake = undefined
})

const { signal } = new AbortController()

const serverAt = (baseUrl: string, apiKey?: string) => ({ provider: 'ollama', baseUrl, apiKey }) as const

const ask = async (params: Record<string, unknown>, options: { apiKey?: string; messages?: ChatMessage[] } = {}) => {
  const server = run()
  const messages = options.messages ?? [{ role: 'user', content: 'Hi' }]
  await completeChat(createOllamaAdapter(plainFetch), {
    server: serverAt(server.url, options.apiKey),
    model: 'llama3.2:3b',
    messages,
    params,
    signal,
  })
  await server.stop()
  return server.requests[0]
}

const optionsFor = async (params: Record<string, unknown>) => {
  const body = (await ask(params))?.body
  return typeof body === 'object' && body !== null && 'options' in body ? body.options : undefined
}

describe('POST /api/chat', () => {
  test('sends model, all messages in order and the stream flag', async () => {
    const messages: ChatMessage[] = [
      { role: 'system', content: 'S' },
      { role: 'assistant', content: 'A' },
      { role: 'user', content: 'U' },
    ]
    expect(await ask({}, { messages })).toMatchObject({
      method: 'POST',
      path: '/api/chat',
      headers: { 'content-type': 'application/json' },
      body: { model: 'llama3.2:3b', messages, stream: true, options: {} },
    })
  })

  test('sends the key as a bearer token, and none without a key', async () => {
    expect((await ask({}, { apiKey: ' k-1 ' }))?.headers.authorization).toBe('Bearer k-1')
    expect((await ask({}, { apiKey: '' }))?.headers.authorization).toBeUndefined()
    expect((await ask({}))?.headers.authorization).toBeUndefined()
  })

  test('maps every parameter that Ollama knows', async () => {
    const params = {
      context_window: 4000,
      max_tokens: 2048,
      temperature: 0,
      top_p: 0.9,
      top_k: 5,
      seed: 7,
      min_p: 0.05,
      frequency_penalty: 0.4,
      presence_penalty: -0.2,
      stop_sequences: ['X'],
    }
    expect(await optionsFor(params)).toEqual({
      num_ctx: 4000,
      num_predict: 2048,
      temperature: 0,
      top_p: 0.9,
      top_k: 5,
      seed: 7,
      min_p: 0.05,
      repeat_penalty: 1.2,
      stop: ['X'],
    })
  })

  test('drops nulls, junk and what it does not know', async () => {
    const params = {
      temperature: null,
      top_p: '0.9',
      top_k: Number.NaN,
      mirostat: 1,
      mcp_tools_enabled: true,
      stop: [],
    }
    expect(await optionsFor(params)).toEqual({})
  })

  test.each([
    [{ frequency_penalty: 0, presence_penalty: 0 }, undefined],
    [{ presence_penalty: -2 }, 2],
    [{ frequency_penalty: 9 }, 2],
    [{ frequency_penalty: 0.5 }, 1.25],
  ])('penalties %j become repeat_penalty %p', async (params, expected) => {
    expect(await optionsFor(params)).toEqual(expected === undefined ? {} : { repeat_penalty: expected })
  })

  test.each([
    [{ stop: 'X' }, ['X']],
    [{ stop: ['X', 'Y'] }, ['X', 'Y']],
    [{ stop_sequences: ['A'], stop: ['B'] }, ['A']],
    [{ stop_sequences: [], stop: ['B'] }, ['B']],
    [{ stop_sequences: ['', 3, 'A'] }, ['A']],
  ])('stop texts %j become %j', async (params, stop) => {
    expect(await optionsFor(params)).toEqual({ stop })
  })

  test('text of the last line counts, and so does a last line without newline', async () => {
    const lines = ['{"message":{"content":"a"},"done":false}\r\n\n', '{"message":{"content":"b"},"done":true}']
    const reply = await completeChat(createOllamaAdapter(cannedFetch(lines)), {
      server: serverAt('http://localhost'),
      model: 'm',
      messages: [],
      params: {},
      signal,
    })
    expect(reply).toEqual({ text: 'ab', finishReason: 'stop' })
  })

  test.each([
    ['', 'stop'],
    ['eos', 'stop'],
    ['end_turn', 'stop'],
    ['LENGTH', 'length'],
    ['max_tokens', 'length'],
    ['max_token', 'length'],
    ['token_limit', 'length'],
    ['context_length', 'length'],
    ['Unload', 'unload'],
  ])('done_reason %j is finish reason %j', async (word, expected) => {
    const server = run({ finishReason: word })
    const request = { server: serverAt(server.url), model: 'm', messages: [], params: {}, signal }
    expect(await completeChat(createOllamaAdapter(plainFetch), request)).toMatchObject({ finishReason: expected })
  })
})

describe('GET /api/tags', () => {
  test('lists models with their metadata, key included in the request', async () => {
    const server = run({ requiredKey: 'k-1' })
    expect(await createOllamaAdapter(plainFetch).listModels(serverAt(server.url, 'k-1'), signal)).toEqual([
      {
        id: 'llama3.2:3b',
        name: 'llama3.2:3b',
        metadata: {
          name: 'llama3.2:3b',
          model: 'llama3.2:3b',
          modified_at: '2025-01-01T00:00:00Z',
          size: 2019393189,
          digest: expect.any(String),
          details: { format: 'gguf', family: 'llama', parameter_size: '3.2B', quantization_level: 'Q4_K_M' },
        },
      },
    ])
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/api/tags' })
  })

  test('a status is an error although the body is a list', async () => {
    const server = run({ instead: { status: 503, json: { models: [] } } })
    expect(createOllamaAdapter(plainFetch).listModels(serverAt(server.url), signal)).rejects.toMatchObject({
      kind: 'status',
      status: 503,
    })
  })
})

describe('GET /api/version', () => {
  test('returns the version', async () => {
    expect(await fetchOllamaVersion(plainFetch, serverAt(run().url), signal)).toBe(FAKE_OLLAMA_VERSION)
  })

  test('another kind of server is an error', async () => {
    const fetch = cannedFetch(['{"status":"ok"}'])
    expect(fetchOllamaVersion(fetch, serverAt('http://localhost'), signal)).rejects.toMatchObject({ kind: 'protocol' })
  })
})
