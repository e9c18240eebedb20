import { afterEach, describe, expect, test } from 'bun:test'
import { createLlm } from '../../src/adapters/llm/create-llm.ts'
import type { ChatChunk, ChatRequest, ProviderId } from '../../src/adapters/llm/types.ts'
import type { GuardedFetch } from '../../src/adapters/web/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { cannedFetch, plainFetch } from '../support/fake-fetch.ts'
import { FAKE_ERROR, type FakeModelServer, type FakeScript } from '../support/fake-model-server.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { completeChat } from '../support/complete-chat.ts'

const wires = [
  { provider: 'ollama', start: startFakeOllama, length: 'length' },
  { provider: 'openai', start: startFakeOpenAi, length: 'length' },
  { provider: 'claude', start: startFakeAnthropic, length: 'max_tokens' },
] as const satisfies {
  provider: ProviderId
  start: (script?: Partial<FakeScript>) => FakeModelServer
  length: string
}[]

const PIECES = ['é', '漢字', ' 🚀', '👩‍👩‍👧‍👦 ', '\n', 'e\u0301', '🏳️‍🌈', '\u2028 end']
const TEXT = PIECES.join('')

let running: FakeModelServer[] = []

const run = (start: (script?: Partial<FakeScript>) => FakeModelServer, script: Partial<FakeScript> = {}) => {
  const fake = start(script)
  running.push(fake)
  return fake
}

afterEach(async () => {
  await Promise.all(running.map((fake) => fake.stop()))
  running = []
})

const toRequest = (
  provider: ProviderId,
  fake: { url: string },
  signal = new AbortController().signal,
): ChatRequest => ({
  server: { provider, baseUrl: fake.url, apiKey: undefined },
  model: 'm',
  messages: [{ role: 'user', content: 'Hi' }],
  params: {},
  signal,
})

const streamFrom = (provider: ProviderId, fake: { url: string }, fetch: GuardedFetch = plainFetch) =>
  createLlm(fetch)(provider).streamChat(toRequest(provider, fake))

/** What a consumer got before the stream ended or failed. */
const drain = async (stream: AsyncIterable<ChatChunk>) => {
  const chunks: ChatChunk[] = []
  let failure: unknown
  try {
    for await (const chunk of stream) chunks.push(chunk)
  } catch (error) {
    failure = error
  }
  if (failure !== undefined && !(failure instanceof UpstreamError)) throw failure
  return { chunks, text: chunks.map(({ text }) => text).join(''), failure }
}

const recordBytes = async (provider: ProviderId, fake: FakeModelServer): Promise<Uint8Array> => {
  let bytes: Uint8Array = new Uint8Array()
  const fetch: GuardedFetch = async (...call) => {
    const response = await plainFetch(...call)
    bytes = await response.bytes()
    return new Response(Buffer.from(bytes), { headers: { 'content-type': response.headers.get('content-type') ?? '' } })
  }
  await drain(streamFrom(provider, fake, fetch))
  return bytes
}

