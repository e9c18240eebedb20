import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/plugin-state'
const notFound = { status: 404, body: { detail: 'Plugin state not found', code: 'plugin_state.not_found' } }
const exists = {
  status: 409,
  body: { detail: 'Plugin state already exists. Use PUT to update.', code: 'plugin_state.already_exists' },
}
const changed = {
  status: 409,
  body: { detail: 'Plugin state was changed by another client', code: 'plugin_state.version_conflict' },
}
const notAuthenticated = { status: 401, body: { detail: 'Not authenticated', code: 'auth.not_authenticated' } }
const unknownId = '00000000-0000-4000-8000-000000000000'
const undashed = (id: string) => id.replaceAll('-', '')

const create = async (server: TestServer, name: string, fields: object = {}) => {
  const answer = await server.as(name)('POST', path, { plugin_id: 'notes', state_data: { n: 1 }, ...fields })
  expect(answer.status).toBe(200)
  return answer.body
}

const list = async (server: TestServer, name: string, query = ''): Promise<string[]> => {
  const answer = await server.as(name)('GET', `${path}${query}`)
  expect(answer.status).toBe(200)
  return answer.body.map(({ id }: { id: string }) => id)
}

const rows = (server: TestServer) => server.database.sqlite.query('SELECT * FROM plugin_states ORDER BY id').all()

const history = (server: TestServer) =>
  server.database.sqlite
    .query<Record<string, unknown>, []>(
      `SELECT plugin_state_id AS id, version, change_type AS type, device_id AS device, user_agent AS agent,
        ip_address AS ip, created_at AS at, CAST(state_data AS TEXT) AS data FROM plugin_state_history ORDER BY rowid`,
    )
    .all()

