import { describe, expect, test } from 'bun:test'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { startOllamaSetup } from '../support/ollama-setup.ts'
import { followSse } from '../support/sse.ts'
import { testApp } from '../support/test-app.ts'

const slow = { chunkMs: 20, chunkBytes: 10 }
const isDownloading = ({ state }: { state: string }) => state === 'downloading'
const isOver = ({ state }: { state: string }) => ['completed', 'error', 'canceled'].includes(state)

describe('an installation', () => {
  test('from the click to the list', async () => {
    await using setup = startOllamaSetup()
    const { server, ollama } = setup
    const { task_id: taskId, deduped } = await setup.install('ada', {
      server_url: encodeURIComponent(`${ollama.url}/api/`),
    })
    expect(deduped).toBe(false)
    const frames = await setup.readEvents('ada', taskId)
    for (const frame of frames)
      expect(frame).toMatchObject({ task_id: taskId, name: 'llama3.2:1b', server_base: ollama.url, error: null })

    const [first, last] = [frames[0], frames.at(-1)]
    for (const frame of [first, last]) expect(frame).not.toHaveProperty('event_type')
    expect(last).toMatchObject({ state: 'completed', progress: 100, message: 'Completed successfully' })
    const events = frames.slice(1, -1)
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index + 1))
    expect(events.slice(0, 4)).toMatchObject([
      { event_type: 'stage', state: 'started', message: 'Job started', attempt_number: 1 },
      { event_type: 'progress', state: 'queued', message: 'Waiting to start download', progress: 0 },
      { event_type: 'status', state: 'connecting', message: 'Ollama responded with status 200', status_code: 200 },
      {
        event_type: 'progress',
        state: 'downloading',
        message: 'Starting download',
        progress: 1,
        force_reinstall: false,
      },
    ])
    expect(events.find(({ completed }) => completed === 400)).toEqual({
      ...first,
      state: 'downloading',
      progress: 40,
      message: 'pulling aabbccddeeff',
      status: 'pulling aabbccddeeff',
      digest: 'sha256:aabbccddeeff',
      total: 1000,
      completed: 400,
      total_bytes: 1000,
      completed_bytes: 400,
      progress_percent: 40,
      progress_bucket: 8,
      stage: 'downloading',
      event_type: 'progress',
      sequence_number: expect.any(Number),
      timestamp: '2026-01-02T03:04:05.678Z',
      updated_at: expect.any(Number),
    })
    const percents = events.map(({ progress }) => progress)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    // Nothing is called completed before it is.
    expect(events.slice(0, -1).filter(({ state }) => state === 'completed')).toEqual([])
    expect(events.at(-1)).toMatchObject({ event_type: 'completed', state: 'completed', progress: 100 })

    expect(await setup.readStatus('ada', taskId)).toEqual(last)
    expect(await setup.readJob('ada', taskId)).toMatchObject({
      job_type: 'ollama.install',
      status: 'completed',
      result: {
        model_name: 'llama3.2:1b',
        server_url: ollama.url,
        force_reinstall: false,
        digest: expect.any(String),
        size: 1050,
        modified_at: '2025-01-05T10:00:00.1+00:00',
      },
    })
    const list = await server.as('ada')('GET', `${setup.api}/models?server_url=${encodeURIComponent(ollama.url)}`)
    expect(list.body).toMatchObject([{ name: 'llama3.2:1b' }])
    expect(ollama.requests.find(({ path }) => path === '/api/pull')?.body).toEqual({
      name: 'llama3.2:1b',
      model: 'llama3.2:1b',
      stream: true,
    })
  })

  test('its status: times in Unix seconds, the id in either spelling', async () => {
    await using setup = startOllamaSetup(slow)
    const { task_id: taskId } = await setup.install('ada', { name: 'llama3.2' })
    const status = await setup.untilStatus('ada', taskId, ({ progress }) => progress > 1)
    expect(status).toEqual({
      task_id: taskId,
      name: 'llama3.2',
      server_base: setup.ollama.url,
      state: 'downloading',
      progress: expect.any(Number),
      message: 'pulling aabbccddeeff',
      error: null,
      created_at: 1_767_323_045.678,
      updated_at: 1_767_323_045.678,
    })
    const spelled = taskId.replaceAll('-', '').toUpperCase()
    expect((await setup.readStatus('ada', spelled)).task_id).toBe(taskId)
  })

  test('is its owner’s alone, and only pulls are tasks', async () => {
    await using setup = startOllamaSetup(slow)
    const { server, api } = setup
    await server.tokenOf('admin')
    const { task_id: taskId } = await setup.install('ada')
    const sleep = await server.as('ada')('POST', '/api/v1/jobs', { job_type: 'system.sleep', payload: {} })
    expect(sleep.status).toBe(202)
    for (const [name, id] of [
      ['bob', taskId],
      ['admin', taskId],
      ['ada', sleep.body.id],
      ['ada', crypto.randomUUID()],
      ['ada', '__proto__'],
      ['ada', '%F0%9F%A6%99'],
    ] as const)
      for (const [method, path] of [
        ['GET', ''],
        ['GET', '/events'],
        ['DELETE', ''],
      ] as const)
        expect(await server.as(name)(method, `${api}/install/${id}${path}`)).toMatchObject({
          status: 404,
          body: { detail: 'Task not found', code: 'ollama.task_not_found' },
        })
    expect((await setup.readStatus('ada', taskId)).error).toBeNull()
  })

  test('400 and 422', async () => {
    await using server = testApp()
    const install = (body: object) => server.as('ada')('POST', '/api/v1/ollama/install', body)
    for (const name of ['', '  '])
      expect(await install({ name, server_url: 'http://h' })).toMatchObject({
        status: 400,
        body: { detail: 'model_name is required' },
      })
    expect(await install({ name: 'x', server_url: 'h:11434' })).toMatchObject({
      status: 400,
      body: { detail: 'Invalid server URL. Must start with http:// or https://' },
    })
    expect((await install({ name: 'x', server_url: 'http://a:b@h' })).status).toBe(400)
    for (const body of [
      {},
      [],
      { name: 'x' },
      { server_url: 'http://h' },
      { name: null, server_url: 'http://h' },
      { name: 'x'.repeat(701), server_url: 'http://h' },
      { name: 'x', server_url: `http://h/${'x'.repeat(2048)}` },
      { name: 'x', server_url: 'http://h', api_key: 'x'.repeat(1001) },
      { name: 'x', server_url: 'http://h', force_reinstall: 'perhaps' },
    ])
      expect((await install(body)).status).toBe(422)
    expect((await server.as('ada')('GET', '/api/v1/jobs')).body.total).toBe(0)
  })

  test('10 a minute for each user', async () => {
    await using server = testApp({ env: { RATE_LIMIT: 'on' } })
    const install = (name: string, model: string) =>
      server.as(name)('POST', '/api/v1/ollama/install', { name: model, server_url: 'http://h' })
    for (let index = 0; index < 10; index++) expect((await install('ada', `m${index}`)).status).toBe(200)
    const refused = await install('ada', 'm10')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
    expect((await install('bob', 'm10')).status).toBe(200)
  })
})

