import { afterEach, describe, expect, test } from 'bun:test'
import { createOpenAiAdapter } from '../../src/adapters/llm/openai.ts'
import { checkOpenRouterKey } from '../../src/adapters/llm/openrouter-key.ts'
import type { ChatMessage, ProviderId } from '../../src/adapters/llm/types.ts'
import type { GuardedFetch } from '../../src/adapters/web/types.ts'
import { cannedFetch, plainFetch } from '../support/fake-fetch.ts'
import type { FakeModelServer } from '../support/fake-model-server.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { completeChat } from '../support/complete-chat.ts'

let fake: FakeModelServer | undefined

const run = (...args: Parameters<typeof startFakeOpenAi>) => (fake = startFakeOpenAi(...args))

afterEach(async () => {
  await fake?.stop()
  fake = undefined
})

const { signal } = new AbortController()
const messages: ChatMessage[] = [
  { role: 'system', content: 'S' },
  { role: 'user', content: 'Hi' },
]

const requestTo = (provider: ProviderId, baseUrl: string, params: Record<string, unknown> = {}, apiKey?: string) => ({
  server: { provider, baseUrl, apiKey },
  model: 'm',
  messages,
  params,
  signal,
})

const ask = async (provider: ProviderId, params: Record<string, unknown>, apiKey?: string) => {
  const server = run()
  await completeChat(createOpenAiAdapter(plainFetch), requestTo(provider, server.url, params, apiKey))
  await server.stop()
  return server.requests[0]
}

const everything = {
  temperature: 0,
  top_p: 0.9,
  max_tokens: 2048,
  frequency_penalty: 0.1,
  presence_penalty: 0.2,
  seed: 7,
  stop_sequences: ['X'],
  response_format: { type: 'json_object' },
  top_k: 5,
  min_p: 0.1,
  context_window: 4000,
  mcp_tools_enabled: true,
  tools: [],
  stream: false,
  model: 'other',
}

const known = {
  temperature: 0,
  top_p: 0.9,
  max_tokens: 2048,
  frequency_penalty: 0.1,
  presence_penalty: 0.2,
  seed: 7,
  stop: ['X'],
  response_format: { type: 'json_object' },
}

const base = { model: 'm', messages, stream: true }

/** The body that goes to the real OpenAI, which no fake can stand for. */
const askOpenAiItself = async (params: Record<string, unknown>) => {
  let sent: unknown
  const answer = cannedFetch(['data: [DONE]\n\n'])
  const fetch: GuardedFetch = (url, policy, request) => {
    sent = { url, policy, body: JSON.parse(request?.body ?? '') }
    return answer(url, policy, request)
  }
  await completeChat(createOpenAiAdapter(fetch), requestTo('openai', 'https://api.openai.com/v1', params, 'k'))
  return sent
}

const read = (pieces: string[], init?: ResponseInit) =>
  completeChat(createOpenAiAdapter(cannedFetch(pieces, init)), requestTo('openrouter', 'http://localhost'))

const refusing = (refusals: Record<string, string>, status = 400) =>
  run({
    respond: ({ body }) => {
      const name = Object.keys(refusals).find((key) => typeof body === 'object' && body !== null && key in body)
      return name ? { instead: { status, json: { error: { message: refusals[name] } } } } : {}
    },
  })

const list = async (provider: ProviderId, models: unknown[]) => {
  const server = run({ models, requiredKey: 'k-1' })
  const found = await createOpenAiAdapter(plainFetch).listModels(
    { provider, baseUrl: server.url, apiKey: 'k-1' },
    signal,
  )
  await server.stop()
  return found
}

