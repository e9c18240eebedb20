import { describe, expect, test } from 'bun:test'
import { createComponent } from '../../src/areas/components/components.service.ts'
import * as store from '../../src/areas/components/components.store.ts'
import { seedComponents } from '../../src/areas/components/seed.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { plansOf } from '../support/query-plans.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/components'
const notFound = (id: string) => ({
  status: 404,
  body: { detail: `Component with ID ${id} not found`, code: 'components.not_found' },
})
const invalid = (loc: (string | number)[], type: string) => ({
  status: 422,
  body: { code: 'http.validation', detail: [{ loc, type }] },
})
const widget = { name: 'Widget', component_id: 'widget' }

/** The first account is the administrator. */
const twoAccounts = async () => {
  const server = testApp()
  const [adminId, userId] = [await server.idOf('ada'), await server.idOf('bob')]
  return { server, admin: server.as('ada'), user: server.as('bob'), adminId, userId }
}
const seed = (server: TestServer, userId: string) =>
  inTransaction(server.deps.db, () => seedComponents(server.deps, userId))
const readRows = (server: TestServer, condition = '1') =>
  server.database.sqlite.query(`SELECT * FROM components WHERE ${condition} ORDER BY id`).all()
const readWidgets = (server: TestServer) => readRows(server, "component_id = 'widget'")

