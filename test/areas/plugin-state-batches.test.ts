import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/plugin-state'
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const rows = (server: TestServer) => server.database.sqlite.query('SELECT * FROM plugin_states ORDER BY id').all()
const changes = (server: TestServer) =>
  server.database.sqlite
    .query('SELECT change_type, version, device_id FROM plugin_state_history ORDER BY rowid')
    .values()

const random = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64')
/** A document that stays larger than a third of a megabyte when it is compressed. */
const large = () => ({ text: Array.from({ length: 8 }, () => random(60_000)).join('') })

/** Bodies that both endpoints refuse, around a list of states. */
const badLists = [undefined, null, 'x', 5, {}, ['x'], [[]], [{ plugin_id: 'p' }], [{ state_data: {} }]]

describe('POST /api/v1/plugin-state/bulk', () => {
  const bulk = (server: TestServer, name: string, states: unknown) =>
    server.as(name)('POST', `${path}/bulk`, { states })

  test('200: creates all; documents come back as they were', async () => {
    await using server = testApp()
    const states = [
      { plugin_id: 'a', state_data: { n: 1 }, state_key: 'k', device_id: 'phone', ttl_expires_at: '2027-01-01' },
      { plugin_id: 'b', state_data: { text: '🧠'.repeat(1000) }, state_strategy: 'session' },
    ]
    const answer = await bulk(server, 'ada', states)
    expect(answer).toMatchObject({
      status: 200,
      body: { created: [{ ...states[0], ttl_expires_at: expect.any(String) }, states[1]], errors: [] },
    })
    expect(answer.body.created[1]).toMatchObject({ compression_type: 'gzip', version: 1, sync_status: 'synced' })
    expect((await server.as('ada')('GET', path)).body).toEqual(
      answer.body.created.toSorted((one: { id: string }, other: { id: string }) => (one.id < other.id ? 1 : -1)),
    )
    expect(changes(server)).toHaveLength(2)
    expect(await bulk(server, 'bob', states)).toMatchObject({ body: { errors: [] } })
  })

  test('200: names that objects inherit are kept, too', async () => {
    await using server = testApp()
    const body = '{"states":[{"plugin_id":"p","state_data":{"__proto__":{"a":1},"constructor":2}}]}'
    const token = await server.tokenOf('ada')
    const answer = await server.send('POST', `${path}/bulk/`, body, { authorization: `Bearer ${token}` })
    expect(await answer.text()).toContain('"state_data":{"__proto__":{"a":1},"constructor":2}')
  })

  test('200: what exists already is reported, inside one call as well, and stays as it was', async () => {
    await using server = testApp()
    const pageId = crypto.randomUUID()
    await bulk(server, 'ada', [{ plugin_id: 'a', state_data: { kept: true } }])
    const answer = await bulk(server, 'ada', [
      { plugin_id: 'a', state_data: {} },
      { plugin_id: 'b', page_id: pageId, state_data: { first: true } },
      { plugin_id: 'b', page_id: pageId.replaceAll('-', ''), state_data: { second: true } },
      { plugin_id: 'c', state_data: {} },
    ])
    expect(answer.body.created.map((one: { plugin_id: string }) => one.plugin_id)).toEqual(['b', 'c'])
    expect(answer.body.created[0].state_data).toEqual({ first: true })
    expect(answer.body.errors).toEqual([
      { index: 0, plugin_id: 'a', error: 'State already exists' },
      { index: 2, plugin_id: 'b', error: 'State already exists' },
    ])
    expect(rows(server)).toHaveLength(3)
    expect((await server.as('ada')('GET', `${path}?plugin_id=a`)).body[0].state_data).toEqual({ kept: true })
  })

  test('200: what does not fit the quota is reported, and smaller states still fit', async () => {
    await using server = testApp({ env: { PLUGIN_STATE_QUOTA_MB: '1' } })
    const states = ['a', 'b', 'c', 'd'].map((plugin_id) => ({
      plugin_id,
      state_data: plugin_id === 'd' ? {} : large(),
    }))
    const answer = await bulk(server, 'ada', states)
    expect(answer.body.created.map((one: { plugin_id: string }) => one.plugin_id)).toEqual(['a', 'b', 'd'])
    expect(answer.body.errors).toEqual([{ index: 2, plugin_id: 'c', error: 'Plugin state storage is full' }])
  })

  test('200: 500 states, or none; 422: 501', async () => {
    await using server = testApp()
    const states = (count: number) => Array.from({ length: count }, (_, i) => ({ plugin_id: `p${i}`, state_data: {} }))
    expect((await bulk(server, 'ada', [])).body).toEqual({ created: [], errors: [] })
    expect(await bulk(server, 'ada', states(501))).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'too_long' }] },
    })
    expect((await bulk(server, 'ada', states(500))).body.created).toHaveLength(500)
  })

  test('422: one bad state refuses all; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    for (const states of badLists) expect(await bulk(server, 'ada', states)).toMatchObject({ status: 422 })
    const good = { plugin_id: 'p', state_data: {} }
    const answer = await bulk(server, 'ada', [good, { ...good, state_data: [] }])
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'states', 1, 'state_data'] }] } })
    expect(await server.call('POST', `${path}/bulk`, { states: 5 })).toMatchObject(notAuthenticated)
    expect(rows(server)).toEqual([])
  })
})

