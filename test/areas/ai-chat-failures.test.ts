import { describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatBody, listMessages, ollamaServers, postChat, saveSetting, startChatSetup } from '../support/chat.ts'
import type { FakeScript } from '../support/fake-model-server.ts'
import { followSse, readSse } from '../support/sse.ts'
import { type TestAppOptions } from '../support/test-app.ts'

const start = (script: Partial<FakeScript> = {}, options: TestAppOptions = {}) =>
  startChatSetup({ pieces: ['one ', 'two ', 'three'], ...script }, options, 'key-that-nobody-sees')

const whenQuiet = async (size: () => number) => {
  while (size() > 0) await Bun.sleep(2)
}

interface Fault {
  name: string
  script: Partial<FakeScript>
  /** What came before. */
  partial: string
}

const faults: Fault[] = [
  { name: 'hangs before the first piece', script: { fault: { kind: 'hang', after: 0 } }, partial: '' },
  { name: 'hangs in the middle', script: { fault: { kind: 'hang', after: 2 } }, partial: 'one two ' },
  { name: 'drops the connection', script: { fault: { kind: 'drop', after: 2 } }, partial: 'one two ' },
  { name: 'reports an error inside the stream', script: { fault: { kind: 'error', after: 1 } }, partial: 'one ' },
  { name: 'ends without its marker', script: { fault: { kind: 'truncate', after: 2 } }, partial: 'one two ' },
  {
    name: 'answers 500',
    script: { instead: { status: 500, json: { error: 'key-that-nobody-sees is bad' } } },
    partial: '',
  },
  { name: 'answers 401', script: { instead: { status: 401, json: { error: 'unauthorized' } } }, partial: '' },
  { name: 'answers HTML', script: { instead: { html: '<html><body>login</body></html>' } }, partial: '' },
  { name: 'sends 50 MB on one line', script: { instead: { longLineBytes: 50_000_000 } }, partial: '' },
  { name: 'says nothing at all', script: { pieces: [] }, partial: '' },
]