describe('POST /api/v1/components', () => {
  test('201: what the reference documents is enough; the component is your own', async () => {
    const { server, admin, adminId } = await twoAccounts()
    await using _ = server
    const sent = { ...widget, description: 'Does it 🌊', icon: 'Star', is_system: false }
    const { status, body } = await admin('POST', path, { ...sent, id: 'mine', created_at: 'now', more: 1 })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...sent,
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      user_id: adminId,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: null,
    })
    expect((await admin('GET', `${path}/widget`)).body).toEqual(body)
  })

  test('201: nulls are defaults; `current`, an empty text and your own id in any spelling mean you', async () => {
    const { server, admin, adminId } = await twoAccounts()
    await using _ = server
    const spellings = [null, '', 'current', adminId, toUuid(adminId), toUuid(adminId).toUpperCase()]
    for (const [index, user_id] of spellings.entries()) {
      const body = { name: 'N', component_id: `c${index}`, description: null, icon: null, is_system: null, user_id }
      expect(await admin('POST', path, body)).toMatchObject({
        status: 201,
        body: { user_id: adminId, is_system: false, description: null, icon: null },
      })
    }
  })

  test('201: for another user, named in either spelling; 404 for nobody', async () => {
    const { server, admin, user, userId } = await twoAccounts()
    await using _ = server
    expect(await admin('POST', path, { ...widget, user_id: toUuid(userId) })).toMatchObject({
      status: 201,
      body: { user_id: userId },
    })
    expect(await user('GET', `${path}/widget`)).toMatchObject({ status: 200, body: { user_id: userId } })
    expect(await admin('GET', `${path}/widget`)).toMatchObject(notFound('widget'))
    for (const user_id of [crypto.randomUUID(), 'nobody', '__proto__']) {
      expect(await admin('POST', path, { ...widget, user_id })).toMatchObject({
        status: 404,
        body: { detail: 'User not found', code: 'components.user_not_found' },
      })
    }
  })

  test('400: a component_id is taken once for each user', async () => {
    const { server, admin, userId } = await twoAccounts()
    await using _ = server
    expect((await admin('POST', path, widget)).status).toBe(201)
    expect((await admin('POST', path, { ...widget, user_id: userId })).status).toBe(201)
    const taken = { detail: "Component with ID 'widget' already exists", code: 'components.exists' }
    expect(await admin('POST', path, widget)).toMatchObject({ status: 400, body: taken })
    expect(await admin('POST', path, { ...widget, user_id: userId })).toMatchObject({ status: 400, body: taken })
    expect(readWidgets(server)).toHaveLength(2)
  })

  test('400: at most 1000 for each user', async () => {
    const { server, admin, adminId, userId } = await twoAccounts()
    await using _ = server
    const present = store.countComponents(server.deps.db, adminId)
    inTransaction(server.deps.db, () => {
      for (let index = present; index < 1000; index++) {
        createComponent(server.deps, adminId, { name: 'N', component_id: `c${index}` })
      }
    })
    expect(await admin('POST', path, widget)).toMatchObject({ status: 400, body: { code: 'components.too_many' } })
    expect((await admin('POST', path, { ...widget, user_id: userId })).status).toBe(201)
    expect((await admin('GET', path)).body).toHaveLength(1000)
  })

  test('403: only administrators write', async () => {
    const { server, admin, user } = await twoAccounts()
    await using _ = server
    const refused = { status: 403, body: { detail: 'Admin required', code: 'auth.admin_required' } }
    expect(await user('POST', path, widget)).toMatchObject(refused)
    expect(await user('POST', path, {})).toMatchObject(refused)
    await admin('POST', path, widget)
    expect(await user('PUT', `${path}/widget`, { name: 'Mine' })).toMatchObject(refused)
    expect(await user('DELETE', `${path}/widget`)).toMatchObject(refused)
    expect((await admin('GET', `${path}/widget`)).body.name).toBe('Widget')
  })

  test('422: lengths and types', async () => {
    const { server, admin } = await twoAccounts()
    await using _ = server
    const cases: [object, string, string][] = [
      [{ name: undefined }, 'name', 'missing'],
      [{ name: null }, 'name', 'string_type'],
      [{ name: '' }, 'name', 'string_too_short'],
      [{ name: 'x'.repeat(201) }, 'name', 'string_too_long'],
      [{ component_id: undefined }, 'component_id', 'missing'],
      [{ component_id: '' }, 'component_id', 'string_too_short'],
      [{ component_id: '.' }, 'component_id', 'string_pattern_mismatch'],
      [{ component_id: '..' }, 'component_id', 'string_pattern_mismatch'],
      [{ component_id: '.%2E' }, 'component_id', 'string_pattern_mismatch'],
      [{ component_id: 'x'.repeat(101) }, 'component_id', 'string_too_long'],
      [{ description: 'x'.repeat(10_001) }, 'description', 'string_too_long'],
      [{ icon: 'x'.repeat(2001) }, 'icon', 'string_too_long'],
      [{ icon: 7 }, 'icon', 'string_type'],
      [{ user_id: 'x'.repeat(101) }, 'user_id', 'string_too_long'],
      [{ is_system: 'yes' }, 'is_system', 'bool_parsing'],
    ]
    for (const [fields, field, type] of cases) {
      expect(await admin('POST', path, { ...widget, ...fields })).toMatchObject(invalid(['body', field], type))
    }
    expect(await admin('POST', path, [widget])).toMatchObject({ status: 422 })
    const longest = {
      name: 'x'.repeat(200),
      component_id: 'x'.repeat(100),
      description: 'x'.repeat(10_000),
      icon: 'x'.repeat(2000),
    }
    expect(await admin('POST', path, longest)).toMatchObject({ status: 201, body: longest })
  })
})

describe('GET /api/v1/components', () => {
  test('200: your own, by component_id', async () => {
    const { server, admin, user, userId } = await twoAccounts()
    await using _ = server
    const before = (await user('GET', path)).body
    for (const component_id of ['zebra', 'ant']) await admin('POST', path, { name: 'N', component_id, user_id: userId })
    await admin('POST', path, { name: 'Hidden', component_id: 'bee' })
    const { status, body } = await user('GET', path)
    expect(status).toBe(200)
    const ids = body.map((one: { component_id: string }) => one.component_id)
    expect(ids).toEqual([...before.map((one: { component_id: string }) => one.component_id), 'ant', 'zebra'].toSorted())
    expect(body.every((one: { user_id: string }) => one.user_id === userId)).toBe(true)
  })

  test('200: one whose component_id needs escaping; ids differ by case', async () => {
    const { server, admin } = await twoAccounts()
    await using _ = server
    for (const component_id of ['a/b ü', '🌊', '__proto__', "x' OR 1=1 --", '%']) {
      await admin('POST', path, { name: 'N', component_id })
      expect(await admin('GET', `${path}/${encodeURIComponent(component_id)}`)).toMatchObject({
        status: 200,
        body: { component_id },
      })
    }
    expect(await admin('GET', `${path}/__PROTO__`)).toMatchObject(notFound('__PROTO__'))
  })

  test('404: unknown and foreign ones alike, for administrators, too', async () => {
    const { server, admin, user, userId } = await twoAccounts()
    await using _ = server
    await admin('POST', path, widget)
    await admin('POST', path, { name: 'N', component_id: 'other', user_id: userId })
    expect(await user('GET', `${path}/widget`)).toMatchObject(notFound('widget'))
    expect(await admin('GET', `${path}/other`)).toMatchObject(notFound('other'))
    expect(await admin('GET', `${path}/${'x'.repeat(101)}`)).toMatchObject(
      invalid(['path', 'componentId'], 'string_too_long'),
    )
  })
})