describe('POST /api/v1/plugin-state', () => {
  test('200: every field is kept and shown; a slash at the end makes no difference', async () => {
    await using server = testApp()
    const sent = {
      plugin_id: 'notes',
      page_id: 'a0a0a0a0-a0a0-40a0-80a0-a0a0a0a0a0a0',
      state_key: 'my_key',
      state_strategy: 'session',
      state_data: { any: ['json', { deep: null }], n: 1.5 },
      ttl_expires_at: '2027-01-01T00:00:00+02:00',
      device_id: 'phone',
      state_schema_version: '1.0',
    }
    const answer = await server.as('ada')('POST', `${path}/`, sent)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('location')).toBeNull()
    expect(answer).toMatchObject({ status: 200 })
    const now = '2026-01-02T03:04:05.678Z'
    expect(answer.body).toEqual({
      ...sent,
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      user_id: await server.idOf('ada'),
      ttl_expires_at: '2026-12-31T22:00:00.000Z',
      compression_type: null,
      state_size: JSON.stringify(sent.state_data).length,
      last_accessed: now,
      access_count: 0,
      is_active: true,
      version: 1,
      sync_status: 'synced',
      created_at: now,
      updated_at: now,
    })
    expect(answer.body.user_id).toMatch(/^[0-9a-f]{32}$/)
    expect((await server.as('ada')('GET', path)).body).toEqual([answer.body])
  })

  test('200: what is missing, null or empty has its default', async () => {
    await using server = testApp()
    const defaults = {
      page_id: null,
      state_key: null,
      state_strategy: 'persistent',
      ttl_expires_at: null,
      device_id: null,
      state_schema_version: null,
      state_data: {},
    }
    expect(await create(server, 'ada', { state_data: {} })).toMatchObject(defaults)
    const { state_data: _, ...nulls } = defaults
    expect(await create(server, 'ada', { ...nulls, plugin_id: 'b', state_strategy: null })).toMatchObject(nulls)
    expect(await create(server, 'ada', { plugin_id: 'c', page_id: '', state_key: '' })).toMatchObject(nulls)
    expect(await create(server, 'ada', { plugin_id: 'd', id: unknownId, version: 7, user_id: 'x' })).toMatchObject({
      version: 1,
      user_id: await server.idOf('ada'),
    })
  })

  test('409: one state for each plugin, page and key of a user, in either spelling of the page', async () => {
    await using server = testApp()
    const pageId = crypto.randomUUID()
    const keys = [{}, { page_id: pageId }, { state_key: 'k' }, { page_id: pageId, state_key: 'k' }, { page_id: 'Home' }]
    for (const key of keys) await create(server, 'ada', key)
    const again = [...keys, { page_id: null, state_key: '' }, { page_id: undashed(pageId).toUpperCase() }]
    const before = rows(server)
    for (const key of again) {
      expect(await server.as('ada')('POST', path, { plugin_id: 'notes', state_data: {}, ...key })).toMatchObject(exists)
    }
    expect(rows(server)).toEqual(before)
    await create(server, 'ada', { page_id: 'home' })
    await create(server, 'bob', { page_id: pageId })
  })

  test('200: times with an offset, without one, and days; a time that has passed is accepted', async () => {
    await using server = testApp()
    const times = [
      ['2027-06-01T10:00:00', '2027-06-01T10:00:00.000Z'],
      ['2027-06-01 10:00', '2027-06-01T10:00:00.000Z'],
      ['2027-06-01T10:00:00.123456Z', '2027-06-01T10:00:00.123Z'],
      ['2027-06-01T10:00:00-0330', '2027-06-01T13:30:00.000Z'],
      ['2027-06-01', '2027-06-01T00:00:00.000Z'],
      ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000Z'],
    ]
    for (const [sent, shown] of times) {
      expect((await create(server, 'ada', { state_key: sent, ttl_expires_at: sent })).ttl_expires_at).toBe(shown)
    }
    expect(await list(server, 'ada')).toHaveLength(times.length - 1)
  })

  test('422: missing, wrong and too long fields, and nothing is written', async () => {
    await using server = testApp()
    const bad: [field: string, value: unknown][] = [
      ['plugin_id', undefined],
      ['plugin_id', ''],
      ['plugin_id', 5],
      ['plugin_id', 'x'.repeat(256)],
      ['page_id', 'x'.repeat(256)],
      ['state_key', 'x'.repeat(256)],
      ['state_key', {}],
      ['device_id', 'x'.repeat(256)],
      ['state_schema_version', 'x'.repeat(51)],
      ['state_strategy', 'forever'],
      ['ttl_expires_at', 'tomorrow'],
      ['ttl_expires_at', ''],
      ['ttl_expires_at', 1_800_000_000],
      ['ttl_expires_at', '2026-02-30T00:00:00Z'],
      ['ttl_expires_at', '9999-12-31T23:59:59-01:00'],
      ['ttl_expires_at', '0000-01-01'],
      ['state_data', undefined],
      ['state_data', null],
      ['state_data', []],
      ['state_data', 'text'],
      ['state_data', 5],
    ]
    for (const [field, value] of bad) {
      const body = { plugin_id: 'notes', state_data: {}, [field]: value }
      const answer = await server.as('ada')('POST', path, body)
      expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', field] }] } })
    }
    for (const body of [undefined, '[]', 'null', '{"plugin_id":']) {
      expect(await server.as('ada')('POST', path, body)).toMatchObject({ status: 422 })
    }
    expect(rows(server)).toEqual([])
    expect(history(server)).toEqual([])
  })

  test('401: a stranger, even with a bad body', async () => {
    await using server = testApp()
    expect(await server.call('POST', path, { plugin_id: 5 })).toMatchObject(notAuthenticated)
    expect(rows(server)).toEqual([])
  })
})