describe('one pull for all', () => {
  test('who asks for the same model joins, whatever the spelling', async () => {
    await using setup = startOllamaSetup(slow)
    const { ollama, server } = setup
    const same = [
      { name: 'Llama3:latest' },
      { server_url: `${ollama.url}/api/pull` },
      { server_url: encodeURIComponent(ollama.url) },
      { force_reinstall: true },
      { api_key: 'another' },
    ]
    const answers = await Promise.all([{}, ...same].map((body) => setup.install('ada', { name: 'llama3', ...body })))
    expect(new Set(answers.map(({ task_id: id }) => id)).size).toBe(1)
    expect(answers.filter(({ deduped }) => !deduped)).toHaveLength(1)

    const others = [
      await setup.install('ada', { name: 'llama3:8b' }),
      await setup.install('ada', { name: 'llama3', server_url: `${ollama.url}/other` }),
      await setup.install('bob', { name: 'llama3' }),
    ]
    expect(others.map(({ deduped }) => deduped)).toEqual([false, false, false])
    const jobs = (await server.as('ada')('GET', '/api/v1/jobs')).body
    expect(jobs.total).toBe(3)
    // Each hears of it.
    const frames = await Promise.all([1, 2, 3].map(() => setup.readEvents('ada', answers[0].task_id)))
    for (const one of frames) expect(one.at(-1)).toMatchObject({ state: 'completed' })
  })

  test('also the job with the name of the reference', async () => {
    await using setup = startOllamaSetup(slow)
    const { body: job } = await setup.server.as('ada')('POST', '/api/v1/jobs', {
      job_type: 'model_download',
      payload: { name: 'llama3.2:1b', server_url: setup.ollama.url },
    })
    expect(await setup.install('ada')).toEqual({ task_id: job.id, deduped: true })
    const frames = await setup.readEvents('ada', job.id)
    expect(frames.at(-1)).toMatchObject({ state: 'completed', name: 'llama3.2:1b' })
    expect(await setup.readJob('ada', job.id)).toMatchObject({ job_type: 'model_download', status: 'completed' })
  })

  test('not one that waits for a day to come, or was told to stop', async () => {
    await using setup = startOllamaSetup(slow)
    const later = await setup.server.as('ada')('POST', '/api/v1/jobs', {
      job_type: 'ollama.install',
      payload: { model_name: 'llama3.2:1b', server_url: setup.ollama.url },
      scheduled_for: '2027-01-01T00:00:00+02:00',
    })
    expect(later.status).toBe(202)
    const first = await setup.install('ada')
    expect(first.deduped).toBe(false)
    await setup.untilStatus('ada', first.task_id, isDownloading)
    const [canceled, second] = await Promise.all([
      setup.server.as('ada')('DELETE', `${setup.api}/install/${first.task_id}`),
      setup.install('ada'),
    ])
    expect(canceled.body.state).toBe('canceling')
    expect(second.deduped).toBe(false)
  })

  test('a model that was installed and deleted is installed again, as a new task', async () => {
    await using setup = startOllamaSetup()
    const { server, ollama, api } = setup
    const first = await setup.install('ada')
    await setup.readEvents('ada', first.task_id)
    const deleted = await server.as('ada')('DELETE', `${api}/delete`, { name: 'llama3.2:1b', server_url: ollama.url })
    expect(deleted.body).toEqual({ status: 'success', data: '' })
    expect(await setup.readStatus('ada', first.task_id)).toMatchObject({ state: 'completed' })
    const second = await setup.install('ada', { force_reinstall: true })
    expect(second.deduped).toBe(false)
    expect(second.task_id).not.toBe(first.task_id)
    const frames = await setup.readEvents('ada', second.task_id)
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    expect(frames.slice(0, -2).filter(({ state }) => state === 'completed')).toEqual([])
    expect(ollama.models.has('llama3.2:1b')).toBe(true)
  })
})

