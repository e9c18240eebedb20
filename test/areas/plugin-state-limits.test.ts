import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { insertState } from '../../src/areas/plugin-state/plugin-state.store.ts'
import { listStates } from '../../src/areas/plugin-state/plugin-state.service.ts'
import type { PluginStateRow } from '../../src/areas/plugin-state/plugin-state.table.ts'
import { packDocument, unpackDocument } from '../../src/areas/plugin-state/state-document.ts'
import { tidyUp } from '../../src/background/housekeeping.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { jsonTextList } from '../../src/http/json-text.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/plugin-state'
const notFound = { status: 404, body: { code: 'plugin_state.not_found' } }
const full = { status: 413, body: { detail: 'Plugin state storage is full', code: 'plugin_state.quota_exceeded' } }
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }
const dayMs = 86_400_000

const random = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64')
/** A document that takes about `kilobytes` even when it is compressed. */
const incompressible = (kilobytes: number) => ({
  text: Array.from({ length: kilobytes / 50 }, () => random(50 * 1024)).join(''),
})

const create = (server: TestServer, name: string, fields: object = {}) =>
  server.as(name)('POST', path, { plugin_id: 'notes', state_data: {}, ...fields })

const values = (server: TestServer, query: string, ...parameters: string[]) =>
  server.database.sqlite.query(query).values(...parameters)
const count = (server: TestServer, table: string) => values(server, `SELECT count(*) FROM ${table}`)[0]?.[0]
const changeTypes = (server: TestServer) =>
  values(server, 'SELECT change_type FROM plugin_state_history ORDER BY rowid').flat()

const addState = (server: TestServer, userId: string, fields: Partial<PluginStateRow> = {}) => {
  const row: PluginStateRow = {
    id: crypto.randomUUID(),
    userId,
    pluginId: 'notes',
    pageId: '',
    stateKey: crypto.randomUUID(),
    stateStrategy: 'persistent',
    syncStatus: 'synced',
    isActive: true,
    version: 1,
    deviceId: null,
    stateSchemaVersion: null,
    ttlExpiresAt: null,
    lastAccessed: 0,
    accessCount: 0,
    createdAt: 0,
    updatedAt: 0,
    compressionType: null,
    stateSize: 2,
    stateData: Buffer.from('{}'),
    ...fields,
  }
  insertState(server.deps.db, row)
  return row
}