describe('POST /chat/completions', () => {
  test('openai behind a custom address gets the parameters of its allow-list, and nothing else', async () => {
    const request = await ask('openai', everything, 'k-1')
    expect(request).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer k-1', 'content-type': 'application/json' },
    })
    expect(request?.body).toEqual({ ...base, ...known })
  })

  test('OpenAI itself gets the newer name for the token limit, and is asked for usage', async () => {
    const { max_tokens: limit, ...rest } = known
    expect(await askOpenAiItself(everything)).toEqual({
      url: 'https://api.openai.com/v1/chat/completions',
      policy: 'provider',
      body: { ...base, ...rest, max_completion_tokens: limit, stream_options: { include_usage: true } },
    })
    expect(await askOpenAiItself({})).toMatchObject({ body: { ...base, stream_options: { include_usage: true } } })
  })

  test('groq gets the same list and is not asked for usage', async () => {
    expect((await ask('groq', everything))?.body).toEqual({ ...base, ...known })
  })

  test('openrouter gets its additions, usage and attribution headers', async () => {
    const request = await ask('openrouter', everything, 'k-1')
    expect(request?.body).toEqual({
      ...base,
      ...known,
      top_k: 5,
      min_p: 0.1,
      stream_options: { include_usage: true },
    })
    expect(request?.headers).toMatchObject({
      'http-referer': 'https://app.braindrive.ai',
      'x-title': 'BrainDrive Chat',
    })
  })

  test('other providers send no attribution headers', async () => {
    const headers = (await ask('openai', {}))?.headers
    expect(headers?.['http-referer']).toBeUndefined()
    expect(headers?.['x-title']).toBeUndefined()
  })

  test('without a key there is no authorization header', async () => {
    expect((await ask('openai', {}))?.headers.authorization).toBeUndefined()
    expect((await ask('openai', {}, '  '))?.headers.authorization).toBeUndefined()
  })

  test('empty stops, nulls and junk are left out; five stops become four', async () => {
    const junk = { stop_sequences: [], stop: '', temperature: null, top_p: 'x', response_format: 'json' }
    expect((await ask('openai', junk))?.body).toEqual(base)
    expect((await ask('openai', { stop: ['1', '2', '3', '4', '5'] }))?.body).toEqual({
      ...base,
      stop: ['1', '2', '3', '4'],
    })
  })
})

describe('replies', () => {
  const text = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'

  test('usage is read where OpenAI puts it and where Groq puts it', async () => {
    const usage = '{"prompt_tokens":3,"completion_tokens":4}'
    const openAi = [text, `data: {"choices":[],"usage":${usage}}\n\n`, 'data: [DONE]\n\n']
    const groq = [text, `data: {"choices":[],"x_groq":{"usage":${usage}}}\n\n`, 'data: [DONE]\n\n']
    const expected = { text: 'a', finishReason: 'stop', usage: { promptTokens: 3, completionTokens: 4 } }
    expect(await read(openAi)).toEqual(expected)
    expect(await read(groq)).toEqual(expected)
  })

  test('comments, role chunks and empty reasons are skipped', async () => {
    const pieces = [
      ': OPENROUTER PROCESSING\n\n',
      'data: {"choices":[{"delta":{"role":"assistant","content":null},"finish_reason":""}]}\n\n',
      text,
      'data: [DONE]',
    ]
    expect(await read(pieces)).toEqual({ text: 'a', finishReason: 'stop' })
    expect(read(pieces.slice(0, 3))).rejects.toMatchObject({ kind: 'protocol' })
  })

  test('a finish reason is an end, with or without [DONE]', async () => {
    const end = 'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n'
    expect(await read([text, end])).toEqual({ text: 'a', finishReason: 'length' })
    expect(await read([text, end, 'data: [DONE]\n\n'])).toEqual({ text: 'a', finishReason: 'length' })
  })

  test.each([
    ['{"error":{"code":502,"message":"far side"},"choices":[{"delta":{},"finish_reason":"error"}]}', 'far side'],
    ['{"choices":[{"delta":{},"finish_reason":"error","error":{"message":"far side"}}]}', 'far side'],
    ['{"choices":[{"delta":{},"finish_reason":"error"}]}', 'without an explanation'],
    ['{"error":"plain"}', 'plain'],
    ['{"error":{}}', 'without an explanation'],
  ])('%s is an error', async (event, message) => {
    expect(read([text, `data: ${event}\n\n`])).rejects.toMatchObject({
      kind: 'in_band',
      message: expect.stringContaining(message),
    })
  })

  const json = { headers: { 'content-type': 'application/json' } }

  test('a server that cannot stream may answer with one completion', async () => {
    const completion = '{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]}'
    expect(await read([completion], json)).toEqual({ text: 'whole', finishReason: 'stop' })
  })

  test('a JSON answer without a completion is an error', async () => {
    expect(read(['{"error":{"message":"no credits"}}'], json)).rejects.toMatchObject({
      kind: 'in_band',
      message: 'no credits',
    })
    expect(read(['{"ok":true}'], json)).rejects.toMatchObject({ kind: 'protocol' })
    expect(read(['<html>'], json)).rejects.toMatchObject({ kind: 'protocol' })
  })

  test('a stream of more than 64 MiB is refused', async () => {
    const megabyte = `: ${'x'.repeat(1024 * 1024 - 3)}\n`
    expect(read(Array.from({ length: 65 }, () => megabyte))).rejects.toMatchObject({ kind: 'protocol' })
  })
})