describe('canceling', () => {
  test('closes the connection to a silent server at once', async () => {
    await using setup = startOllamaSetup({ fault: { kind: 'hang', afterBytes: 500 } })
    const { server, ollama, api } = setup
    const { task_id: taskId } = await setup.install('ada')
    await setup.untilStatus('ada', taskId, ({ progress }) => progress >= 50)
    const stream = followSse(await setup.openEvents('ada', taskId))
    await stream.until(({ events }) => events.length > 3)
    const startedAt = performance.now()
    const { status, body } = await server.as('ada')('DELETE', `${api}/install/${taskId}`)
    expect([status, body]).toEqual([200, { task_id: taskId, state: 'canceling' }])
    await ollama.until(() => ollama.abortedRequests > 0)
    const { events } = await stream.until(() => false)
    expect(performance.now() - startedAt).toBeLessThan(1000)
    expect(events.at(-2)).toMatchObject({ event_type: 'canceled', state: 'canceled' })
    expect(events.at(-1)).toMatchObject({ state: 'canceled', message: 'Canceled', error: null })
    expect(await setup.readJob('ada', taskId)).toMatchObject({ status: 'cancelled' })
    // What is over stays as it is.
    const again = await server.as('ada')('DELETE', `${api}/install/${taskId}`)
    expect([again.status, again.body]).toEqual([200, { task_id: taskId, state: 'canceled' }])
    expect(ollama.openRequests).toBe(0)
  })

  test('before it has begun, and after its end', async () => {
    await using setup = startOllamaSetup({}, { runJobs: false })
    const { server, api } = setup
    const { task_id: taskId } = await setup.install('ada')
    expect(await setup.readStatus('ada', taskId)).toMatchObject({ state: 'queued', progress: 0, message: '' })
    const { body } = await server.as('ada')('DELETE', `${api}/install/${taskId}`)
    expect(body).toEqual({ task_id: taskId, state: 'canceling' })
    expect(await setup.readStatus('ada', taskId)).toMatchObject({ state: 'canceled' })
    expect(setup.ollama.requests).toEqual([])

    await using second = startOllamaSetup()
    const done = await second.install('ada')
    await second.readEvents('ada', done.task_id)
    const after = await second.server.as('ada')('DELETE', `${api}/install/${done.task_id}`)
    expect([after.status, after.body]).toEqual([200, { task_id: done.task_id, state: 'completed' }])
  })

  test('a canceled one goes on where it was when it is tried again', async () => {
    await using setup = startOllamaSetup({ fault: { kind: 'hang', afterBytes: 700, times: 1 } })
    const { server, ollama, api } = setup
    const { task_id: taskId } = await setup.install('ada')
    await setup.untilStatus('ada', taskId, ({ progress }) => progress >= 70)
    await server.as('ada')('DELETE', `${api}/install/${taskId}`)
    await setup.untilStatus('ada', taskId, isOver)
    expect(ollama.blobs.get('sha256:aabbccddeeff')).toBe(700)
    expect((await server.as('ada')('POST', `/api/v1/jobs/${taskId}/retry`)).status).toBe(200)
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    // The first bytes were not fetched again.
    const second = frames.slice(frames.findLastIndex(({ state }) => state === 'started'))
    expect(Math.min(...second.filter(({ completed }) => completed > 0).map(({ completed }) => completed))).toBe(700)
  })
})