describe('a state that has expired', () => {
  const expiring = async (server: TestServer) => {
    const { body } = await create(server, 'ada', { ttl_expires_at: '2026-01-02T03:05:00Z', state_data: { old: true } })
    await create(server, 'ada', { state_key: 'lasting' })
    server.clock.now = Date.parse('2026-01-02T03:05:00Z')
    return body.id as string
  }

  test('is there until its time has come, and then nowhere', async () => {
    await using server = testApp()
    const id = await expiring(server)
    const ada = server.as('ada')
    server.clock.now -= 1
    expect(await ada('GET', `${path}/${id}`)).toMatchObject({ status: 200 })
    expect((await ada('GET', path)).body).toHaveLength(2)
    expect((await ada('GET', `${path}/stats`)).body).toMatchObject({ total_states: 2, total_size: 14 })
    server.clock.now += 1
    expect((await ada('GET', path)).body).toMatchObject([{ state_key: 'lasting' }])
    expect((await ada('GET', `${path}?plugin_id=notes`)).body).toMatchObject([{ state_key: 'lasting' }])
    expect(await ada('GET', `${path}/${id}`)).toMatchObject(notFound)
    expect(await ada('PUT', `${path}/${id}`, { ttl_expires_at: null })).toMatchObject(notFound)
    expect(await ada('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    expect((await ada('GET', `${path}/stats`)).body).toMatchObject({ total_states: 1, total_size: 2 })
    expect(count(server, 'plugin_states')).toBe(2)
  })

  test('makes room for a new one of the same key', async () => {
    await using server = testApp()
    const id = await expiring(server)
    const created = await create(server, 'ada', { state_data: { new: true } })
    expect(created).toMatchObject({
      status: 200,
      body: { version: 1, ttl_expires_at: null, state_data: { new: true } },
    })
    expect(created.body.id).not.toBe(id)
    expect(changeTypes(server)).toEqual(['create', 'create', 'delete', 'create'])
    expect(count(server, 'plugin_states')).toBe(2)
    const bulk = await server.as('ada')('POST', `${path}/bulk`, { states: [{ plugin_id: 'notes', state_data: {} }] })
    expect(bulk.body.errors).toHaveLength(1)
  })

  test('DELETE /cleanup: deletes your own, whatever their strategy, and says how many', async () => {
    await using server = testApp()
    await expiring(server)
    const past = '2020-01-01T00:00:00Z'
    for (const [index, state_strategy] of ['none', 'session', 'persistent', 'custom'].entries()) {
      await create(server, 'ada', { state_strategy, state_key: `${index}`, ttl_expires_at: past })
    }
    await create(server, 'bob', { ttl_expires_at: past })
    const cleanUp = () => server.as('ada')('DELETE', `${path}/cleanup/`)
    expect(await server.call('DELETE', `${path}/cleanup`)).toMatchObject(notAuthenticated)
    expect(await cleanUp()).toMatchObject({
      status: 200,
      body: { message: 'Cleaned up 5 expired plugin states', deleted_count: 5 },
    })
    expect(await cleanUp()).toMatchObject({ body: { deleted_count: 0 } })
    expect(count(server, 'plugin_states')).toBe(2)
  })

  test('DELETE /cleanup: thousands go bit by bit, while others have their turn', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const { now } = server.clock
    server.database.sqlite.transaction(() => {
      for (let index = 0; index < 10_000; index++) addState(server, ada, { ttlExpiresAt: now })
      addState(server, ada, { ttlExpiresAt: now + 1000 })
      addState(server, bob, { ttlExpiresAt: now })
    })()
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const cleanUp = await server.as('ada')('DELETE', `${path}/cleanup`)
    clearInterval(timer)
    expect(cleanUp.body).toEqual({ message: 'Cleaned up 10000 expired plugin states', deleted_count: 10_000 })
    expect(turns).toBeGreaterThan(5)
    expect(count(server, 'plugin_states')).toBe(2)
  })

  test('is swept by housekeeping, and history after 30 days', async () => {
    await using server = testApp()
    const userId = await server.idOf('ada')
    const { now } = server.clock
    for (let index = 0; index < 250; index++) addState(server, userId, { ttlExpiresAt: now })
    addState(server, userId, { ttlExpiresAt: now + 1 })
    await create(server, 'ada')
    expect(await tidyUp(server.deps.db, now)).toMatchObject({ pluginStates: 250, pluginStateHistory: 0 })
    expect(count(server, 'plugin_states')).toBe(2)
    expect(await tidyUp(server.deps.db, now + 30 * dayMs - 1)).toMatchObject({ pluginStates: 1, pluginStateHistory: 0 })
    expect(await tidyUp(server.deps.db, now + 30 * dayMs)).toMatchObject({ pluginStates: 0, pluginStateHistory: 1 })
    expect(count(server, 'plugin_states')).toBe(1)
  })
})

describe('the quota', () => {
  const env = { PLUGIN_STATE_QUOTA_MB: '1' }

  test('413: more bytes than a user may keep, and nothing changes; others have room of their own', async () => {
    await using server = testApp({ env })
    const first = await create(server, 'ada', { state_data: incompressible(600) })
    expect(first.status).toBe(200)
    expect(await create(server, 'ada', { state_key: '2', state_data: incompressible(600) })).toMatchObject(full)
    const small = await create(server, 'ada', { state_key: '2' })
    const grown = { state_data: incompressible(600) }
    expect(await server.as('ada')('PUT', `${path}/${small.body.id}`, grown)).toMatchObject(full)
    expect((await server.as('ada')('GET', `${path}/${small.body.id}`)).body).toMatchObject({ version: 1 })
    expect(changeTypes(server).filter((type) => type === 'update')).toEqual([])
    expect(await create(server, 'bob', { state_data: incompressible(600) })).toMatchObject({ status: 200 })
    // Replacing counts the difference; deleting makes room.
    expect(await server.as('ada')('PUT', `${path}/${first.body.id}`, grown)).toMatchObject({ status: 200 })
    await server.as('ada')('DELETE', `${path}/${first.body.id}`)
    expect(await create(server, 'ada', { state_data: incompressible(600) })).toMatchObject({ status: 200 })
  })

  test('200: who is over a quota that shrank may still make states smaller', async () => {
    await using server = testApp({ env })
    const userId = await server.idOf('ada')
    const { id } = addState(server, userId, { stateSize: 3_000_000 })
    const other = addState(server, userId, { stateSize: 9 })
    const put = (of: string, state_data: object) => server.as('ada')('PUT', `${path}/${of}`, { state_data })
    expect(await put(other.id, { more: 'than before' })).toMatchObject(full)
    expect(await put(other.id, {})).toMatchObject({ status: 200 })
    expect(await put(id, { text: 'small' })).toMatchObject({ status: 200 })
    expect(await create(server, 'ada')).toMatchObject({ status: 200 })
  })

  test('200: expired states that are not swept yet give way', async () => {
    await using server = testApp({ env })
    const userId = await server.idOf('ada')
    addState(server, userId, { stateSize: 3_000_000, ttlExpiresAt: 1 })
    expect(await create(server, 'ada', { state_data: incompressible(600) })).toMatchObject({ status: 200 })
    expect(count(server, 'plugin_states')).toBe(1)
  })

  test('413: more than 20,000 states; deleting one makes room', async () => {
    await using server = testApp()
    const userId = await server.idOf('ada')
    let last = ''
    inTransaction(server.deps.db, () => {
      for (let index = 0; index < 19_999; index++) last = addState(server, userId).id
    })
    expect(await create(server, 'ada')).toMatchObject({ status: 200 })
    expect(await create(server, 'ada', { state_key: 'k' })).toMatchObject(full)
    const states = [{ plugin_id: 'other', state_data: {} }]
    const bulk = await server.as('ada')('POST', `${path}/bulk`, { states })
    expect(bulk.body).toEqual({ created: [], errors: [{ index: 0, plugin_id: 'other', error: full.body.detail }] })
    expect(await server.as('ada')('PUT', `${path}/${last}`, { state_data: { n: 1 } })).toMatchObject({ status: 200 })
    expect(await server.as('ada')('DELETE', `${path}/${last}`)).toMatchObject({ status: 200 })
    expect(await create(server, 'ada', { state_key: 'k' })).toMatchObject({ status: 200 })
  })

  test('history gives way to states, the oldest first', async () => {
    await using server = testApp({ env })
    const { id } = (await create(server, 'ada')).body
    const versions = () => values(server, 'SELECT version FROM plugin_state_history ORDER BY version').flat()
    const put = async (kilobytes: number) => {
      server.clock.now += 1
      const body = { state_data: incompressible(kilobytes) }
      expect((await server.as('ada')('PUT', `${path}/${id}`, body)).status).toBe(200)
    }
    await put(300)
    await put(300)
    expect(versions()).toEqual([1, 2, 3])
    await put(400)
    // 400 KB of state leave room for 624 KB of history.
    expect(versions()).toEqual([4])
    await put(100)
    expect(versions()).toEqual([4, 5])
    const [[total] = []] = values(
      server,
      'SELECT (SELECT sum(state_size) FROM plugin_states) + (SELECT sum(state_size) FROM plugin_state_history)',
    )
    expect(total).toBeLessThanOrEqual(1_048_576)
  })
})

describe('the history', () => {
  test('keeps the newest ten changes of a state', async () => {
    await using server = testApp()
    const { id } = (await create(server, 'ada')).body
    const other = (await create(server, 'ada', { state_key: 'other' })).body.id
    for (let index = 0; index < 12; index++) await server.as('ada')('PUT', `${path}/${id}`, {})
    const kept = () =>
      values(
        server,
        'SELECT version, change_type FROM plugin_state_history WHERE plugin_state_id = ? ORDER BY rowid',
        id,
      )
    expect(kept().map(([version]) => version)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    await server.as('ada')('DELETE', `${path}/${id}`)
    expect(kept().slice(-2)).toEqual([
      [13, 'update'],
      [13, 'delete'],
    ])
    expect(kept()).toHaveLength(10)
    expect(values(server, 'SELECT 1 FROM plugin_state_history WHERE plugin_state_id = ?', other)).toHaveLength(1)
  })

  test('has at most 20,000 rows of one user', async () => {
    await using server = testApp()
    const userId = await server.idOf('ada')
    server.database.sqlite.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO plugin_state_history (id, user_id, plugin_state_id, version, change_type, created_at, state_size, state_data)
       SELECT i, ?, 'gone', i, 'update', i, 2, '{}' FROM n`,
      [userId],
    )
    await create(server, 'ada')
    await create(server, 'bob')
    const mine = values(server, 'SELECT count(*), min(created_at) FROM plugin_state_history WHERE user_id = ?', userId)
    expect(mine).toEqual([[20_000, 2]])
  })
})

describe('10,000 states of one user', () => {
  test('200: lists and sums come quickly, whatever they ask for', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const stateData = Buffer.from(JSON.stringify({ text: 'x'.repeat(900) }))
    inTransaction(server.deps.db, () => {
      for (let index = 0; index < 10_000; index++) {
        const pluginId = index % 100 === 0 ? 'rare' : 'common'
        const fields = { pluginId, lastAccessed: index, stateData, stateSize: stateData.length }
        addState(server, ada, { ...fields, deviceId: index === 0 ? 'phone' : null })
        addState(server, bob, fields)
      }
    })
    for (const [query, expected] of [
      ['', 100],
      ['?limit=1000', 1000],
      ['?offset=9990', 10],
      ['?plugin_id=rare', 100],
      ['?plugin_id=common', 100],
      ['?device_id=phone', 1],
      ['?plugin_id=rare&sync_status=conflict', 0],
    ] as const) {
      const startedAt = performance.now()
      const answer = await server.as('ada')('GET', `${path}${query}`)
      expect(answer.body).toHaveLength(expected)
      // Generous for a busy machine; it takes a few milliseconds.
      expect(performance.now() - startedAt).toBeLessThan(500)
    }
    const stats = await server.as('ada')('GET', `${path}/stats`)
    expect(stats.body).toMatchObject({ total_states: 10_000, plugins_with_state: 2 })
  })
})

describe('a list of compressed states', () => {
  test('200: lets others have their turn, however many are opened at once', async () => {
    await using server = testApp()
    const userId = await server.idOf('ada')
    const text = random(12_000)
    const { stored } = await packDocument({ text })
    inTransaction(server.deps.db, () => {
      for (let index = 0; index < 1000; index++) addState(server, userId, stored)
    })
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const answer = await jsonTextList(listStates(server.deps, userId, {}, { limit: 1000, offset: 0 }))
    const states = (await answer.json()) as unknown[]
    clearInterval(timer)
    expect(turns).toBeGreaterThan(0)
    expect(states).toHaveLength(1000)
    expect(states[999]).toMatchObject({ compression_type: 'gzip', state_data: { text } })
  })

  test('200: short and long ones are the same', async () => {
    await using server = testApp()
    // 65,536 bytes as JSON, and one less and more.
    for (const length of [65_525, 65_524, 65_526]) {
      const state_data = { text: 'x'.repeat(length) }
      const { id } = (await create(server, 'ada', { state_data, state_key: `${length}` })).body
      expect((await server.as('ada')('GET', `${path}/${id}`)).body.state_data).toEqual(state_data)
    }
    const { body } = await server.as('ada')('GET', path)
    const lengths = body.map(({ state_data }: { state_data: { text: string } }) => state_data.text.length)
    expect(lengths.toSorted()).toEqual([65_524, 65_525, 65_526])
  })

  test('one that claims to be short is not opened any further than that', async () => {
    const stateData = gzipSync('x'.repeat(10_000_000))
    stateData.writeUInt32LE(10, stateData.length - 4)
    expect(unpackDocument({ stateData, compressionType: 'gzip' })).rejects.toThrow(RangeError)
  })
})

describe('a list of large states', () => {
  const timeoutMs = 30_000

  /** Of one megabyte each as text, and of a hundredth as stored. */
  const fill = async (server: TestServer, states: number) => {
    const userId = await server.idOf('ada')
    const { stored } = await packDocument({ text: 'lorem ipsum '.repeat(87_000) })
    for (let index = 0; index < states; index++) addState(server, userId, { ...stored, lastAccessed: index })
    return { authorization: `Bearer ${await server.tokenOf('ada')}` }
  }
  const megabytes = () => process.memoryUsage().rss / 1_048_576

  test(
    '200: is sent while it is read, so that it never lies in memory as a whole',
    async () => {
      await using server = testApp()
      const headers = await fill(server, 200)
      Bun.gc(true)
      const before = megabytes()
      const response = await server.send('GET', `${path}?limit=200`, undefined, headers)
      // Nobody reads: what was opened so far has to wait.
      await Bun.sleep(500)
      expect(megabytes() - before).toBeLessThan(80)
      let size = 0
      for await (const chunk of response.body ?? []) size += chunk.byteLength
      expect(size).toBeGreaterThan(200_000_000)
    },
    timeoutMs,
  )

  test(
    'a state that is deleted meanwhile is left out, and who hangs up ends it',
    async () => {
      await using server = testApp()
      const headers = await fill(server, 20)
      const response = await server.send('GET', `${path}?limit=20`, undefined, headers)
      server.database.sqlite.run('DELETE FROM plugin_states WHERE last_accessed = 0')
      expect(((await response.json()) as unknown[]).length).toBe(19)
      const abandoned = await server.send('GET', `${path}?limit=20`, undefined, headers)
      await abandoned.body?.cancel()
      expect(await server.as('ada')('GET', `${path}/stats`)).toMatchObject({ status: 200 })
      expect(server.logged()).not.toContain('"level":"error"')
    },
    timeoutMs,
  )
})
