import { describe, expect, test } from 'bun:test'
import { createOllama } from '../../src/adapters/ollama/create-ollama.ts'
import type { Deps } from '../../src/deps.ts'
import type { FakeModelsScript } from '../support/fake-ollama-models.ts'
import { type OllamaSetup, startOllamaSetup } from '../support/ollama-setup.ts'
import { testApp } from '../support/test-app.ts'

const big: Partial<FakeModelsScript> = {
  layers: [
    { digest: 'sha256:aaaaaaaaaaaa', size: 60_000 },
    { digest: 'sha256:bbbbbbbbbbbb', size: 40_000 },
    { digest: 'sha256:cccccccccccc', size: 10 },
  ],
  chunkBytes: 500,
}

/** Lets the time pass until a failed job is tried again. */
const skipDelay = async (setup: OllamaSetup, taskId: string, retries: number) => {
  while ((await setup.readJob('ada', taskId)).retry_count < retries) await Bun.sleep(10)
  setup.server.clock.now += 60_000
  setup.server.deps.jobWorker.wake()
}

const runOnce = async (setup: OllamaSetup) => {
  const { task_id: taskId } = await setup.install('ada')
  const frames = await setup.readEvents('ada', taskId)
  return { taskId, last: frames.at(-1), frames, job: await setup.readJob('ada', taskId) }
}

describe('a pull', () => {
  test('of several layers: the percent never falls', async () => {
    await using setup = startOllamaSetup(big)
    const { frames, last } = await runOnce(setup)
    expect(last).toMatchObject({ state: 'completed', progress: 100 })
    const percents = frames.slice(1).map(({ progress }) => progress)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    const { count } = setup.server.database.sqlite
      .query<{ count: number }, []>('select count(*) as count from job_events')
      .get()!
    // 200 lines and more of the server.
    expect(count).toBeLessThan(60)
  })

  test('is over when the server shows the model, not before', async () => {
    await using setup = startOllamaSetup({ registrationMs: 500 })
    setup.ollama.register('llama3.2:3b')
    const { last, job } = await runOnce(setup)
    expect(last).toMatchObject({ state: 'completed' })
    expect(job.result.digest).toBe(setup.ollama.models.get('llama3.2:1b')?.['digest'])
    expect(setup.ollama.requests.filter(({ path }) => path === '/api/show').length).toBeGreaterThan(0)
  })

  test('of a model whose name the list spells otherwise', async () => {
    await using setup = startOllamaSetup({
      instead: ({ path }) => (path === '/api/tags' ? Response.json({ models: [] }) : undefined),
    })
    const { job } = await runOnce(setup)
    expect(job).toMatchObject({ status: 'completed', result: { digest: null, size: null, modified_at: null } })
  })

  test('tells what else it is told, bounded', async () => {
    await using setup = startOllamaSetup({
      instead: ({ path }) =>
        path === '/api/pull'
          ? new Response(
              [
                { status: 'x'.repeat(5000), digest: 'd'.repeat(5000), total: -1, completed: null, evil: 'field' },
                { status: '<b>🦙</b>', __proto__: { polluted: true }, task_id: 'stolen', state: 'completed' },
                { status: 7, total: 'many' },
                { status: 'success' },
              ]
                .map((one) => JSON.stringify(one))
                .join('\n'),
            )
          : undefined,
    })
    setup.ollama.register('llama3.2:1b')
    const { taskId, frames, last } = await runOnce(setup)
    expect(last).toMatchObject({ state: 'completed', task_id: taskId })
    for (const frame of frames) {
      expect(frame.task_id).toBe(taskId)
      expect(frame).not.toHaveProperty('evil')
      expect(JSON.stringify(frame).length).toBeLessThan(2000)
    }
    expect(frames.slice(0, -2).filter(({ state }) => state === 'completed')).toEqual([])
  })

  test('never tells the key that the server repeats, nor halves of characters', async () => {
    await using setup = startOllamaSetup()
    setup.ollama.script.instead = ({ path, headers }) => {
      const heard = headers['authorization']
      if (path === '/api/tags')
        return Response.json({ models: [{ name: 'llama3.2:1b', digest: heard, modified_at: heard }] })
      if (path !== '/api/pull') return undefined
      const lines = [
        { status: `${'x'.repeat(190)} ${heard}`, digest: heard },
        { status: 'a\ud800b' },
        { status: 'success' },
      ]
      return new Response(lines.map((one) => JSON.stringify(one)).join('\n'))
    }
    const { task_id: taskId } = await setup.install('ada', { api_key: 'quiet-key' })
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    expect(JSON.stringify(frames)).not.toContain('quiet')
    expect(JSON.stringify(frames)).not.toContain('ud800')
    expect(JSON.stringify(await setup.readJob('ada', taskId))).not.toContain('quiet')
  })

  test('ends with a key that is part of what the server says', async () => {
    await using setup = startOllamaSetup()
    const { task_id: taskId } = await setup.install('ada', { api_key: 'success' })
    expect((await setup.readEvents('ada', taskId)).at(-1)).toMatchObject({ state: 'completed' })
  })

  test('counts no sizes that cannot be', async () => {
    const layer = (digest: string, total: string) =>
      `{"status":"pulling ${digest}","digest":"${digest}","total":${total},"completed":${total}}`
    await using setup = startOllamaSetup({
      instead: ({ path }) =>
        path === '/api/pull'
          ? new Response(
              [layer('a', '1e999'), layer('b', '1.7e308'), layer('c', '-7'), '{"status":"success"}'].join('\n'),
            )
          : undefined,
    })
    setup.ollama.register('llama3.2:1b')
    const { frames, last } = await runOnce(setup)
    expect(last).toMatchObject({ state: 'completed', progress: 100 })
    for (const frame of frames) {
      expect(frame.progress).toBeWithin(0, 101)
      expect(frame.total_bytes ?? 0).toBe(0)
      expect(frame.progress_bucket).not.toBeNull()
    }
  })
})