describe('PUT /api/v1/components/:componentId', () => {
  test('200: what is sent changes, null clears, and updated_at appears with the first change', async () => {
    const { server, admin } = await twoAccounts()
    await using _ = server
    const created = (await admin('POST', path, { ...widget, description: 'd', icon: 'i' })).body
    server.clock.now += 1000
    const ignored = { component_id: 'x', is_system: true, user_id: 'x', id: 'x', created_at: 'x' }
    for (const same of [{}, ignored, { name: 'Widget', description: 'd' }]) {
      expect((await admin('PUT', `${path}/widget`, same)).body).toEqual(created)
    }
    const changed = { ...created, icon: 'j', updated_at: '2026-01-02T03:04:06.678Z' }
    expect(await admin('PUT', `${path}/widget`, { icon: 'j' })).toMatchObject({ status: 200, body: changed })
    server.clock.now += 1000
    const cleared = { name: 'W', description: null, icon: null }
    expect((await admin('PUT', `${path}/widget`, cleared)).body).toEqual({
      ...created,
      ...cleared,
      updated_at: '2026-01-02T03:04:07.678Z',
    })
  })

  test('200: another user’s, when the query names them; their namesake of yours stays', async () => {
    const { server, admin, user, userId } = await twoAccounts()
    await using _ = server
    await admin('POST', path, widget)
    await admin('POST', path, { ...widget, user_id: userId })
    const renamed = await admin('PUT', `${path}/widget?user_id=${toUuid(userId)}`, { name: 'Theirs' })
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Theirs', user_id: userId } })
    expect((await admin('GET', `${path}/widget`)).body.name).toBe('Widget')
    expect((await user('GET', `${path}/widget`)).body.name).toBe('Theirs')
    expect((await admin('PUT', `${path}/widget?user_id=current`, { name: 'Own' })).body.name).toBe('Own')
  })

  test('404 and 422', async () => {
    const { server, admin, userId } = await twoAccounts()
    await using _ = server
    await admin('POST', path, { ...widget, user_id: userId })
    expect(await admin('PUT', `${path}/widget`, { name: 'N' })).toMatchObject(notFound('widget'))
    expect(await admin('PUT', `${path}/widget?user_id=nobody`, { name: 'N' })).toMatchObject(notFound('widget'))
    const inQuery = `${path}/widget?user_id=${userId}`
    expect(await admin('PUT', inQuery, { name: null })).toMatchObject(invalid(['body', 'name'], 'string_type'))
    expect(await admin('PUT', inQuery, { name: '' })).toMatchObject(invalid(['body', 'name'], 'string_too_short'))
    expect(await admin('PUT', inQuery, [])).toMatchObject(invalid(['body'], 'dict_type'))
    expect(await admin('PUT', `${path}/widget?user_id=${'x'.repeat(101)}`, {})).toMatchObject(
      invalid(['query', 'user_id'], 'string_too_long'),
    )
  })

  test('stores Unicode only, and answers with what is stored', async () => {
    const { server, admin } = await twoAccounts()
    await using _ = server
    await admin('POST', path, widget)
    const { body } = await admin('PUT', `${path}/widget`, { name: 'half \uD83C', icon: 'a\u0000b' })
    expect(body).toMatchObject({ name: 'half \uFFFD', icon: 'a\u0000b' })
    expect((await admin('GET', `${path}/widget`)).body).toEqual(body)
  })
})