describe('POST /api/v1/plugin-state/sync', () => {
  const sync = async (server: TestServer, device: string, states: object[], fields: object = {}) => {
    const answer = await server.as('ada')('POST', `${path}/sync`, { device_id: device, states, ...fields })
    expect(answer.status).toBe(200)
    expect(answer.body.success).toBe(true)
    return answer.body
  }
  const state = (fields: object = {}) => ({ plugin_id: 'p', state_data: { n: 1 }, ...fields })

  test('200: creates what is missing and replaces what this device wrote', async () => {
    await using server = testApp()
    const first = await sync(server, 'phone', [state(), state({ state_key: 'k', device_id: 'watch' })])
    expect(first).toMatchObject({
      synced: [
        { state_data: { n: 1 }, version: 1, device_id: 'phone', state_strategy: 'persistent' },
        { state_key: 'k', device_id: 'watch' },
      ],
      conflicts: [],
      errors: [],
    })
    server.clock.now += 1000
    const text = 'x'.repeat(5000)
    const second = await sync(server, 'phone', [state({ state_data: { text }, state_strategy: 'custom' })])
    const [updated] = second.synced
    expect(updated).toMatchObject({
      id: first.synced[0].id,
      version: 2,
      state_strategy: 'custom',
      state_data: { text },
    })
    expect(updated.updated_at).toBe(new Date(server.clock.now).toISOString())
    expect((await server.as('ada')('GET', path)).body[0]).toEqual(updated)
    expect(changes(server)).toEqual([
      ['create', 1, 'phone'],
      ['create', 1, 'watch'],
      ['update', 2, 'phone'],
    ])
  })

  test('200: what an update leaves out stays, a null ttl_expires_at takes the end away', async () => {
    await using server = testApp()
    const full = { state_strategy: 'custom', state_schema_version: '1', ttl_expires_at: '2027-01-01T00:00:00.000Z' }
    await sync(server, 'phone', [state(full)])
    expect((await sync(server, 'phone', [state()])).synced[0]).toMatchObject(full)
    const cleared = (await sync(server, 'phone', [state({ ttl_expires_at: null })])).synced[0]
    expect(cleared).toMatchObject({ ...full, ttl_expires_at: null })
  })

  test('200: a conflict when another device has written a version that this one has not seen', async () => {
    await using server = testApp()
    const pageId = crypto.randomUUID()
    const key = { page_id: pageId, state_key: 'k' }
    const [stored] = (await sync(server, 'phone', [state(key)])).synced
    for (const version of [undefined, null, 2]) {
      const answer = await sync(server, 'tablet', [
        state({ plugin_id: 'other', device_id: 'tablet', state_key: String(version) }),
        state({ ...key, page_id: pageId.replaceAll('-', ''), state_data: { n: 2 }, version }),
      ])
      expect(answer.synced).toHaveLength(1)
      expect(answer.errors).toEqual([])
      expect(answer.conflicts).toEqual([
        {
          index: 1,
          plugin_id: 'p',
          ...key,
          client_version: version ?? null,
          server_state: { ...stored, sync_status: 'conflict' },
        },
      ])
    }
    const conflicting = (await server.as('ada')('GET', `${path}?sync_status=conflict`)).body
    expect(conflicting).toEqual([{ ...stored, sync_status: 'conflict' }])
    // Who has seen the present version may replace it, and that settles the conflict.
    const settled = await sync(server, 'tablet', [state({ ...key, state_data: { n: 2 }, version: 1 })])
    expect(settled).toMatchObject({
      conflicts: [],
      synced: [{ version: 2, sync_status: 'synced', device_id: 'tablet', state_data: { n: 2 } }],
    })
  })

  test('200: a write with PUT settles a conflict, too; a state without a device is not overwritten unseen', async () => {
    await using server = testApp()
    const { id } = (await server.as('ada')('POST', path, state())).body
    expect((await sync(server, 'phone', [state({ state_data: {} })])).conflicts).toHaveLength(1)
    expect((await server.as('ada')('GET', `${path}/${id}`)).body).toMatchObject({ sync_status: 'conflict', version: 1 })
    const answer = await server.as('ada')('PUT', `${path}/${id}`, { state_data: {} })
    expect(answer.body).toMatchObject({ sync_status: 'synced', version: 2 })
  })

  test('200: force_overwrite replaces whatever is there', async () => {
    await using server = testApp()
    await sync(server, 'phone', [state()])
    const answer = await sync(server, 'tablet', [state({ state_data: { n: 2 } })], { force_overwrite: true })
    expect(answer).toMatchObject({ conflicts: [], synced: [{ version: 2, device_id: 'tablet', state_data: { n: 2 } }] })
  })

  test('200: somebody else’s states are never looked at; an expired one is replaced', async () => {
    await using server = testApp()
    await server.as('bob')('POST', path, state({ device_id: 'phone' }))
    const before = rows(server)
    const [mine] = (await sync(server, 'phone', [state({ ttl_expires_at: '2026-01-02T03:05Z' })])).synced
    expect(mine.version).toBe(1)
    server.clock.now += 60_000
    const answer = await sync(server, 'tablet', [state({ state_data: { n: 2 } })])
    expect(answer).toMatchObject({ conflicts: [], synced: [{ version: 1, ttl_expires_at: null }] })
    expect(answer.synced[0].id).not.toBe(mine.id)
    expect(rows(server)).toEqual(expect.arrayContaining(before))
    expect(changes(server).map(([type]) => type)).toEqual(['create', 'create', 'delete', 'create'])
  })

  test('200: what does not fit the quota is reported and stays as it was', async () => {
    await using server = testApp({ env: { PLUGIN_STATE_QUOTA_MB: '1' } })
    await sync(server, 'phone', [state({ plugin_id: 'a', state_data: large() }), state({ plugin_id: 'b' })])
    const answer = await sync(server, 'phone', [
      state({ plugin_id: 'b', state_data: { text: large().text + large().text } }),
      state({ plugin_id: 'c', state_data: {} }),
    ])
    expect(answer.errors).toEqual([{ index: 0, plugin_id: 'b', error: 'Plugin state storage is full' }])
    expect(answer.synced).toMatchObject([{ plugin_id: 'c' }])
    const [kept] = (await server.as('ada')('GET', `${path}?plugin_id=b`)).body
    expect(kept).toMatchObject({ version: 1, state_data: { n: 1 } })
  })

  test('200: hundreds of conflicts about large states are sent bit by bit', async () => {
    await using server = testApp()
    const data = { text: 'lorem ipsum '.repeat(80_000) }
    const keys = ['1', '2', '3', '4']
    for (const state_key of keys) await sync(server, 'phone', [state({ state_key, state_data: data })])
    const answer = await sync(
      server,
      'tablet',
      keys.map((state_key) => state({ state_key })),
    )
    expect(answer.conflicts).toHaveLength(4)
    for (const { server_state } of answer.conflicts) expect(server_state.state_data).toEqual(data)
  })

  test('422: no device, a bad state, more than 500; 401: a stranger; nothing is written', async () => {
    await using server = testApp()
    const send = (body: unknown) => server.as('ada')('POST', `${path}/sync/`, body)
    for (const states of badLists) expect(await send({ device_id: 'd', states })).toMatchObject({ status: 422 })
    const bad = [
      { states: [] },
      { device_id: '', states: [] },
      { device_id: 'x'.repeat(256), states: [] },
      { device_id: 'd', states: [], force_overwrite: 'perhaps' },
      { device_id: 'd', states: [state({ version: 'one' })] },
      { device_id: 'd', states: [state({ device_id: 'x'.repeat(256) })] },
      { device_id: 'd', states: Array.from({ length: 501 }, (_, index) => state({ state_key: String(index) })) },
      [],
    ]
    for (const body of bad) expect(await send(body)).toMatchObject({ status: 422 })
    expect(await server.call('POST', `${path}/sync`, { states: 5 })).toMatchObject(notAuthenticated)
    expect(rows(server)).toEqual([])
  })
})
