import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/personas'
const notFound = { status: 404, body: { detail: 'Persona not found', code: 'personas.not_found' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const unknownId = '00000000000040008000000000000000'
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
const pirate = { name: 'Pirate', system_prompt: 'You are a pirate.' }

const create = async (server: TestServer, name: string, body: object = {}) => {
  const answer = await server.as(name)('POST', path, { ...pirate, ...body })
  expect(answer.status).toBe(200)
  return answer.body
}

const readRows = (server: TestServer) => server.database.sqlite.query('SELECT * FROM personas ORDER BY id').all()

/** As the form of the web client sends it. */
const formBody = {
  ...pirate,
  is_active: true,
  model_settings: {
    temperature: 0.7,
    top_p: 0.9,
    frequency_penalty: 0,
    presence_penalty: 0,
    context_window: 4000,
    stop_sequences: [],
  },
  description: 'Says arr 🏴‍☠️',
  avatar: `data:image/png;base64,${'A'.repeat(50_000)}`,
  tags: ['sea', 'b c', 'Ärger', 'sea'],
  sample_greeting: 'Ahoy!',
}

const badFields: [field: string, value: unknown][] = [
  ['name', ''],
  ['name', 'x'.repeat(101)],
  ['name', null],
  ['name', 5],
  ['system_prompt', ''],
  ['system_prompt', 'x'.repeat(100_001)],
  ['system_prompt', null],
  ['description', 'x'.repeat(10_001)],
  ['description', {}],
  ['avatar', 'x'.repeat(100_001)],
  ['sample_greeting', 'x'.repeat(20_001)],
  ['tags', 'sea'],
  ['tags', {}],
  ['tags', [5]],
  ['tags', Array.from({ length: 51 }, String)],
  ['tags', ['x'.repeat(101)]],
  ['tags', ['sea', 'land, air']],
  ['model_settings', []],
  ['model_settings', 'temperature'],
  ['is_active', null],
  ['is_active', 'true'],
]

const badSettings: [settings: object, fault: string][] = [
  [{ temperature: 2.1 }, 'temperature must be a number from 0 to 2'],
  [{ temperature: 'hot' }, 'temperature must be a number from 0 to 2'],
  [{ temperature: true }, 'temperature must be a number from 0 to 2'],
  [{ top_p: -0.1 }, 'top_p must be a number from 0 to 1'],
  [{ frequency_penalty: 3 }, 'frequency_penalty must be a number from -2 to 2'],
  [{ presence_penalty: '-3' }, 'presence_penalty must be a number from -2 to 2'],
  [{ context_window: 0 }, 'context_window must be a positive integer'],
  [{ context_window: 1.5 }, 'context_window must be a positive integer'],
  [{ context_window: true }, 'context_window must be a positive integer'],
  [{ context_window: [4000] }, 'context_window must be a positive integer'],
  [{ stop_sequences: 'stop' }, 'stop_sequences must be a list of strings'],
  [{ stop_sequences: [1] }, 'stop_sequences must be a list of strings'],
  [{ note: 'x'.repeat(65_536) }, 'they have more than 64 KB as JSON'],
]

describe('POST /api/v1/personas', () => {
  test('200: the least that makes a persona', async () => {
    await using server = testApp()
    expect(await create(server, 'ada')).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'Pirate',
      description: null,
      system_prompt: 'You are a pirate.',
      model_settings: null,
      avatar: null,
      tags: null,
      sample_greeting: null,
      is_active: true,
      user_id: await server.idOf('ada'),
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('200: everything that the form sends is stored; ids, owners and times are not taken from it', async () => {
    await using server = testApp()
    const foreign = { id: unknownId, user_id: await server.idOf('bob'), created_at: 'yesterday', persona: 1, data: 2 }
    const created = await create(server, 'ada', { ...formBody, ...foreign })
    expect(created).toMatchObject({ ...formBody, user_id: await server.idOf('ada') })
    expect(created.id).not.toBe(unknownId)
    expect(Object.keys(created)).not.toContain('persona')
    expect(Object.keys(created)).not.toContain('data')
    expect((await server.as('ada')('GET', `${path}/${created.id}`)).body).toEqual(created)
  })

  test('200: nulls; empty settings and tags become null', async () => {
    await using server = testApp()
    const nulls = { description: null, model_settings: null, avatar: null, tags: null, sample_greeting: null }
    expect(await create(server, 'ada', nulls)).toMatchObject(nulls)
    expect(await create(server, 'ada', { model_settings: {}, tags: [] })).toMatchObject({
      model_settings: null,
      tags: null,
    })
    const types = server.database.sqlite.query('SELECT DISTINCT typeof(model_settings), typeof(tags) FROM personas')
    expect(types.values()).toEqual([['null', 'null']])
  })

  test('200: model settings are stored as sent: numeric texts, nulls, unknown keys, and keys with a meaning in JavaScript', async () => {
    await using server = testApp()
    const text = `{"temperature":"0.3","top_p":null,"context_window":" 4000 ","max_tokens":2000,"z":{"__proto__":[1]},"__proto__":{"temperature":9},"constructor":1,"a":"\\ud800"}`
    const answer = await server.as('ada')('POST', path, `{"name":"P","system_prompt":"x","model_settings":${text}}`)
    expect(answer.status).toBe(200)
    expect(JSON.stringify(answer.body.model_settings)).toBe(JSON.stringify(JSON.parse(text)))
    const read = await server.as('ada')('GET', `${path}/${answer.body.id}`)
    expect(JSON.stringify(read.body)).toBe(JSON.stringify(answer.body))
    expect(({} as Record<string, unknown>)['temperature']).toBeUndefined()
  })

  test('200: the answer shows what is stored of texts that are not Unicode', async () => {
    await using server = testApp()
    const odd = { name: 'a\ud800b', description: '\udc00', tags: ['\ud800'], sample_greeting: '\0 \ud83c' }
    const created = await create(server, 'ada', odd)
    expect(created).toMatchObject({ name: 'a�b', description: '�', tags: ['�'], sample_greeting: '\0 �' })
    expect((await server.as('ada')('GET', `${path}/${created.id}`)).body).toEqual(created)
  })

  test('200: the longest that is allowed', async () => {
    await using server = testApp()
    const longest = {
      name: 'x'.repeat(100),
      system_prompt: 'x'.repeat(100_000),
      description: 'x'.repeat(10_000),
      avatar: 'x'.repeat(100_000),
      sample_greeting: 'x'.repeat(20_000),
      tags: Array.from({ length: 50 }, (_, index) => String(index).padEnd(100, '-')),
      model_settings: { temperature: 2, top_p: 0, frequency_penalty: -2, presence_penalty: 2, context_window: 1 },
    }
    expect(await create(server, 'ada', longest)).toMatchObject(longest)
  })

  test.each(badSettings)('400: model settings %j, and nothing is written', async (settings, fault) => {
    await using server = testApp()
    expect(await server.as('ada')('POST', path, { ...pirate, model_settings: settings })).toMatchObject({
      status: 400,
      body: { detail: `Invalid model settings: ${fault}`, code: 'personas.invalid_model_settings' },
    })
    expect(readRows(server)).toEqual([])
  })

  test('422: wrong types and texts beyond their bounds, and nothing is written', async () => {
    await using server = testApp()
    for (const [field, value] of badFields) {
      const answer = await server.as('ada')('POST', path, { ...pirate, [field]: value })
      expect(answer.status).toBe(422)
      expect(answer.body.detail[0].loc.slice(0, 2)).toEqual(['body', field])
    }
    expect(await server.as('ada')('POST', path, { name: 'P' })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'missing', loc: ['body', 'system_prompt'] }] },
    })
    expect(await server.as('ada')('POST', path)).toMatchObject({ status: 422 })
    expect(await server.as('ada')('POST', path, [])).toMatchObject({ status: 422 })
    expect(readRows(server)).toEqual([])
  })

  test('401: a stranger, even with a bad body', async () => {
    await using server = testApp()
    expect(await server.call('POST', path, { name: 5 })).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/personas/:personaId', () => {
  test('200: in both spellings, with and without a slash at the end', async () => {
    await using server = testApp()
    const created = await create(server, 'ada')
    for (const id of [created.id, dashed(created.id), created.id.toUpperCase(), `${created.id}/`]) {
      expect(await server.as('ada')('GET', `${path}/${id}`)).toMatchObject({ status: 200, body: created })
    }
  })

  test('404: unknown, malformed and foreign ids look alike, to the administrator too; 422: too long; 401', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const { id } = await create(server, 'ada')
    for (const asked of [id, dashed(id), unknownId, 'nonsense', "' OR 1=1 --"]) {
      for (const name of ['bob', 'admin']) {
        expect(await server.as(name)('GET', `${path}/${encodeURIComponent(asked)}`)).toMatchObject(notFound)
      }
    }
    expect(await server.as('ada')('GET', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}/${id}`)).toMatchObject(notAuthenticated)
  })
})

describe.each(['PUT', 'PATCH'])('%s /api/v1/personas/:personaId', (method) => {
  test('200: only what is sent changes, and the persona counts as updated', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', formBody)
    server.clock.now += 1000
    const updated = { ...created, is_active: false, updated_at: '2026-01-02T03:04:06.678Z' }
    const answer = await server.as('ada')(method, `${path}/${dashed(created.id)}/`, { is_active: false })
    expect(answer).toMatchObject({ status: 200, body: updated })
    expect((await server.as('ada')('GET', `${path}/${created.id}`)).body).toEqual(updated)
  })

  test('200: every field; null clears what may be null; empty settings and tags are kept', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    const put = async (body: object) => (await server.as('ada')(method, `${path}/${id}`, body)).body
    expect(await put(formBody)).toMatchObject(formBody)
    const empty = { description: '', model_settings: {}, avatar: '', tags: [], sample_greeting: '' }
    expect(await put(empty)).toMatchObject(empty)
    const nulls = { description: null, model_settings: null, avatar: null, tags: null, sample_greeting: null }
    expect(await put(nulls)).toMatchObject({ ...nulls, name: 'Pirate', is_active: true })
    expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject(nulls)
    const types = server.database.sqlite.query('SELECT typeof(model_settings), typeof(tags) FROM personas')
    expect(types.values()).toEqual([['null', 'null']])
  })

  test('200: settings are replaced, not merged', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada', formBody)
    const model_settings = { temperature: '1' }
    expect((await server.as('ada')(method, `${path}/${id}`, { model_settings })).body.model_settings).toEqual(
      model_settings,
    )
  })

  test('200: nothing and the same again leave all as it is, the time too', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', formBody)
    server.clock.now += 1000
    for (const body of [{}, formBody, { unknown: 1, id: unknownId, user_id: unknownId }]) {
      expect((await server.as('ada')(method, `${path}/${created.id}`, body)).body).toEqual(created)
    }
  })

  test('404: foreign and unknown; 400 and 422: bad fields; 401; nothing is written', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada', formBody)
    const before = readRows(server)
    expect(await server.as('bob')(method, `${path}/${id}`, { name: 'Stolen' })).toMatchObject(notFound)
    expect(await server.as('ada')(method, `${path}/${unknownId}`, { name: 'x' })).toMatchObject(notFound)
    for (const [settings, fault] of badSettings) {
      expect(await server.as('ada')(method, `${path}/${id}`, { name: 'x', model_settings: settings })).toMatchObject({
        status: 400,
        body: { detail: `Invalid model settings: ${fault}` },
      })
    }
    for (const [field, value] of badFields) {
      expect(await server.as('ada')(method, `${path}/${id}`, { description: 'new', [field]: value })).toMatchObject({
        status: 422,
      })
    }
    expect(await server.as('ada')(method, `${path}/${id}`)).toMatchObject({ status: 422 })
    expect(await server.call(method, `${path}/${id}`, { name: 5 })).toMatchObject(notAuthenticated)
    expect(readRows(server)).toEqual(before)
  })
})

describe('DELETE /api/v1/personas/:personaId', () => {
  test('204: it is gone; conversations with it stay, without a persona', async () => {
    await using server = testApp()
    const [gone, kept] = [await create(server, 'ada'), await create(server, 'ada')]
    const start = async (persona_id: string) =>
      (await server.as('ada')('POST', '/api/v1/conversations', { persona_id })).body.id
    const conversations = [await start(gone.id), await start(kept.id)]
    expect(await server.as('ada')('DELETE', `${path}/${dashed(gone.id)}/`)).toMatchObject({ status: 204, body: '' })
    expect(await server.as('ada')('GET', `${path}/${gone.id}`)).toMatchObject(notFound)
    expect(await server.as('ada')('DELETE', `${path}/${gone.id}`)).toMatchObject(notFound)
    for (const [index, persona_id] of [null, kept.id].entries()) {
      const answer = await server.as('ada')('GET', `/api/v1/conversations/${conversations[index]}`)
      expect(answer).toMatchObject({ status: 200, body: { persona_id } })
    }
  })

  test('204: thousands of conversations lose it bit by bit, while others have their turn', async () => {
    await using server = testApp()
    const [gone, kept] = [await create(server, 'ada'), await create(server, 'ada')]
    const userId = await server.idOf('ada')
    const { sqlite } = server.database
    const insert = sqlite.query(
      `INSERT INTO conversations (id, user_id, title, page_context, conversation_type, persona_id, created_at, updated_at)
       VALUES (?, ?, 'T', ?, 'chat', ?, 0, 7)`,
    )
    sqlite.transaction(() => {
      for (let index = 0; index < 3000; index++) {
        insert.run(crypto.randomUUID(), userId, 'x'.repeat(16_384), index === 0 ? kept.id : gone.id)
      }
    })()
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const twice = [1, 2].map(() => server.as('ada')('DELETE', `${path}/${gone.id}`))
    const statuses = (await Promise.all(twice)).map(({ status }) => status)
    clearInterval(timer)
    expect(statuses.toSorted()).toEqual([204, 404])
    expect(turns).toBeGreaterThan(2)
    const left = sqlite.query('SELECT persona_id, updated_at, count(*) FROM conversations GROUP BY 1, 2 ORDER BY 1')
    expect(left.values()).toEqual([
      [null, 7, 2999],
      [kept.id, 7, 1],
    ])
    const [wire] = sqlite.query<{ wire: string }, []>('SELECT wire FROM conversations WHERE persona_id IS NULL').all()
    expect(JSON.parse(wire?.wire ?? '')).toMatchObject({ title: 'T', persona_id: null })
  })

  test('404: foreign, which survives; 422: too long; 401: a stranger', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    const { id: talk } = (await server.as('ada')('POST', '/api/v1/conversations', { persona_id: id })).body
    expect(await server.as('bob')('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect((await server.as('ada')('GET', `/api/v1/conversations/${talk}`)).body.persona_id).toBe(id)
    expect(await server.as('bob')('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect(await server.as('bob')('DELETE', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('DELETE', `${path}/${id}`)).toMatchObject(notAuthenticated)
    expect(readRows(server)).toHaveLength(1)
  })
})

describe('limits of one user', () => {
  const fill = (server: TestServer, userId: string, count: number, prompt: string) => {
    const insert = server.database.sqlite.query(
      `INSERT INTO personas (id, user_id, name, system_prompt, is_active, created_at, updated_at, search_text) VALUES (?, ?, 'n', 'p', 1, 0, 0, ?)`,
    )
    server.database.sqlite.transaction(() => {
      for (let index = 0; index < count; index++) insert.run(`${userId}${index}`, userId, prompt)
    })()
  }
  const full = { status: 400, body: { code: 'personas.no_room' } }

  test('400: the 10,001st persona; changing and deleting go on; others are not concerned', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    fill(server, ada, 9999, '')
    const { id } = await create(server, 'ada')
    expect(await server.as('ada')('POST', path, pirate)).toMatchObject(full)
    expect(server.database.sqlite.query('SELECT count(*) FROM personas').values()).toEqual([[10_000]])
    expect(await server.as('ada')('PUT', `${path}/${id}`, { name: 'Longer name' })).toMatchObject({ status: 200 })
    await create(server, 'bob')
    await server.as('ada')('DELETE', `${path}/${id}`)
    await create(server, 'ada')
  })

  test('400: more than 24 MB; what does not grow may change', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    fill(server, await server.idOf('ada'), 24, 'x'.repeat(1_048_576))
    const before = readRows(server).length
    expect(await server.as('ada')('POST', path, pirate)).toMatchObject(full)
    expect(await server.as('ada')('PUT', `${path}/${id}`, { avatar: 'x' })).toMatchObject(full)
    expect(await server.as('ada')('PATCH', `${path}/${id}`, { is_active: false })).toMatchObject({ status: 200 })
    expect(await server.as('ada')('PUT', `${path}/${id}`, { name: 'P' })).toMatchObject({ status: 200 })
    expect(readRows(server)).toHaveLength(before)
  })
})