describe.each(wires)('$provider stream', ({ provider, start, length }) => {
  test('yields the pieces in order, then one last chunk with reason and usage', async () => {
    const fake = run(start, { pieces: ['Hel', 'lo'], usage: { promptTokens: 7, completionTokens: 2 } })
    // OpenAI counts only when it is asked to, which a custom base URL is not.
    const usage = provider === 'openai' ? {} : { usage: { promptTokens: 7, completionTokens: 2 } }
    expect((await drain(streamFrom(provider, fake))).chunks).toEqual([
      { text: 'Hel', finishReason: null },
      { text: 'lo', finishReason: null },
      { text: '', finishReason: 'stop', ...usage },
    ])
    expect(fake.abortedRequests).toBe(0)
  })

  test('reports a reply that was cut by the token limit', async () => {
    const fake = run(start, { finishReason: length })
    expect((await drain(streamFrom(provider, fake))).chunks.at(-1)?.finishReason).toBe('length')
  })

  test('passes another reason on in lower case', async () => {
    const fake = run(start, { finishReason: 'Content_Filter' })
    expect((await drain(streamFrom(provider, fake))).chunks.at(-1)?.finishReason).toBe('content_filter')
  })

  test('completeChat returns the whole text', async () => {
    const fake = run(start, { pieces: PIECES })
    const reply = await completeChat(createLlm(plainFetch)(provider), toRequest(provider, fake))
    expect(reply).toMatchObject({ text: TEXT, finishReason: 'stop' })
  })

  test('an empty reply is a reply', async () => {
    const fake = run(start, { pieces: [] })
    const { chunks, failure } = await drain(streamFrom(provider, fake))
    expect(chunks).toMatchObject([{ text: '', finishReason: 'stop' }])
    expect(failure).toBeUndefined()
  })

  test.each(['\n', '\r\n'] as const)('text is whole when cut at every byte offset, newline %j', async (newline) => {
    const bytes = await recordBytes(provider, run(start, { pieces: PIECES, newline }))
    for (let offset = 1; offset < bytes.length; offset += 1) {
      const fetch = cannedFetch([bytes.subarray(0, offset), bytes.subarray(offset)])
      const { text, failure } = await drain(streamFrom(provider, { url: 'http://localhost' }, fetch))
      expect({ offset, text, failure }).toEqual({ offset, text: TEXT, failure: undefined })
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
    expect((await drain(streamFrom(provider, { url: 'http://localhost' }, cannedFetch(single)))).text).toBe(TEXT)
  })

  test.each([1, 2, 3, 7])('text is whole when a real connection delivers %d bytes at a time', async (cutEvery) => {
    const fake = run(start, { pieces: PIECES, cutEvery })
    const { text, failure } = await drain(streamFrom(provider, fake))
    expect({ text, failure }).toEqual({ text: TEXT, failure: undefined })
  })

  test('every prefix of a stream is an early end, with the text so far', async () => {
    const bytes = await recordBytes(provider, run(start, { pieces: ['one ', 'two'] }))
    const results = await Promise.all(
      Array.from({ length: bytes.length }, async (_, end) => {
        const fetch = cannedFetch([bytes.subarray(0, end)])
        return drain(streamFrom(provider, { url: 'http://localhost' }, fetch))
      }),
    )
    for (const { text, failure, chunks } of results) {
      expect('one two'.startsWith(text)).toBe(true)
      // The marker may come before the last byte; from there on the reply is complete.
      if (chunks.at(-1)?.finishReason) expect({ text, failure }).toEqual({ text: 'one two', failure: undefined })
      else expect(failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('ended early') })
    }
    expect(results.filter(({ failure }) => failure !== undefined).length).toBeGreaterThan(bytes.length / 2)
  })

  test('an end without its marker is an error after the text', async () => {
    const fake = run(start, { pieces: ['a', 'b', 'c'], fault: { kind: 'truncate', after: 2 } })
    const { text, failure } = await drain(streamFrom(provider, fake))
    expect(text).toBe('ab')
    expect(failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('ended early') })
  })

  test('a dropped connection is an error after the text', async () => {
    const fake = run(start, { pieces: ['a', 'b', 'c'], fault: { kind: 'drop', after: 2 } })
    const { text, failure } = await drain(streamFrom(provider, fake))
    expect(text).toBe('ab')
    expect(failure).toMatchObject({ kind: 'protocol' })
  })

  test('an error inside the stream is an error after the text', async () => {
    const fake = run(start, { pieces: ['a', 'b', 'c'], fault: { kind: 'error', after: 1 } })
    const { text, failure } = await drain(streamFrom(provider, fake))
    expect(text).toBe('a')
    expect(failure).toMatchObject({ kind: 'in_band', message: FAKE_ERROR })
  })

  test('an error status carries status and message', async () => {
    const fake = run(start, { instead: { status: 500, json: { error: { message: 'out of memory' } } } })
    const { chunks, failure } = await drain(streamFrom(provider, fake))
    expect(chunks).toEqual([])
    expect(failure).toMatchObject({
      kind: 'status',
      status: 500,
      message: 'The model server answered 500: out of memory',
    })
  })

  test('a web page is an error that quotes nothing of it', async () => {
    const fake = run(start, { instead: { html: '<!doctype html><title>Router login</title>' } })
    const { failure } = await drain(streamFrom(provider, fake))
    expect(failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('web page') })
    expect(String(failure)).not.toContain('Router')
  })

  test('a web page without its content type is an error too', async () => {
    const fetch = cannedFetch(['<!doctype html>\n<title>Login</title>\n'])
    expect((await drain(streamFrom(provider, { url: 'http://localhost' }, fetch))).failure).toMatchObject({
      kind: 'protocol',
    })
  })

  test('50 MB on one line is refused early', async () => {
    const fake = run(start, { instead: { longLineBytes: 50 * 1024 * 1024 } })
    const before = process.memoryUsage.rss()
    const { failure } = await drain(streamFrom(provider, fake))
    expect(failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('1 MB') })
    expect(process.memoryUsage.rss() - before).toBeLessThan(40 * 1024 * 1024)
    await fake.until(() => fake.abortedRequests === 1)
  })

  test('JSON of another kind is an error', async () => {
    for (const json of ['[1]', '"text"', '42', 'null', '{broken']) {
      const fetch = cannedFetch([provider === 'ollama' ? `${json}\n` : `data: ${json}\n\n`])
      const { failure } = await drain(streamFrom(provider, { url: 'http://localhost' }, fetch))
      expect(failure).toMatchObject({ kind: 'protocol' })
    }
  })

  test('a server that cannot be reached is an error', async () => {
    const fake = start()
    await fake.stop()
    expect((await drain(streamFrom(provider, fake))).failure).toMatchObject({ kind: 'unreachable' })
  })

  test('nothing is sent before the first chunk is asked for', async () => {
    const fake = run(start)
    const stream = streamFrom(provider, fake)[Symbol.asyncIterator]()
    await stream.return?.()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(fake.requests).toEqual([])
  })
})

