import { describe, expect, test } from 'bun:test'
import { createLlm } from '../../src/adapters/llm/create-llm.ts'
import type { ProviderId } from '../../src/adapters/llm/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { cannedFetch, plainFetch } from '../support/fake-fetch.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { completeChat } from '../support/complete-chat.ts'

const KEY = 'my-secret.Key_123'
const { signal } = new AbortController()

const serverAt = (provider: ProviderId, baseUrl: string, apiKey: string | undefined = KEY) => ({
  provider,
  baseUrl,
  apiKey,
})

const failureOf = async (call: Promise<unknown>): Promise<UpstreamError> => {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof UpstreamError)) throw new Error('expected an UpstreamError', { cause: failure })
  return failure
}

const listFrom = (body: string, status = 400, apiKey: string | undefined = KEY) =>
  failureOf(
    createLlm(cannedFetch([body], { status }))('openai').listModels(
      serverAt('openai', 'http://localhost', apiKey),
      signal,
    ),
  )

const messageOf = async (body: unknown) => (await listFrom(JSON.stringify(body))).message

const PREFIX = 'The model server answered 400'

describe('the message of an error status', () => {
  test.each([
    [{ error: { message: 'from OpenAI' } }, 'from OpenAI'],
    [{ error: 'from Ollama' }, 'from Ollama'],
    [{ detail: 'from FastAPI' }, 'from FastAPI'],
    [{ message: 'from vLLM' }, 'from vLLM'],
    [{ type: 'error', error: { type: 'x', message: 'from Anthropic' } }, 'from Anthropic'],
  ])('%j is quoted', async (body, text) => {
    expect(await messageOf(body)).toBe(`${PREFIX}: ${text}`)
  })

  test.each(['', '<html><body>Bad gateway</body></html>', '{"error":{}}', '{"error":"  "}', '[]', 'null', '{"error'])(
    'of a body without one (%j) is the status alone',
    async (body) => {
      expect((await listFrom(body)).message).toBe(PREFIX)
    },
  )

  test('has at most 300 characters, even of a large body', async () => {
    const message = await messageOf({ error: 'long '.repeat(5000) })
    expect(message.length).toBe(300)
    expect(message.endsWith('…')).toBe(true)
  })

  test('ignores a body past 64 KiB', async () => {
    expect((await listFrom(JSON.stringify({ error: 'x', rest: 'y'.repeat(70_000) }))).message).toBe(PREFIX)
  })

  test('has neither control characters nor markup', async () => {
    const message = await messageOf({ error: 'a\u0000b\n\tc\u001b[31m\u202ed<script>alert(1)</script><img src=x' })
    expect(message).not.toMatch(/[\p{Cc}\u202e<>]/u)
    expect(message).toContain('alert(1)')
  })

  test.each([
    `key ${KEY} is wrong`,
    `Bearer ${KEY}`,
    `my-<b>secret</b>.Key_123`,
    `<${KEY}>`,
    `${'x'.repeat(290)}${KEY}`,
    `${'x'.repeat(260)} ${KEY}`,
    `"${KEY}","${KEY}"`,
  ])('never contains the key: %s', async (text) => {
    const message = await messageOf({ error: { message: text } })
    expect(message).not.toContain(KEY)
    expect(message).not.toContain('secret')
  })

  test.each(['sk-proj-abc123DEF', 'sk_live_abc123', 'gsk_abc123', 'sk-ant-api03-xyz', 'Bearer abcdefghij.klm'])(
    'never contains what looks like a key of somebody else: %s',
    async (secret) => {
      expect(await messageOf({ error: `Incorrect API key provided: ${secret}.` })).toBe(
        `${PREFIX}: Incorrect API key provided: [redacted]`,
      )
    },
  )

  test('keeps ordinary words', async () => {
    expect(await messageOf({ error: 'task-list: ask again; no Bearer token' })).toBe(
      `${PREFIX}: task-list: ask again; no Bearer token`,
    )
  })
})

describe.each([
  ['ollama', startFakeOllama],
  ['openai', startFakeOpenAi],
  ['claude', startFakeAnthropic],
] as const)('%s', (provider, start) => {
  test('a refused key is an error 401 that does not quote the key, in chat and list', async () => {
    const fake = start({ requiredKey: 'another' })
    const server = serverAt(provider, fake.url)
    const llm = createLlm(plainFetch)(provider)
    const request = { server, model: 'm', messages: [], params: {}, signal }
    for (const failure of [
      await failureOf(completeChat(llm, request)),
      await failureOf(llm.listModels(server, signal)),
    ]) {
      expect(failure).toMatchObject({ kind: 'status', status: 401 })
      expect(Bun.inspect(failure)).not.toContain(KEY)
    }
    await fake.stop()
  })

  test('an error inside the stream does not quote the key', async () => {
    const line = JSON.stringify({ error: { message: `upstream refused ${KEY}` } })
    const fetch = cannedFetch([provider === 'ollama' ? `${line}\n` : `data: ${line}\n\n`])
    const request = { server: serverAt(provider, 'http://localhost'), model: 'm', messages: [], params: {}, signal }
    const failure = await failureOf(completeChat(createLlm(fetch)(provider), request))
    expect(failure).toMatchObject({ kind: 'in_band', message: 'upstream refused [redacted]' })
  })

  test('a key that no header can carry is refused without quoting it', async () => {
    const fake = start()
    for (const apiKey of ['two words', 'line\nbreak', 'schlüssel']) {
      const server = serverAt(provider, fake.url, apiKey)
      const failure = await failureOf(createLlm(plainFetch)(provider).listModels(server, signal))
      expect(failure.kind).toBe('refused')
      expect(Bun.inspect(failure)).not.toContain(apiKey)
    }
    expect(fake.requests).toEqual([])
    await fake.stop()
  })

  test('a list that is a web page, broken JSON or another shape is an error', async () => {
    const html = { headers: { 'content-type': 'text/html' } }
    for (const [body, init] of [
      ['<html>', html],
      ['<html>', {}],
      ['{"data":', {}],
      ['{}', {}],
      ['[]', {}],
    ] as const) {
      const llm = createLlm(cannedFetch([body], init))(provider)
      const failure = await failureOf(llm.listModels(serverAt(provider, 'http://localhost'), signal))
      expect(failure.kind).toBe('protocol')
    }
  })
})