describe('parameters that a model refuses', () => {
  test('are left out one by one, and the token limit is renamed', async () => {
    const server = refusing({
      max_tokens:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      temperature:
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
    })
    const params = { temperature: 0.7, max_tokens: 100, seed: 1 }
    const reply = await completeChat(createOpenAiAdapter(plainFetch), requestTo('openai', server.url, params))
    expect(reply.text).toBe('Hello from the fake.')
    expect(server.requests).toHaveLength(3)
    expect(server.requests.at(-1)?.body).toEqual({ ...base, max_completion_tokens: 100, seed: 1 })
  })

  test('end in the error when nothing is left to leave out', async () => {
    const message = "Unsupported parameter: 'temperature', 'model' and 'messages' are not supported"
    const server = run({ instead: { status: 400, json: { error: { message } } } })
    const call = completeChat(createOpenAiAdapter(plainFetch), requestTo('openai', server.url, { temperature: 1 }))
    expect(call).rejects.toMatchObject({ kind: 'status', status: 400 })
    await call.catch(() => undefined)
    expect(server.requests).toHaveLength(2)
  })

  test.each([
    ['max_tokens is too large: 999999. This model supports at most 16384 completion tokens', 400],
    ["'temperature' is not supported", 401],
    ["'temperature' is not supported", 500],
  ])('%s (%d) is not tried again', async (message, status) => {
    const server = run({ instead: { status, json: { error: { message } } } })
    const params = { temperature: 1, max_tokens: 999_999 }
    const call = completeChat(createOpenAiAdapter(plainFetch), requestTo('openai', server.url, params))
    expect(call).rejects.toMatchObject({ kind: 'status', status })
    await call.catch(() => undefined)
    expect(server.requests).toHaveLength(1)
  })
})

describe('GET /models', () => {
  test('openai', async () => {
    const entry = { id: 'gpt-4o-mini', object: 'model', created: 1721172741, owned_by: 'system' }
    expect(await list('openai', [entry])).toEqual([
      { id: 'gpt-4o-mini', name: 'gpt-4o-mini', metadata: { created: 1721172741, owned_by: 'system' } },
    ])
  })

  test('openrouter', async () => {
    const entry = {
      id: 'openai/gpt-4o',
      name: 'OpenAI: GPT-4o',
      created: 1,
      context_length: 128_000,
      pricing: { prompt: '0.1', completion: '0.2', image: '0.3' },
    }
    expect(await list('openrouter', [entry])).toEqual([
      {
        id: 'openai/gpt-4o',
        name: 'openai/gpt-4o',
        metadata: {
          created: 1,
          owned_by: 'openai',
          context_length: 128_000,
          pricing: { prompt: '0.1', completion: '0.2' },
        },
      },
    ])
  })

  test('groq', async () => {
    const id = 'llama-3.1-8b-instant'
    const metadata = { owned_by: 'Meta', created_at: null, description: `Groq model: ${id}` }
    expect(await list('groq', [{ id, owned_by: 'Meta' }])).toEqual([{ id, name: id, metadata }])
  })

  test('entries without an id are skipped, an answer without a list is an error', async () => {
    expect(await list('openai', [null, {}, { id: 3 }, { id: '' }])).toEqual([])
    const adapter = createOpenAiAdapter(cannedFetch(['{"data":{}}']))
    const server = { provider: 'openai', baseUrl: 'http://localhost', apiKey: undefined } as const
    expect(adapter.listModels(server, signal)).rejects.toMatchObject({ kind: 'protocol' })
  })

  test('more than 8 MiB is refused', async () => {
    const server = run({ instead: { longLineBytes: 50 * 1024 * 1024 } })
    const adapter = createOpenAiAdapter(plainFetch)
    const call = adapter.listModels({ provider: 'openai', baseUrl: server.url, apiKey: undefined }, signal)
    expect(call).rejects.toMatchObject({ kind: 'protocol', message: expect.stringContaining('too large') })
    await server.until(() => server.abortedRequests === 1)
  })
})

describe('GET /key of OpenRouter', () => {
  test('tells a right key from a wrong one', async () => {
    const server = run({ requiredKey: 'k-1' })
    const withKey = (apiKey: string) => ({ provider: 'openrouter', baseUrl: server.url, apiKey }) as const
    expect(await checkOpenRouterKey(plainFetch, withKey('k-1'), signal)).toBeUndefined()
    expect(checkOpenRouterKey(plainFetch, withKey('k-2'), signal)).rejects.toMatchObject({ status: 401 })
  })
})