test('what the list says of the model is bounded in the result', async () => {
  await using setup = startOllamaSetup()
  setup.ollama.script.instead = ({ path }) =>
    path === '/api/tags'
      ? Response.json({ models: [{ name: 'llama3.2:1b', digest: 'd'.repeat(5000), size: { a: 1 }, modified_at: 7 }] })
      : undefined
  const { job } = await runOnce(setup)
  expect(job.result).toMatchObject({ digest: 'd'.repeat(200), size: null, modified_at: null })
})

describe('is tried again, and goes on where it was', () => {
  test.each<[string, Partial<FakeModelsScript>, string]>([
    ['a cut connection', { fault: { kind: 'drop', afterBytes: 30_000, times: 1 } }, 'Ollama request failed: '],
    ['an early end', { fault: { kind: 'end', afterBytes: 30_000, times: 1 } }, 'Ollama request failed: '],
    [
      'a network fault of the server',
      { fault: { kind: 'error', afterBytes: 30_000, times: 1, text: 'max retries exceeded: unexpected EOF' } },
      'max retries exceeded: unexpected EOF',
    ],
  ])('after %s', async (_, script, message) => {
    await using setup = startOllamaSetup({ ...big, ...script })
    const { task_id: taskId } = await setup.install('ada')
    await skipDelay(setup, taskId, 1)
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.find(({ event_type: type }) => type === 'retry')?.message).toContain(message)
    expect(frames.at(-1)).toMatchObject({ state: 'completed', error: null })
    const second = frames.slice(frames.findLastIndex(({ state }) => state === 'started'))
    const bytes = second.filter(({ completed }) => completed > 0).map(({ completed_bytes: all }) => all)
    expect(Math.min(...bytes)).toBeGreaterThanOrEqual(30_000)
    expect(setup.ollama.pulls).toBe(2)
  })

  test('after a broken layer, which is fetched anew', async () => {
    const text = 'digest mismatch, file must be downloaded again: want sha256:a, got sha256:b'
    await using setup = startOllamaSetup({
      fault: { kind: 'error', afterBytes: 1000, times: 1, text, forget: true },
    })
    const { task_id: taskId } = await setup.install('ada')
    await skipDelay(setup, taskId, 1)
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    expect(frames.find(({ event_type: type }) => type === 'retry')?.message).toContain('digest mismatch')
  })

  test('after silence', async () => {
    const fake = startOllamaSetup({ fault: { kind: 'hang', afterBytes: 500, times: 1 } }, { runJobs: false })
    await using _ = fake
    // As it is, but less patient.
    const { fetch } = fake.server.deps
    const real = createOllama(fetch)
    const seen: number[] = []
    const ollama: Deps['ollama'] = {
      ...real,
      pullModel: (request) => {
        seen.push(request.idleTimeoutMs)
        return real.pullModel({ ...request, idleTimeoutMs: 200 })
      },
    }
    await using setup = startOllamaSetup({}, { overrides: { ollama } })
    const { body: job } = await setup.server.as('ada')('POST', '/api/v1/jobs', {
      job_type: 'ollama.install',
      payload: { name: 'llama3.2:1b', server_url: fake.ollama.url, timeout_seconds: 45 },
    })
    await skipDelay(setup, job.id, 1)
    const frames = await setup.readEvents('ada', job.id)
    expect(frames.find(({ event_type: type }) => type === 'retry')?.message).toContain(
      'Timed out while communicating with the Ollama server',
    )
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    expect(seen).toEqual([45_000, 45_000])
  })

  test('while nobody is there, as often as it may be', async () => {
    await using setup = startOllamaSetup()
    const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const url = `http://127.0.0.1:${closed.port}`
    await closed.stop(true)
    const { body: job } = await setup.server.as('ada')('POST', '/api/v1/jobs', {
      job_type: 'ollama.install',
      payload: { name: 'x', server_url: url },
      max_retries: 2,
    })
    await skipDelay(setup, job.id, 1)
    await skipDelay(setup, job.id, 2)
    const frames = await setup.readEvents('ada', job.id)
    expect(frames.filter(({ state }) => state === 'started')).toHaveLength(3)
    expect(frames.at(-1)).toMatchObject({
      state: 'error',
      error: `Ollama request failed: ${new URL(url).host} does not take connections`,
    })
  })
})