describe('DELETE /api/v1/components/:componentId', () => {
  test('204: your own; 404 after that, and for somebody else’s', async () => {
    const { server, admin, userId } = await twoAccounts()
    await using _ = server
    await admin('POST', path, widget)
    await admin('POST', path, { ...widget, user_id: userId })
    expect(await admin('DELETE', `${path}/widget`)).toMatchObject({ status: 204, body: '' })
    expect(await admin('DELETE', `${path}/widget`)).toMatchObject(notFound('widget'))
    expect(readWidgets(server)).toMatchObject([{ user_id: userId }])
    expect(await admin('DELETE', `${path}/widget?user_id=${userId.toUpperCase()}`)).toMatchObject({ status: 204 })
    expect(readWidgets(server)).toEqual([])
  })

  test('400: system components stay, whoever owns them', async () => {
    const { server, admin, userId } = await twoAccounts()
    await using _ = server
    await admin('POST', path, { ...widget, is_system: true, user_id: userId })
    expect(await admin('DELETE', `${path}/widget?user_id=${userId}`)).toMatchObject({
      status: 400,
      body: { detail: 'Cannot delete system components', code: 'components.system_component' },
    })
    expect(readWidgets(server)).toHaveLength(1)
  })
})

describe('seedComponents', () => {
  test('an account starts with four system components', async () => {
    const { server, user } = await twoAccounts()
    await using _ = server
    const { body } = await user('GET', path)
    expect(
      body.map((one: Record<string, unknown>) => [one['component_id'], one['name'], one['icon'], one['is_system']]),
    ).toEqual([
      ['dashboard', 'Dashboard', 'Dashboard', true],
      ['plugin-manager', 'Plugin Manager', 'Extension', true],
      ['plugin-studio', 'Plugin Studio', 'Extension', true],
      ['settings', 'Settings', 'Settings', true],
    ])
    expect(body.every((one: { description: string }) => one.description.length > 5)).toBe(true)
  })

  test('again: adds what lacks, changes nothing else, and writes nothing when all is there', async () => {
    const { server, admin, userId } = await twoAccounts()
    await using _ = server
    await admin('PUT', `${path}/settings?user_id=${userId}`, { name: 'Mine' })
    const { sqlite } = server.database
    const changes = () => sqlite.query<{ n: number }, []>('SELECT total_changes() AS n').get()?.n
    const before = [changes(), readRows(server)]
    seed(server, userId)
    expect([changes(), readRows(server)]).toEqual(before)
    sqlite.run("DELETE FROM components WHERE component_id = 'dashboard' AND user_id = ?", [userId])
    const others = readRows(server)
    seed(server, userId)
    expect(readRows(server)).toEqual(expect.arrayContaining(others))
    expect(readRows(server)).toHaveLength(others.length + 1)
  })
})

describe('statements', () => {
  test('search by an index, sort nothing, and are prepared once', async () => {
    const { server, adminId } = await twoAccounts()
    await using _ = server
    const { sqlite } = server.database
    const row = createComponent(server.deps, adminId, widget)
    // Of its own, so that nothing is prepared yet.
    const db = openDrizzle(sqlite)
    const run = () => {
      store.listComponents(db, adminId)
      store.findComponent(db, adminId, 'widget')
      store.countComponents(db, adminId)
      store.updateComponent(db, row)
      store.deleteComponent(db, adminId, 'widget')
    }
    const plans = plansOf(sqlite, run)
    expect(plans).toHaveLength(5)
    for (const plan of plans) {
      expect(plan).toStartWith('SEARCH components USING')
      expect(plan).toContain('components_user_component')
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
    }
    sqlite.run('DELETE FROM components')
    store.insertComponent(db, row)
    expect(plansOf(sqlite, run)).toEqual([])
  })
})