const closedWithin100Ms = async (fake: FakeModelServer, close: () => unknown) => {
  const start = performance.now()
  await Promise.all([close(), fake.until(() => fake.abortedRequests === 1 && fake.openConnections === 0)])
  expect(performance.now() - start).toBeLessThan(100)
}

describe.each(wires)('$provider stream, closed early', ({ provider, start }) => {
  const hanging = () => run(start, { pieces: ['a', 'b'], fault: { kind: 'hang', after: 1 } })

  test('leaving the loop closes the connection', async () => {
    const fake = hanging()
    await closedWithin100Ms(fake, async () => {
      for await (const { text } of streamFrom(provider, fake)) if (text === 'a') break
    })
  })

  test('return() closes the connection although a step is pending', async () => {
    const fake = hanging()
    const stream = streamFrom(provider, fake)[Symbol.asyncIterator]()
    expect(await stream.next()).toEqual({ done: false, value: { text: 'a', finishReason: null } })
    const pending = stream.next()
    await closedWithin100Ms(fake, () => stream.return?.())
    expect(await pending).toEqual({ done: true, value: undefined })
  })

  test('the signal closes the connection in mid-stream', async () => {
    const fake = hanging()
    const controller = new AbortController()
    const stream = createLlm(plainFetch)(provider).streamChat(toRequest(provider, fake, controller.signal))
    const steps = stream[Symbol.asyncIterator]()
    await steps.next()
    const drained = drain({ [Symbol.asyncIterator]: () => steps })
    await closedWithin100Ms(fake, () => controller.abort())
    expect((await drained).failure).toMatchObject({ kind: 'aborted' })
  })

  test('the signal closes the connection before the headers', async () => {
    const fake = run(start, { latencyMs: 5000 })
    const controller = new AbortController()
    const drained = drain(createLlm(plainFetch)(provider).streamChat(toRequest(provider, fake, controller.signal)))
    await fake.until(() => fake.requests.length === 1)
    await closedWithin100Ms(fake, () => controller.abort())
    expect((await drained).failure).toMatchObject({ kind: 'aborted' })
  })

  test('a signal that has fired already sends nothing', async () => {
    const fake = run(start)
    const stream = createLlm(plainFetch)(provider).streamChat(toRequest(provider, fake, AbortSignal.abort()))
    expect((await drain(stream)).failure).toMatchObject({ kind: 'aborted' })
    expect(fake.requests).toEqual([])
  })

  test('a body that ignores the signal is cancelled all the same', async () => {
    let isCancelled = false
    const isRead = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>(
      { pull: () => isRead.resolve(), cancel: () => void (isCancelled = true) },
      { highWaterMark: 0 },
    )
    const controller = new AbortController()
    const stream = createLlm(async () => new Response(body))(provider).streamChat(
      toRequest(provider, { url: 'http://localhost' }, controller.signal),
    )
    const drained = drain(stream)
    await isRead.promise
    controller.abort()
    expect((await drained).failure).toMatchObject({ kind: 'aborted' })
    expect(isCancelled).toBe(true)
  })

  test('completeChat and listModels obey the signal too', async () => {
    const fake = run(start, { latencyMs: 5000 })
    const controller = new AbortController()
    const { server } = toRequest(provider, fake)
    const llm = createLlm(plainFetch)(provider)
    const calls = Promise.allSettled([
      completeChat(llm, toRequest(provider, fake, controller.signal)),
      llm.listModels(server, controller.signal),
    ])
    await fake.until(() => fake.requests.length === 2)
    controller.abort()
    for (const result of await calls) expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'aborted' } })
    await fake.until(() => fake.abortedRequests === 2)
  })
})