describe('documents', () => {
  const roundTrip = async (server: TestServer, text: string) => {
    const token = await server.tokenOf('ada')
    const headers = { authorization: `Bearer ${token}` }
    const body = `{"plugin_id":"${crypto.randomUUID()}","state_data":${text}}`
    const created = await (await server.send('POST', path, body, headers)).text()
    const { id } = JSON.parse(created)
    const read = await (await server.send('GET', `${path}/${id}`, undefined, headers)).text()
    for (const answer of [created, read]) expect(answer.endsWith(`"state_data":${text}}`)).toBe(true)
    return JSON.parse(read)
  }

  test('200: come back as they were: unicode, hostile names, the order of names', async () => {
    await using server = testApp()
    for (const document of [
      '{"z":1,"a":2,"":3}',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"toString":null,"hasOwnProperty":0}',
      '{"emoji":"🧠👩‍👩‍👧","rtl":"שלום","nul":"\\u0000","line":"\u2028","lone":"\\ud800","quote":"\\"\\\\"}',
      '{"🧠":"ä","a.b":1,"$where":"1; DROP TABLE plugin_states","\'); --":[]}',
    ]) {
      expect(await roundTrip(server, document)).toMatchObject({ compression_type: null })
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('200: up to 1,024 bytes are stored as they are, more is compressed', async () => {
    await using server = testApp()
    const of = (bytes: number) => `{"t":"${'x'.repeat(bytes - 8)}"}`
    expect(await roundTrip(server, of(1024))).toMatchObject({ compression_type: null, state_size: 1024 })
    const compressed = await roundTrip(server, of(1025))
    expect(compressed.compression_type).toBe('gzip')
    expect(compressed.state_size).toBeLessThan(100)
    // Bytes, not characters.
    expect(await roundTrip(server, `{"t":"${'ä'.repeat(600)}"}`)).toMatchObject({ compression_type: 'gzip' })
    const sizes = server.database.sqlite.query('SELECT state_size, length(state_data) FROM plugin_states').values()
    for (const [size, length] of sizes) expect(size).toBe(length)
  })

  test('200: two megabytes of unicode', async () => {
    await using server = testApp()
    const items = Array.from({ length: 20_000 }, (_, index) => ({ id: index, text: `🧠 Ünïcode ${Math.random()}` }))
    const text = JSON.stringify({ items, padding: 'é'.repeat(500_000) })
    expect(Buffer.byteLength(text)).toBeGreaterThan(2_000_000)
    const state = await roundTrip(server, text)
    expect(state.state_size).toBeLessThan(1_000_000)
    expect((await server.as('ada')('GET', path)).body[0].state_data.items).toEqual(items)
  })

  test('64 levels of a body are accepted, 65 are not', async () => {
    await using server = testApp()
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
    await roundTrip(server, nested(63))
    const body = `{"plugin_id":"deep","state_data":${nested(64)}}`
    expect(await server.as('ada')('POST', path, body)).toMatchObject({ status: 422, body: { code: 'http.too_deep' } })
  })

  test('413: more than a body may have', async () => {
    await using server = testApp({ env: { MAX_REQUEST_SIZE: '2000' } })
    const body = { plugin_id: 'notes', state_data: { text: 'x'.repeat(2000) } }
    const refused = { status: 413, body: { code: 'http.body_too_large' } }
    expect(await server.as('ada')('POST', path, body)).toMatchObject(refused)
  })

  test('200: texts that are no Unicode are shown as they are stored', async () => {
    await using server = testApp()
    const body = '{"plugin_id":"a\\u0000\\ud800","state_key":"\\udfff🧠","device_id":"\\ud800","state_data":{}}'
    const created = await server.as('ada')('POST', path, body)
    expect(created.body).toMatchObject({ plugin_id: 'a\0\uFFFD', state_key: '\uFFFD🧠', device_id: '\uFFFD' })
    expect((await server.as('ada')('GET', path)).body).toEqual([created.body])
    expect(await server.as('ada')('POST', path, body)).toMatchObject(exists)
    expect(await list(server, 'ada', `?state_key=${encodeURIComponent('\uFFFD🧠')}`)).toEqual([created.body.id])
  })
})

describe('GET /api/v1/plugin-state', () => {
  test('200: your own states, last accessed first, and looking changes nothing', async () => {
    await using server = testApp()
    expect((await server.as('ada')('GET', `${path}/`)).body).toEqual([])
    const first = await create(server, 'ada', { state_key: '1' })
    server.clock.now += 1000
    const second = await create(server, 'ada', { state_key: '2' })
    await create(server, 'bob')
    expect((await server.as('ada')('GET', path)).body).toEqual([second, first])
    server.clock.now += 1000
    const read = (await server.as('ada')('GET', `${path}/${first.id}`)).body
    expect((await server.as('ada')('GET', `${path}/`)).body).toEqual([read, second])
  })

  test('200: filters are exact and combine; an empty one filters nothing', async () => {
    await using server = testApp()
    const pageId = crypto.randomUUID()
    const add = async (fields: object) => {
      server.clock.now += 1
      return (await create(server, 'ada', fields)).id as string
    }
    const plain = await add({ device_id: 'phone' })
    const paged = await add({ page_id: pageId, state_strategy: 'custom' })
    const keyed = await add({ page_id: pageId, state_key: 'k', device_id: 'phone' })
    const other = await add({ plugin_id: 'Notes', state_key: 'k', state_strategy: 'none' })
    server.database.sqlite.run(`UPDATE plugin_states SET is_active = 0, sync_status = 'pending' WHERE id = ?`, [other])
    const cases: [query: string, ids: string[]][] = [
      ['plugin_id=notes', [keyed, paged, plain]],
      ['plugin_id=Notes', [other]],
      ['plugin_id=note%25', []],
      [`page_id=${pageId}`, [keyed, paged]],
      [`page_id=${undashed(pageId).toUpperCase()}`, [keyed, paged]],
      ['state_key=k', [other, keyed]],
      ['state_strategy=custom', [paged]],
      ['sync_status=pending', [other]],
      ['sync_status=conflict', []],
      ['is_active=true', [keyed, paged, plain]],
      ['is_active=True&state_key=k', [keyed]],
      ['is_active=1&state_key=k', [keyed]],
      ['is_active=false', [other]],
      ['is_active=0', [other]],
      ['is_active=off', [other]],
      ['is_active=YES&state_key=k', [keyed]],
      ['device_id=phone', [keyed, plain]],
      [`plugin_id=notes&page_id=${pageId}&state_key=k&device_id=phone&state_strategy=persistent`, [keyed]],
      ['plugin_id=notes&device_id=tablet', []],
      [
        'plugin_id=&page_id=&state_key=&state_strategy=&sync_status=&is_active=&device_id=',
        [other, keyed, paged, plain],
      ],
      ['limit=2', [other, keyed]],
      ['limit=2&offset=2', [paged, plain]],
      ['offset=4', []],
      ['limit=1000&unknown=1', [other, keyed, paged, plain]],
    ]
    for (const [query, ids] of cases) expect([query, await list(server, 'ada', `?${query}`)]).toEqual([query, ids])
    expect(await list(server, 'bob', `?page_id=${pageId}`)).toEqual([])
  })

  test('200: pages of equal times neither overlap nor leave out; 100 by default', async () => {
    await using server = testApp()
    const states = Array.from({ length: 250 }, (_, index) => ({ plugin_id: `p${index}`, state_data: {} }))
    const { created } = (await server.as('ada')('POST', `${path}/bulk`, { states })).body
    const pages = [await list(server, 'ada'), await list(server, 'ada', '?offset=100&limit=150')]
    expect(pages.map((page) => page.length)).toEqual([100, 150])
    const ids = created.map(({ id }: { id: string }) => id)
    expect(pages.flat()).toEqual(ids.toSorted().toReversed())
  })

  test('422: limits and filters beyond their bounds; 401: a stranger', async () => {
    await using server = testApp()
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=x',
      'offset=-1',
      'is_active=maybe',
      'state_strategy=forever',
      'sync_status=lost',
      `plugin_id=${'x'.repeat(256)}`,
      `device_id=${'x'.repeat(256)}`,
    ]) {
      expect(await server.as('ada')('GET', `${path}?${query}`)).toMatchObject({ status: 422 })
    }
    expect(await server.call('GET', path)).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/plugin-state/:stateId', () => {
  test('200: in both spellings, and counts as an access', async () => {
    await using server = testApp()
    const created = await create(server, 'ada')
    for (const [index, id] of [
      created.id,
      undashed(created.id),
      created.id.toUpperCase(),
      `${created.id}/`,
    ].entries()) {
      server.clock.now += 1000
      const answer = await server.as('ada')('GET', `${path}/${id}`)
      const now = new Date(server.clock.now).toISOString()
      expect(answer.body).toEqual({ ...created, access_count: index + 1, last_accessed: now })
    }
    expect(history(server)).toHaveLength(1)
  })

  test('404: unknown, malformed and foreign ids look alike; the administrator gets no more', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const { id } = await create(server, 'ada')
    const before = rows(server)
    for (const asked of [id, undashed(id), unknownId, 'nonsense', "' OR 1=1 --", '__proto__']) {
      for (const name of ['admin', 'bob']) {
        expect(await server.as(name)('GET', `${path}/${encodeURIComponent(asked)}`)).toMatchObject(notFound)
      }
    }
    expect(rows(server)).toEqual(before)
  })

  test('422: an id that is too long; 401: a stranger', async () => {
    await using server = testApp()
    expect(await server.as('ada')('GET', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}/${unknownId}`)).toMatchObject(notAuthenticated)
  })
})

describe('PUT /api/v1/plugin-state/:stateId', () => {
  test('200: replaces the document, counts the version, and leaves the rest', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', { state_key: 'k', device_id: 'phone', ttl_expires_at: '2027-01-01' })
    server.clock.now += 1000
    const now = new Date(server.clock.now).toISOString()
    const answer = await server.as('ada')('PUT', `${path}/${undashed(created.id)}/`, { state_data: { other: [] } })
    const expected = {
      ...created,
      state_data: { other: [] },
      state_size: 12,
      version: 2,
      access_count: 1,
      last_accessed: now,
      updated_at: now,
    }
    expect(answer).toMatchObject({ status: 200, body: expected })
    expect((await server.as('ada')('GET', path)).body).toEqual([expected])
  })

  test('200: every other field; unknown ones and the key are ignored; an empty document is stored', async () => {
    await using server = testApp()
    const created = await create(server, 'ada', { state_key: 'k' })
    const wanted = {
      state_data: {},
      state_strategy: 'custom',
      ttl_expires_at: '2028-01-01T00:00:00.000Z',
      device_id: 'tablet',
      state_schema_version: '2',
    }
    const ignored = { plugin_id: 'other', page_id: 'x', state_key: 'y', is_active: false, user_id: 'z', id: unknownId }
    const answer = await server.as('ada')('PUT', `${path}/${created.id}`, { ...wanted, ...ignored })
    const { id, plugin_id, page_id, state_key, is_active, user_id } = created
    const kept = { id, plugin_id, page_id, state_key, is_active, user_id }
    expect(answer).toMatchObject({ status: 200, body: { ...wanted, ...kept, version: 2 } })
  })

  test('200: null and nothing leave all as it is, but a null ttl_expires_at takes the end away', async () => {
    await using server = testApp()
    const fields = { state_strategy: 'custom', device_id: 'd', state_schema_version: '1', ttl_expires_at: '2027-01-01' }
    const created = await create(server, 'ada', { ...fields, state_data: { text: 'x'.repeat(2000) } })
    const put = async (body: object) => (await server.as('ada')('PUT', `${path}/${created.id}`, body)).body
    const nulls = { state_data: null, state_strategy: null, device_id: null, state_schema_version: null, version: null }
    for (const [index, body] of [{}, nulls].entries()) {
      expect(await put(body)).toEqual({ ...created, version: index + 2, access_count: index + 1 })
    }
    expect(await put({ ttl_expires_at: null })).toEqual({
      ...created,
      ttl_expires_at: null,
      version: 4,
      access_count: 3,
    })
  })

  test('409: a version that is not the present one, and nothing is written', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    const put = (body: object) => server.as('ada')('PUT', `${path}/${id}`, body)
    expect(await put({ state_data: { n: 2 }, version: 1 })).toMatchObject({ status: 200, body: { version: 2 } })
    const before = rows(server)
    for (const version of [0, 1, 3]) expect(await put({ state_data: { n: 3 }, version })).toMatchObject(changed)
    expect(rows(server)).toEqual(before)
    expect(history(server)).toHaveLength(2)
    expect(await put({ version: 2 })).toMatchObject({ status: 200, body: { version: 3, state_data: { n: 2 } } })
  })

  test('two writers at once: both are kept without a version, exactly one with it', async () => {
    await using server = testApp()
    const { id } = await create(server, 'ada')
    // Compressed, so that both are under way before either writes.
    const write = (n: number, version?: number) =>
      server.as('ada')('PUT', `${path}/${id}`, { state_data: { n, text: `${n}`.repeat(500_000) }, version })
    const free = await Promise.all([write(1), write(2)])
    expect(free.map(({ status }) => status)).toEqual([200, 200])
    expect(free.map(({ body }) => body.version).toSorted()).toEqual([2, 3])
    const last = free.find(({ body }) => body.version === 3)?.body.state_data
    expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject({ version: 3, state_data: last })

    const locked = await Promise.all([1, 2, 3, 4].map((n) => write(n, 3)))
    expect(locked.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
    const winner = locked.find(({ status }) => status === 200)?.body
    expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject({
      version: 4,
      state_data: winner.state_data,
    })
  })

  test('two creators at once: one state', async () => {
    await using server = testApp()
    const body = { plugin_id: 'notes', state_data: { text: 'x'.repeat(100_000) } }
    const answers = await Promise.all([1, 2, 3].map(() => server.as('ada')('POST', path, body)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(rows(server)).toHaveLength(1)
  })

  test('404: unknown and foreign; 422: wrong fields; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const { id } = await create(server, 'ada')
    const before = rows(server)
    for (const name of ['admin', 'bob']) {
      expect(await server.as(name)('PUT', `${path}/${id}`, { state_data: {} })).toMatchObject(notFound)
    }
    expect(await server.as('ada')('PUT', `${path}/${unknownId}`, {})).toMatchObject(notFound)
    const bad = [
      { state_data: [] },
      { state_data: 'x' },
      { state_strategy: 'x' },
      { ttl_expires_at: 'x' },
      { device_id: 'x'.repeat(256) },
      { state_schema_version: 'x'.repeat(51) },
      { version: 'one' },
      { version: 1.5 },
      { version: -1 },
    ]
    for (const body of bad) {
      const loc = ['body', Object.keys(body)[0]]
      const answer = await server.as('ada')('PUT', `${path}/${id}`, body)
      expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc }] } })
    }
    expect(await server.as('ada')('PUT', `${path}/${id}`)).toMatchObject({ status: 422 })
    expect(await server.call('PUT', `${path}/${id}`, { state_data: [] })).toMatchObject(notAuthenticated)
    expect(rows(server)).toEqual(before)
    expect(history(server)).toHaveLength(1)
  })
})

describe('DELETE /api/v1/plugin-state/:stateId', () => {
  test('200: it is gone, and only it', async () => {
    await using server = testApp()
    const gone = await create(server, 'ada')
    const kept = await create(server, 'ada', { state_key: 'kept' })
    const answer = await server.as('ada')('DELETE', `${path}/${undashed(gone.id)}/`)
    expect(answer).toMatchObject({ status: 200, body: { message: 'Plugin state deleted successfully' } })
    expect(await list(server, 'ada')).toEqual([kept.id])
    expect(await server.as('ada')('DELETE', `${path}/${gone.id}`)).toMatchObject(notFound)
    expect(await create(server, 'ada')).toMatchObject({ version: 1 })
  })

  test('404: unknown and foreign, which survives; 401: a stranger', async () => {
    await using server = testApp()
    await server.tokenOf('admin')
    const { id } = await create(server, 'ada')
    for (const name of ['admin', 'bob'])
      expect(await server.as(name)('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect(await server.as('ada')('DELETE', `${path}/${unknownId}`)).toMatchObject(notFound)
    expect(await server.as('ada')('DELETE', `${path}/${'x'.repeat(101)}`)).toMatchObject({ status: 422 })
    expect(await server.call('DELETE', `${path}/${id}`)).toMatchObject(notAuthenticated)
    expect(rows(server)).toHaveLength(1)
  })

  test('405: what the path does not answer to', async () => {
    await using server = testApp()
    const answer = await server.as('ada')('PATCH', `${path}/${unknownId}`, {})
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT')
  })
})

describe('GET /api/v1/plugin-state/stats', () => {
  test('200: sums over your own states', async () => {
    await using server = testApp()
    const empty = { total_states: 0, active_states: 0, total_size: 0, plugins_with_state: 0, average_state_size: 0 }
    const stats = async () => (await server.as('ada')('GET', `${path}/stats`)).body
    expect(await stats()).toEqual({ ...empty, last_activity: null })
    await create(server, 'ada', { state_data: { a: 1 } })
    await create(server, 'ada', { state_key: 'k', state_data: {} })
    server.clock.now += 1000
    await create(server, 'ada', { plugin_id: 'other', state_data: {} })
    await create(server, 'bob')
    server.database.sqlite.run(`UPDATE plugin_states SET is_active = 0 WHERE state_key = 'k'`)
    expect(await stats()).toEqual({
      total_states: 3,
      active_states: 2,
      total_size: 11,
      plugins_with_state: 2,
      average_state_size: 11 / 3,
      last_activity: new Date(server.clock.now).toISOString(),
    })
  })

  test('401: a stranger', async () => {
    await using server = testApp()
    expect(await server.call('GET', `${path}/stats`)).toMatchObject(notAuthenticated)
  })
})

describe('the history', () => {
  test('has a row for each change: what a state was after it, or before it was deleted, and who asked', async () => {
    await using server = testApp()
    const headers = { 'user-agent': 'x'.repeat(600) }
    const { id } = await create(server, 'ada', { device_id: 'phone' })
    server.clock.now += 1000
    await server.as('ada')('PUT', `${path}/${id}`, { state_data: { n: 2 }, device_id: 'tablet' }, headers)
    await server.as('ada')('DELETE', `${path}/${id}`, undefined, { 'user-agent': 'Browser' })
    const [created, updated, deleted] = history(server)
    const at = server.clock.now
    const ip = '127.0.0.1'
    expect(created).toMatchObject({
      id,
      version: 1,
      type: 'create',
      device: 'phone',
      ip,
      at: at - 1000,
      data: '{"n":1}',
    })
    expect(updated).toEqual({
      id,
      version: 2,
      type: 'update',
      device: 'tablet',
      agent: 'x'.repeat(500),
      ip,
      at,
      data: '{"n":2}',
    })
    expect(deleted).toEqual({ ...updated, type: 'delete', agent: 'Browser' })
  })
})

describe('sessions', () => {
  test('200: the cookie of a session is enough; 403: not from a foreign page', async () => {
    await using server = testApp()
    const cookie = `access_token=${await server.tokenOf('ada')}`
    const body = { plugin_id: 'notes', state_data: {} }
    const foreign = { cookie, origin: 'https://evil.example' }
    expect(await server.call('POST', path, body, foreign)).toMatchObject({ status: 403 })
    expect(rows(server)).toEqual([])
    expect(await server.call('POST', `${path}/`, body, { cookie })).toMatchObject({ status: 200 })
    expect((await server.call('GET', `${path}/`, undefined, { cookie })).body).toHaveLength(1)
  })

  test('a deleted user takes states and history along', async () => {
    await using server = testApp()
    await create(server, 'ada')
    server.database.sqlite.run('DELETE FROM users')
    expect(rows(server)).toEqual([])
    expect(history(server)).toEqual([])
  })
})