describe('fails at once', () => {
  const once = (status: number, body: string, headers: Record<string, string> = {}) => ({
    instead: ({ path }: { path: string }) =>
      path === '/api/pull' ? new Response(body, { status, headers }) : undefined,
  })

  test.each<[string, Partial<FakeModelsScript>, string]>([
    [
      'for a model that does not exist',
      { fault: { kind: 'error', afterBytes: 0, text: 'pull model manifest: file does not exist' } },
      'pull model manifest: file does not exist',
    ],
    [
      'for a name that cannot be',
      once(400, '{"error":"invalid model name"}'),
      'The model server answered 400: invalid model name',
    ],
    ['without a key', { requiredKey: 'key' }, 'The model server answered 401: unauthorized'],
    ['at a redirect', once(302, '', { location: 'http://169.254.169.254/' }), 'redirect'],
    ['at a web page', once(200, '<html>', { 'content-type': 'text/html' }), 'web page'],
    ['at nonsense', once(200, 'nonsense\n'), 'not valid JSON'],
    ['at a line without end', once(200, 'x'.repeat(1_200_000)), 'more than 1 MB'],
    [
      'when the list of models is nonsense',
      { instead: ({ path }) => (path === '/api/tags' ? new Response('x') : undefined) },
      'not valid JSON',
    ],
  ])('%s', async (_, script, text) => {
    await using setup = startOllamaSetup(script)
    const { last, job } = await runOnce(setup)
    expect(last.state).toBe('error')
    expect(last.error).toContain(text)
    expect(last.message).toBe(last.error)
    expect(job).toMatchObject({ status: 'failed', retry_count: 1, error_code: expect.stringMatching(/^upstream_/) })
    expect(setup.ollama.requests.filter(({ path }) => path === '/api/pull')).toHaveLength(1)
    expect(setup.ollama.openRequests).toBe(0)
  })

  test('for an address that is refused', async () => {
    await using server = testApp({ runJobs: true })
    const { body } = await server.as('ada')('POST', '/api/v1/ollama/install', {
      name: 'x',
      server_url: 'http://169.254.169.254',
    })
    for (;;) {
      const status = (await server.as('ada')('GET', `/api/v1/ollama/install/${body.task_id}`)).body
      if (status.state === 'error') {
        expect(status.error).toBe('Ollama request failed: The address of 169.254.169.254:80 is not allowed')
        return
      }
      await Bun.sleep(10)
    }
  })
})

test('a stream goes on after the last event that a client has seen', async () => {
  await using setup = startOllamaSetup()
  const { taskId, frames } = await runOnce(setup)
  const numbers = frames.slice(1, -1).map(({ sequence_number: number }) => number)
  const response = await setup.openEvents('ada', taskId, { 'last-event-id': String(numbers[2]) })
  expect(response.headers.get('content-type')).toStartWith('text/event-stream')
  const text = await response.text()
  expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(numbers.slice(3))
  const since = await setup.server.as('ada')(
    'GET',
    `${setup.api}/install/${taskId}/events?since_sequence=${numbers.at(-1)}`,
  )
  expect(since.body).not.toContain('event_type')
  expect((await setup.server.as('ada')('GET', `${setup.api}/install/${taskId}/events?since_sequence=x`)).status).toBe(
    422,
  )
})