describe('the key', () => {
  const dump = ({ server }: ReturnType<typeof startOllamaSetup>) =>
    JSON.stringify(server.database.sqlite.query('select * from jobs').all()) +
    JSON.stringify(server.database.sqlite.query('select * from job_events').all())

  test('is sealed while the job lives and gone afterwards, and in no answer', async () => {
    await using setup = startOllamaSetup({ ...slow, requiredKey: 'very-secret-key' })
    const { server, ollama } = setup
    const { task_id: taskId } = await setup.install('ada', { api_key: ' very-secret-key ' })
    const row = server.database.sqlite.query<{ secrets: string | null; payload: string }, [string]>(
      'select secrets, payload from jobs where id = ?',
    )
    expect(row.get(taskId)?.secrets).toStartWith('v1.')
    await setup.untilStatus('ada', taskId, isDownloading)
    const job = await setup.readJob('ada', taskId)
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.at(-1)).toMatchObject({ state: 'completed' })
    expect(row.get(taskId)?.secrets).toBeNull()
    const list = await server.as('ada')('GET', '/api/v1/jobs')
    for (const text of [dump(setup), JSON.stringify([frames, job, list.body]), server.logged()])
      expect(text).not.toContain('very-secret-key')
    expect(ollama.requests.length).toBeGreaterThan(1)
    for (const { headers } of ollama.requests) expect(headers['authorization']).toBe('Bearer very-secret-key')
  })

  test('that is not sent, or gone since, is that of the own server at the address', async () => {
    await using setup = startOllamaSetup({ requiredKey: 'very-secret-key' })
    const { server, ollama } = setup
    await saveSetting(
      server,
      'bob',
      'ollama_servers_settings',
      ollamaServers(ollama.url, { apiKey: 'very-secret-key' }),
    )
    const { task_id: taskId } = await setup.install('ada', { api_key: 'wrong-key' })
    const failed = await setup.readEvents('ada', taskId)
    expect(failed.at(-1)).toMatchObject({
      state: 'error',
      error: 'The model server answered 401: unauthorized',
      message: 'The model server answered 401: unauthorized',
    })
    await saveSetting(
      server,
      'ada',
      'ollama_servers_settings',
      ollamaServers(ollama.url, { apiKey: 'very-secret-key' }),
    )
    await server.as('ada')('POST', `/api/v1/jobs/${taskId}/retry`)
    const frames = await setup.readEvents('ada', taskId)
    expect(frames.at(-1)).toMatchObject({ state: 'completed', error: null })
    // What went wrong before is no state of now.
    expect(frames.filter(({ state }) => state === 'error')).toEqual([])
  })
})

describe('the job types', () => {
  test.each(['ollama.install', 'model_download'])('%s: what a payload may be', async (jobType) => {
    await using server = testApp()
    const create = (payload: object) => server.as('ada')('POST', '/api/v1/jobs', { job_type: jobType, payload })
    const url = 'http://localhost:11434/api'
    for (const payload of [
      { model_name: 'x', server_url: url },
      { name: 'x', server_url: url, unknown: 1 },
      { name: null, model_name: 'x', server_url: url, api_key: null, force_reinstall: true, timeout_seconds: '30' },
    ])
      expect(await create(payload)).toMatchObject({ status: 202, body: { job_type: jobType } })
    for (const payload of [{ server_url: url }, { name: ' ', server_url: url }])
      expect(await create(payload)).toMatchObject({ status: 400, body: { detail: 'model_name is required' } })
    expect((await create({ name: 'x', server_url: 'nowhere' })).status).toBe(400)
    for (const payload of [
      { name: 'x' },
      { name: 1, server_url: url },
      { name: 'x'.repeat(701), server_url: url },
      { name: 'x', server_url: url, timeout_seconds: 29 },
      { name: 'x', server_url: url, timeout_seconds: 86_401 },
      { name: 'x', server_url: url, timeout_seconds: 1.5 },
    ])
      expect((await create(payload)).status).toBe(422)
    const stored = server.database.sqlite.query<{ payload: string }, []>('select payload from jobs').all()
    for (const { payload } of stored)
      expect(JSON.parse(payload)).toMatchObject({ model_name: 'x', server_url: 'http://localhost:11434' })
  })
})