describe('a model server that', () => {
  for (const { name, script, partial } of faults) {
    test(`${name}: the stream says so and ends with [DONE]; what came is stored and marked`, async () => {
      await using setup = await start(script, { env: { UPSTREAM_IDLE_TIMEOUT: '1' }, logLevel: 'debug' })
      const { server } = setup
      const reading = await readSse(await postChat(server, 'ada', chatBody('Hi')))
      expect(reading).toMatchObject({ isDone: true, text: partial })
      expect(reading.events.at(-1)).toMatchObject({
        error: true,
        message: expect.stringMatching(/^Streaming error: \S/),
      })
      const messages = await listMessages(server, 'ada', reading.events[0].conversation_id)
      expect(messages[0]).toMatchObject({ sender: 'user', message: 'Hi' })
      if (partial)
        expect(messages[1]).toMatchObject({
          sender: 'llm',
          message: partial,
          message_metadata: { incomplete: true, error: expect.any(String) },
        })
      expect(messages).toHaveLength(partial ? 2 : 1)
      expect(JSON.stringify(reading) + server.logged()).not.toContain('key-that-nobody-sees')
      expect(JSON.stringify(reading)).not.toContain('<html')
    })

    test(`${name}: 502 without a stream; the question and what came are stored`, async () => {
      await using setup = await start(script, { env: { UPSTREAM_IDLE_TIMEOUT: '1' } })
      const { server } = setup
      const answer = await server.as('ada')('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { stream: false }))
      expect(answer).toMatchObject({
        status: 502,
        body: { code: 'ai.provider_failed', detail: expect.stringMatching(/^Provider error: \S/) },
      })
      expect(JSON.stringify(answer.body)).not.toContain('key-that-nobody-sees')
      const rows = server.database.sqlite.query('SELECT sender, message, state FROM messages ORDER BY seq').all()
      expect(rows).toEqual([
        { sender: 'user', message: 'Hi', state: 'complete' },
        ...(partial ? [{ sender: 'llm', message: partial, state: 'failed' }] : []),
      ])
    })
  }

  test('is not there, or at an address that is not allowed', async () => {
    await using setup = await start()
    const { server } = setup
    const places = [
      { address: 'http://127.0.0.1:9', status: 502 },
      { address: 'http://169.254.169.254', status: 400 },
      { address: 'http://[::ffff:169.254.169.254]', status: 400 },
      { address: 'ftp://localhost', status: 400 },
      { address: 'http://user:hunter2@localhost', status: 400 },
      { address: 'nonsense', status: 400 },
    ]
    for (const { address, status } of places) {
      await saveSetting(server, 'ada', 'ollama_servers_settings', ollamaServers(address))
      const answer = await server.as('ada')('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { stream: false }))
      expect({ address, status: answer.status }).toEqual({ address, status })
      expect(JSON.stringify(answer.body)).not.toContain('hunter2')
      expect(await readSse(await postChat(server, 'ada', chatBody('Hi')))).toMatchObject({ isDone: true })
    }
  })
})

describe('replies live on the server', () => {
  test('two requests with the same words share one reply, also in a new conversation; later ones do not', async () => {
    await using setup = await start({ delayMs: 20 })
    const { server, model } = setup
    const first = followSse(await postChat(server, 'ada', chatBody('Hi')))
    await first.until(({ text }) => text !== '')
    const second = readSse(await postChat(server, 'ada', chatBody('Hi')))
    const [one, two] = [await first.until(() => false), await second]
    expect([one.text, two.text]).toEqual(['one two three', 'one two three'])
    expect(two.events[0]).toEqual(one.events[0])
    expect(model.requests).toHaveLength(1)
    await readSse(await postChat(server, 'ada', chatBody('Hi')))
    expect(model.requests).toHaveLength(2)
    expect(server.database.sqlite.query('SELECT count(*) AS n FROM conversations').get()).toEqual({ n: 2 })
  })

  test('a dropped client comes back and gets everything, from the beginning', async () => {
    await using setup = await start({ delayMs: 30 })
    const { server } = setup
    const stream = followSse(await postChat(server, 'ada', chatBody('Hi')))
    await stream.until(({ text }) => text === 'one ')
    await stream.leave()
    expect(await readSse(await postChat(server, 'ada', chatBody('Hi')))).toMatchObject({
      isDone: true,
      text: 'one two three',
    })
  })

  test('cancel ends every reply of the conversation, and of nobody else', async () => {
    await using setup = await start({ fault: { kind: 'hang', after: 1 } })
    const { server, model } = setup
    const first = followSse(await postChat(server, 'ada', chatBody('Hi')))
    const { events } = await first.until(({ text }) => text !== '')
    const conversationId = events[0].conversation_id
    const second = followSse(await postChat(server, 'ada', chatBody('More', { conversation_id: conversationId })))
    await second.until(({ text }) => text !== '')
    await server.as('bob')('POST', '/api/v1/ai/providers/cancel', { conversation_id: conversationId })
    expect(server.deps.liveReplies.size).toBe(2)
    await server.as('ada')('POST', '/api/v1/ai/providers/cancel', {
      conversation_id: conversationId.replaceAll('-', ''),
    })
    expect((await first.until(() => false)).isDone && (await second.until(() => false)).isDone).toBe(true)
    await model.until(() => model.abortedRequests === 2)
    for (const body of [{}, { conversation_id: null }, { conversation_id: crypto.randomUUID() }]) {
      expect(await server.as('ada')('POST', '/api/v1/ai/providers/cancel', body)).toMatchObject({
        status: 200,
        body: { cancelled: true },
      })
    }
  })

  test('503 past the bound on upstream calls, with nothing stored; afterwards there is room again', async () => {
    await using setup = await start({ fault: { kind: 'hang', after: 1 } }, { env: { MAX_UPSTREAM_CALLS: '2' } })
    const { server, model } = setup
    for (const text of ['a', 'b'])
      await followSse(await postChat(server, 'ada', chatBody(text))).until((reading) => reading.text !== '')
    for (const stream of [true, false]) {
      expect(await server.as('ada')('POST', '/api/v1/ai/providers/chat', chatBody('c', { stream }))).toMatchObject({
        status: 503,
        body: { code: 'ai.busy' },
      })
    }
    expect(server.database.sqlite.query('SELECT count(*) AS n FROM conversations').get()).toEqual({ n: 2 })
    await server.deps.liveReplies.stopAll()
    model.script.fault = undefined
  })

  test('429 for one user who has his share under way; others still have room', async () => {
    await using setup = await start({ fault: { kind: 'hang', after: 1 } }, { env: { MAX_REPLIES_PER_USER: '2' } })
    const { server, model } = setup
    await saveSetting(server, 'bob', 'ollama_servers_settings', ollamaServers(model.url))
    for (const text of ['a', 'b']) await followSse(await postChat(server, 'ada', chatBody(text))).leave()
    const refused = await server.as('ada')('POST', '/api/v1/ai/providers/chat', chatBody('c'))
    expect(refused).toMatchObject({ status: 429, body: { code: 'ai.too_many_replies' } })
    expect((await postChat(server, 'bob', chatBody('c'))).status).toBe(200)
    await server.deps.liveReplies.stopAll()
  })

  test('a generation ends when its client goes', async () => {
    await using setup = await start({ fault: { kind: 'hang', after: 1 } })
    const { server, model } = setup
    const { messages: _, ...rest } = chatBody('Hi')
    const response = await server.send(
      'POST',
      '/api/v1/ai/providers/generate',
      { ...rest, prompt: 'x' },
      { authorization: `Bearer ${await server.tokenOf('ada')}` },
    )
    const stream = followSse(response)
    await stream.until(({ text }) => text !== '')
    await stream.leave()
    await model.until(() => model.abortedRequests === 1)
    await whenQuiet(() => server.deps.liveReplies.size)
  })

  test('what came is on disk within a second, for all replies at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'braindrive-'))
    const databasePath = join(folder, 'test.db')
    {
      await using setup = await start({ fault: { kind: 'hang', after: 2 } }, { databasePath })
      const { server } = setup
      for (let n = 0; n < 10; n++)
        await followSse(await postChat(server, 'ada', chatBody(`chat ${n}`))).until(({ text }) => text === 'one two ')
      const other = new Database(databasePath, { readonly: true })
      const saved = () =>
        (
          other
            .query("SELECT count(*) AS n FROM messages WHERE state = 'streaming' AND message = 'one two '")
            .get() as { n: number }
        ).n
      const startedAt = performance.now()
      while (saved() < 10) await Bun.sleep(5)
      expect(performance.now() - startedAt).toBeLessThan(1100)
      other.close()
      await server.deps.liveReplies.stopAll()
    }
    rmSync(folder, { recursive: true })
  })
})

describe('auto-continue', () => {
  const continuation = (script: (count: number) => Partial<FakeScript>) => {
    let count = 0
    return { respond: () => script(++count) }
  }

  test('goes on where a cut-off answer stopped, without sending any part of it twice', async () => {
    await using setup = await start(
      continuation((count) => ({ pieces: [`part${count} `], finishReason: count < 3 ? 'length' : 'stop' })),
    )
    const { server, model } = setup
    const reading = await readSse(
      await postChat(server, 'ada', chatBody('Hi', { params: { auto_continue_prompt: 'Go on' } })),
    )
    expect(reading.text).toBe('part1 part2 part3 ')
    expect(reading.events.filter(({ type }) => type === 'auto_continue')).toEqual([
      { type: 'auto_continue', pass: 2, trigger_finish_reason: 'length', attempt: 1 },
      { type: 'auto_continue', pass: 3, trigger_finish_reason: 'length', attempt: 2 },
    ])
    expect((model.requests[2]?.body as { messages: unknown } | undefined)?.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'part1 part2 ' },
      { role: 'user', content: 'Go on' },
    ])
    const messages = await listMessages(server, 'ada', reading.events[0].conversation_id)
    expect(messages).toHaveLength(2)
    expect(messages[1]).toMatchObject({
      message: 'part1 part2 part3 ',
      message_metadata: {
        auto_continue_attempts: 2,
        finish_reason_history: ['length', 'length', 'stop'],
        truncated_at_least_once: true,
      },
    })
  })

  test('stops at its bound, without progress, and when it is switched off', async () => {
    await using setup = await start({ pieces: ['x'], finishReason: 'length' })
    const { server, model } = setup
    const ask = async (params: Record<string, unknown>) => {
      const before = model.requests.length
      const { events } = await readSse(await postChat(server, 'ada', chatBody('Hi', { params })))
      const [, reply] = await listMessages(server, 'ada', events[0].conversation_id)
      return [model.requests.length - before, reply.message_metadata.stopped_by_guardrail]
    }
    expect(await ask({ auto_continue_min_progress_chars: 0 })).toEqual([3, 'max_passes_reached'])
    expect(await ask({})).toEqual([2, 'no_progress'])
    expect(await ask({ auto_continue: false })).toEqual([1, undefined])
    expect(await ask({ auto_continue_max_passes: 99, auto_continue_min_progress_chars: -5 })).toEqual([
      11,
      'max_passes_reached',
    ])
  })
})
