import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/settings/instances'
const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** Ada is the administrator, Bob is not. */
const start = async () => {
  const server = testApp()
  await server.tokenOf('ada')
  await server.tokenOf('bob')
  return server
}

const note = (change: Record<string, unknown> = {}) => ({
  definition_id: 'note',
  name: 'Note',
  value: { text: 'hi' },
  scope: 'user',
  ...change,
})
const rows = (server: TestServer) =>
  server.database.sqlite.query('SELECT * FROM settings_instances ORDER BY rowid').all()
const rowsOf = (server: TestServer, definitionId: string) =>
  server.database.sqlite
    .query<Record<string, unknown>, [string]>('SELECT * FROM settings_instances WHERE definition_id = ? ORDER BY rowid')
    .all(definitionId)
const namesOf = (response: { body: { name: string }[] }) => response.body.map(({ name }) => name)

describe('GET /api/v1/settings/instances', () => {
  test('200: the seven settings of a new account, in order of creation', async () => {
    await using server = await start()
    const { status, body } = await server.as('bob')('GET', `${path}?scope=user&user_id=current`)
    expect(status).toBe(200)
    expect(body).toHaveLength(7)
    expect(body[0]).toEqual({
      id: expect.any(String),
      definition_id: 'theme_settings',
      name: 'Theme Settings',
      value: { theme: 'dark', useSystemTheme: false },
      scope: 'user',
      user_id: await server.idOf('bob'),
      page_id: null,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('200: newest change first', async () => {
    await using server = await start()
    const bob = server.as('bob')
    server.clock.now += 1000
    await bob('POST', path, note({ definition_id: 'general_settings', name: 'General' }))
    server.clock.now += 1000
    await bob('POST', path, note())
    expect(namesOf(await bob('GET', `${path}?user_id=current`)).slice(0, 3)).toEqual([
      'Note',
      'General',
      'Theme Settings',
    ])
  })

  test('200: own rows by `current`, own id in both spellings, or scope=user alone', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const id = await server.idOf('bob')
    const queries = [
      'user_id=current',
      `user_id=${id}`,
      `user_id=${dashed(id)}`,
      `user_id=${dashed(id).toUpperCase()}&scope=UsEr`,
      'scope=USER',
      'scope=user&user_id=',
    ]
    for (const query of queries)
      expect((await bob('GET', `${path}?definition_id=theme_settings&${query}`)).body).toHaveLength(1)
  })

  test("200: another user's id finds nothing, for administrators, too", async () => {
    await using server = await start()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    expect((await server.as('bob')('GET', `${path}?user_id=${ada}`)).body).toEqual([])
    expect((await server.as('bob')('GET', `${path}?scope=user&user_id=${dashed(ada)}`)).body).toEqual([])
    expect((await server.as('ada')('GET', `${path}?scope=user&user_id=${bob}`)).body).toEqual([])
  })

  test('200: an unknown scope finds nothing', async () => {
    await using server = await start()
    expect(await server.as('bob')('GET', `${path}?scope=galaxy&user_id=current`)).toMatchObject({
      status: 200,
      body: [],
    })
  })

  test('200: system rows are shared; their user_id is not looked at', async () => {
    await using server = await start()
    await server.as('ada')('POST', path, note({ scope: 'system' }))
    const bob = server.as('bob')
    const ada = await server.idOf('ada')
    const queries = [
      'scope=system',
      'scope=SYSTEM&user_id=current',
      `scope=system&user_id=${ada}`,
      '',
      'definition_id=note',
    ]
    for (const query of queries) {
      expect((await bob('GET', `${path}?${query}`)).body).toMatchObject([
        { name: 'Note', scope: 'system', user_id: null, value: { text: 'hi' } },
      ])
    }
    expect((await bob('GET', `${path}?scope=system&definition_id=other`)).body).toEqual([])
    expect((await bob('GET', `${path}?scope=user&definition_id=note`)).body).toEqual([])
  })

  test('200: page and user_page rows are found by their page, and by their owner only', async () => {
    await using server = await start()
    const [ada, bob] = [server.as('ada'), server.as('bob')]
    await bob('POST', path, note({ scope: 'page', page_id: 'Page_A', name: 'page' }))
    await bob('POST', path, note({ scope: 'User_Page', page_id: 'Page_A', name: 'user page' }))
    await ada('POST', path, note({ scope: 'page', page_id: 'Page_A', name: 'of Ada' }))
    expect(namesOf(await bob('GET', `${path}?scope=page&page_id=Page_A`))).toEqual(['page'])
    expect(namesOf(await bob('GET', `${path}?scope=page&page_id=Page_A&user_id=current`))).toEqual(['page'])
    expect(namesOf(await bob('GET', `${path}?scope=user_page&page_id=Page_A&user_id=current`))).toEqual(['user page'])
    expect(namesOf(await bob('GET', `${path}?scope=user_page&page_id=Page_A`))).toEqual(['user page'])
    expect(namesOf(await bob('GET', `${path}?page_id=Page_A`))).toEqual(['page', 'user page'])
    expect(namesOf(await ada('GET', `${path}?page_id=Page_A`))).toEqual(['of Ada'])
    expect(namesOf(await ada('GET', `${path}?page_id=Page_A&user_id=${await server.idOf('bob')}`))).toEqual([])
    expect(namesOf(await bob('GET', `${path}?scope=page`))).toEqual([])
    expect(namesOf(await bob('GET', `${path}?scope=page&page_id=page_a`))).toEqual([])
    expect(namesOf(await bob('GET', `${path}?scope=user&page_id=Page_A`))).toEqual([])
    expect(namesOf(await bob('GET', `${path}?user_id=current`))).not.toContain('page')
  })

  test('422: too long a filter; 401: a stranger', async () => {
    await using server = await start()
    expect(await server.as('bob')('GET', `${path}?definition_id=${'x'.repeat(201)}`)).toMatchObject({ status: 422 })
    expect(await server.call('GET', `${path}?definition_id=${'x'.repeat(201)}`)).toMatchObject({ status: 401 })
  })
})

describe('POST /api/v1/settings/instances', () => {
  test('200: creates, then overwrites the same row, in any case of the scope and spelling of the user', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const id = await server.idOf('bob')
    const first = await bob('POST', path, note({ id: null, user_id: 'current', page_id: null }))
    expect(first).toMatchObject({
      status: 200,
      body: { definition_id: 'note', name: 'Note', value: { text: 'hi' }, scope: 'user', user_id: id, page_id: null },
    })
    server.clock.now += 1000
    for (const change of [
      { scope: 'USER' },
      { scope: 'User', user_id: id },
      { user_id: dashed(id), id: '' },
      { user_id: null },
    ]) {
      const again = await bob('POST', path, note({ ...change, name: 'Again', value: [change] }))
      expect(again).toMatchObject({
        status: 200,
        body: {
          id: first.body.id,
          name: 'Again',
          value: [change],
          scope: 'user',
          created_at: first.body.created_at,
          updated_at: '2026-01-02T03:04:06.678Z',
        },
      })
    }
    expect(rowsOf(server, 'note')).toHaveLength(1)
  })

  test('200: a seeded row is overwritten', async () => {
    await using server = await start()
    const bob = server.as('bob')
    await bob(
      'POST',
      path,
      note({ definition_id: 'theme_settings', name: 'Theme Settings', value: { theme: 'light' } }),
    )
    expect((await bob('GET', `${path}?definition_id=theme_settings&scope=user`)).body).toMatchObject([
      { value: { theme: 'light' } },
    ])
    expect(rowsOf(server, 'theme_settings')).toHaveLength(2)
  })

  test("200: whatever user_id says, what is saved is the caller's own", async () => {
    await using server = await start()
    const ada = await server.idOf('ada')
    const before = rowsOf(server, 'theme_settings')
    const saved = await server.as('bob')('POST', path, note({ definition_id: 'theme_settings', user_id: ada }))
    expect(saved).toMatchObject({ status: 200, body: { user_id: await server.idOf('bob') } })
    expect(rowsOf(server, 'theme_settings').find((row) => row['user_id'] === ada)).toEqual(
      before.find((row) => row['user_id'] === ada),
    )
  })

  test('200: with an id only name and value change', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    const other = { definition_id: 'elsewhere', scope: 'page', page_id: 'p', user_id: await server.idOf('ada') }
    expect(await bob('POST', path, { id: body.id, name: 'New', value: 1, ...other })).toMatchObject({
      status: 200,
      body: { ...body, name: 'New', value: 1 },
    })
    expect(await bob('POST', path, { id: body.id, name: 'New', value: 2, ...other, user_id: undefined })).toMatchObject(
      { body: { user_id: body.user_id } },
    )
    expect(rowsOf(server, 'elsewhere')).toEqual([])
    expect(
      (await bob('GET', '/api/v1/settings/definitions')).body.some((one: { id: string }) => one.id === 'elsewhere'),
    ).toBe(false)
  })

  test('200: two saves at once are one row', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const answers = await Promise.all([1, 2, 3, 4].map((value) => bob('POST', path, note({ value }))))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(rowsOf(server, 'note')).toHaveLength(1)
  })

  test('200: one row per scope, user and page; page ids in both spellings are the same page', async () => {
    await using server = await start()
    const [ada, bob] = [server.as('ada'), server.as('bob')]
    const page = 'B5FFA212e99d4685bd6655f4241048e0'
    const places = [
      { scope: 'user' },
      { scope: 'page', page_id: 'p' },
      { scope: 'user_page', page_id: 'p' },
      { scope: 'page', page_id: page },
      { scope: 'page', page_id: dashed(page) },
    ]
    for (const save of [...places, ...places])
      expect(await bob('POST', path, note(save))).toMatchObject({ status: 200 })
    for (const save of [...places, { scope: 'system' }, { scope: 'SYSTEM', user_id: 'current', page_id: 'p' }]) {
      expect(await ada('POST', path, note(save))).toMatchObject({ status: 200 })
    }
    expect(rowsOf(server, 'note')).toHaveLength(9)
    expect((await bob('GET', `${path}?scope=page&page_id=${dashed(page)}`)).body).toMatchObject([
      { page_id: dashed(page).toLowerCase() },
    ])
  })

  test("200: the web client's shared settings: readable by all, saved by administrators", async () => {
    await using server = await start()
    const shared = {
      definition_id: 'copyright_settings',
      name: 'Copyright',
      scope: 'system',
      user_id: 'current',
      page_id: null,
    }
    const read = (name: string) =>
      server.as(name)('GET', `${path}?definition_id=copyright_settings&scope=system&user_id=current`)
    expect((await read('bob')).body).toEqual([])
    expect(await server.as('bob')('POST', path, { id: null, ...shared, value: { text: 'mine' } })).toMatchObject({
      status: 403,
      body: { detail: 'Admin privileges required for system settings', code: 'settings.system_needs_admin' },
    })
    expect((await read('bob')).body).toEqual([])
    await server.as('ada')('POST', path, { id: null, ...shared, value: { text: 'ours' } })
    const [{ id }] = (await read('bob')).body
    expect(await server.as('bob')('POST', path, { id, ...shared, value: { text: 'mine' } })).toMatchObject({
      status: 403,
    })
    expect((await read('bob')).body).toMatchObject([{ value: { text: 'ours' } }])
    expect(await server.as('ada')('POST', path, { id, ...shared, value: { text: 'new' } })).toMatchObject({
      status: 200,
    })
    expect((await read('bob')).body).toMatchObject([{ value: { text: 'new' }, user_id: null }])
  })

  test('200: action delete', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    expect(await bob('POST', path, note({ id: body.id, action: 'delete' }))).toEqual(
      expect.objectContaining({
        status: 200,
        body: { id: body.id, message: `Setting instance ${body.id} deleted successfully` },
      }),
    )
    expect(rowsOf(server, 'note')).toEqual([])
    expect(await bob('POST', path, note({ id: body.id, action: 'delete' }))).toMatchObject({ status: 404 })
  })

  test('200: any other action is a save', async () => {
    await using server = await start()
    expect(await server.as('bob')('POST', path, note({ action: 'create' }))).toMatchObject({
      status: 200,
      body: { name: 'Note' },
    })
  })

  test('400, 403 and 404: nothing is written', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body: shared } = await server.as('ada')('POST', path, note({ scope: 'system' }))
    const { body: foreign } = await server.as('ada')('POST', path, note())
    const before = rows(server)
    const failures: [Record<string, unknown>, number, string][] = [
      [{ scope: 'Galaxy' }, 400, 'Invalid scope value: Galaxy. Valid values are: system, user, page, user_page'],
      [
        { scope: 'Galaxy', action: 'delete' },
        400,
        'Invalid scope value: Galaxy. Valid values are: system, user, page, user_page',
      ],
      [{ action: 'delete' }, 400, 'Instance ID is required for delete action'],
      [{ action: 'delete', id: '' }, 400, 'Instance ID is required for delete action'],
      [{ scope: 'page' }, 400, 'A page_id is required for the scopes page and user_page'],
      [{ scope: 'user_page', page_id: '' }, 400, 'A page_id is required for the scopes page and user_page'],
      [{ scope: 'system', definition_id: 'new one' }, 403, 'Admin privileges required for system settings'],
      [{ id: shared.id }, 403, 'Admin privileges required for system settings'],
      [{ id: shared.id, action: 'delete' }, 403, 'Admin privileges required for system settings'],
      [{ id: 'nothing' }, 404, 'Setting instance nothing not found'],
      [{ id: foreign.id }, 404, `Setting instance ${foreign.id} not found`],
      [{ id: foreign.id, action: 'delete' }, 404, `Setting instance ${foreign.id} not found`],
    ]
    for (const [change, status, detail] of failures)
      expect(await bob('POST', path, note(change))).toMatchObject({ status, body: { detail } })
    expect(rows(server)).toEqual(before)
    expect((await bob('GET', '/api/v1/settings/definitions')).body).toHaveLength(8)
  })

  test("404: an administrator has no key to other users' rows", async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    expect(await server.as('ada')('POST', path, note({ id: body.id }))).toMatchObject({ status: 404 })
    expect((await server.as('bob')('GET', `${path}/${body.id}`)).body).toEqual(body)
  })

  test.each([
    ['no definition', { definition_id: undefined }],
    ['an empty definition', { definition_id: '' }],
    ['a definition id of 201 characters', { definition_id: 'x'.repeat(201) }],
    ['no name', { name: undefined }],
    ['null for a name', { name: null }],
    ['a long name', { name: 'x'.repeat(201) }],
    ['no value', { value: undefined }],
    ['no value to delete', { value: undefined, action: 'delete', id: 'x' }],
    ['no scope', { scope: undefined }],
    ['a number for a scope', { scope: 1 }],
    ['a number for an id', { id: 1 }],
    ['a number for a page', { page_id: 1 }],
  ])('422: %s', async (_, change) => {
    await using server = await start()
    const before = rows(server)
    expect(await server.as('bob')('POST', path, note(change))).toMatchObject({
      status: 422,
      body: { code: 'http.validation' },
    })
    expect(rows(server)).toEqual(before)
  })

  test('401: a stranger, before anything is validated', async () => {
    await using server = await start()
    const before = rows(server)
    expect(await server.call('POST', path, {})).toMatchObject({ status: 401 })
    expect(await server.call('POST', path, note({ user_id: await server.idOf('bob') }))).toMatchObject({ status: 401 })
    expect(rows(server)).toEqual(before)
  })
})

describe('GET /api/v1/settings/instances/{id}', () => {
  test('200: an own row, and a shared one', async () => {
    await using server = await start()
    const own = await server.as('bob')('POST', path, note())
    const shared = await server.as('ada')('POST', path, note({ scope: 'system' }))
    expect(await server.as('bob')('GET', `${path}/${own.body.id}`)).toMatchObject({ status: 200, body: own.body })
    expect(await server.as('bob')('GET', `${path}/${shared.body.id}`)).toMatchObject({ status: 200, body: shared.body })
  })

  test.each(['user', 'page', 'user_page'])(
    "404: another user's %s row looks like one that is not there",
    async (scope) => {
      await using server = await start()
      const { body } = await server.as('bob')('POST', path, note({ scope, page_id: 'p' }))
      expect(await server.as('ada')('GET', `${path}/${body.id}`)).toMatchObject({
        status: 404,
        body: { detail: `Setting instance ${body.id} not found` },
      })
      expect(await server.as('ada')('GET', `${path}/nothing`)).toMatchObject({
        status: 404,
        body: { detail: 'Setting instance nothing not found' },
      })
    },
  )

  test('404: a row without owner that is not shared belongs to nobody', async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    server.database.sqlite.run('UPDATE settings_instances SET user_id = NULL WHERE id = ?', [body.id])
    for (const name of ['ada', 'bob']) {
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        expect(await server.as(name)(method, `${path}/${body.id}`, method === 'GET' ? undefined : {})).toMatchObject({
          status: 404,
        })
      }
    }
    expect(rowsOf(server, 'note')).toHaveLength(1)
    expect(namesOf(await server.as('bob')('GET', path))).toEqual([])
  })

  test('401: a stranger; 422: too long an id', async () => {
    await using server = await start()
    expect(await server.call('GET', `${path}/x`)).toMatchObject({ status: 401 })
    expect(await server.as('bob')('GET', `${path}/${'x'.repeat(201)}`)).toMatchObject({ status: 422 })
  })
})

describe.each(['PATCH', 'PUT'])('%s /api/v1/settings/instances/{id}', (method) => {
  test('200: changes name, value or both', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    server.clock.now += 1000
    const updated = { ...body, updated_at: '2026-01-02T03:04:06.678Z' }
    expect((await bob(method, `${path}/${body.id}`, { name: 'New' })).body).toEqual({ ...updated, name: 'New' })
    expect((await bob(method, `${path}/${body.id}`, { value: ['x'] })).body).toEqual({
      ...updated,
      name: 'New',
      value: ['x'],
    })
    expect((await bob(method, `${path}/${body.id}`, { value: null })).body).toEqual({
      ...updated,
      name: 'New',
      value: null,
    })
    expect((await bob(method, `${path}/${body.id}`, { name: 'End', value: '{"a": 1}' })).body).toEqual({
      ...updated,
      name: 'End',
      value: '{"a": 1}',
    })
    expect((await bob('GET', `${path}/${body.id}`)).body).toEqual({ ...updated, name: 'End', value: '{"a": 1}' })
  })

  test('200: a whole body never changes definition, scope, owner or page', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    const ada = await server.idOf('ada')
    const whole = {
      id: 'other',
      definition_id: 'elsewhere',
      name: 'New',
      value: 5,
      scope: 'SYSTEM',
      user_id: ada,
      page_id: 'p',
      action: 'delete',
    }
    expect(await bob(method, `${path}/${body.id}`, whole)).toMatchObject({
      status: 200,
      body: { ...body, name: 'New', value: 5 },
    })
    expect(rowsOf(server, 'note')).toMatchObject([
      { id: body.id, definition_id: 'note', scope: 'user', user_id: body.user_id, page_id: null },
    ])
  })

  test('200: an empty body changes nothing', async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    const before = rows(server)
    server.clock.now += 1000
    expect((await server.as('bob')(method, `${path}/${body.id}`, {})).body).toEqual(body)
    expect(rows(server)).toEqual(before)
  })

  test('200: an administrator changes a shared row; 403: nobody else', async () => {
    await using server = await start()
    const { body } = await server.as('ada')('POST', path, note({ scope: 'system' }))
    const before = rows(server)
    expect(await server.as('bob')(method, `${path}/${body.id}`, { value: 1 })).toMatchObject({
      status: 403,
      body: { detail: 'Admin privileges required for system settings' },
    })
    expect(rows(server)).toEqual(before)
    expect(await server.as('ada')(method, `${path}/${body.id}`, { value: 1 })).toMatchObject({
      status: 200,
      body: { value: 1, user_id: null },
    })
  })

  test('404: unknown, or somebody else’s, administrators included', async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    const before = rows(server)
    expect(await server.as('ada')(method, `${path}/${body.id}`, { value: 1 })).toMatchObject({
      status: 404,
      body: { detail: `Setting instance ${body.id} not found` },
    })
    expect(await server.as('ada')(method, `${path}/nothing`, { value: 1 })).toMatchObject({ status: 404 })
    expect(rows(server)).toEqual(before)
  })

  test('422 and 401: nothing is written', async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    const before = rows(server)
    for (const change of [{ name: null }, { name: 1, value: 2 }, { name: 'x'.repeat(201) }, 'null', '[']) {
      expect(await server.as('bob')(method, `${path}/${body.id}`, change)).toMatchObject({ status: 422 })
    }
    expect(await server.call(method, `${path}/${body.id}`, { name: 1 })).toMatchObject({ status: 401 })
    expect(rows(server)).toEqual(before)
  })
})

describe('DELETE /api/v1/settings/instances/{id}', () => {
  test('200: an own row', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note())
    expect(await bob('DELETE', `${path}/${body.id}`)).toMatchObject({
      status: 200,
      body: { message: `Setting instance ${body.id} deleted successfully` },
    })
    expect(await bob('DELETE', `${path}/${body.id}`)).toMatchObject({ status: 404 })
    expect(rowsOf(server, 'note')).toEqual([])
  })

  test('403: a shared row, unless by an administrator', async () => {
    await using server = await start()
    const { body } = await server.as('ada')('POST', path, note({ scope: 'system' }))
    expect(await server.as('bob')('DELETE', `${path}/${body.id}`)).toMatchObject({
      status: 403,
      body: { code: 'settings.system_needs_admin' },
    })
    expect(rowsOf(server, 'note')).toHaveLength(1)
    expect(await server.as('ada')('DELETE', `${path}/${body.id}`)).toMatchObject({ status: 200 })
  })

  test('404, 422 and 401: nothing is deleted', async () => {
    await using server = await start()
    const { body } = await server.as('bob')('POST', path, note())
    const before = rows(server)
    expect(await server.as('ada')('DELETE', `${path}/${body.id}`)).toMatchObject({
      status: 404,
      body: { code: 'settings.instance_not_found' },
    })
    expect(await server.as('bob')('DELETE', `${path}/${'x'.repeat(201)}`)).toMatchObject({ status: 422 })
    expect(await server.call('DELETE', `${path}/${body.id}`)).toMatchObject({ status: 401 })
    expect(rows(server)).toEqual(before)
  })
})

describe('values', () => {
  const values: [unknown][] = [
    [null],
    [true],
    [false],
    [0],
    [-1.5e-7],
    [9_007_199_254_740_991],
    [''],
    ['naïve 😀 日本 \u0000 \u2028 \ud800'],
    ['{"looks":"like JSON"}'],
    ['"quoted"'],
    ['null'],
    [[]],
    [[null, [1, ['x']], {}]],
    [{}],
    [{ ключ: { 'a.b': [{ deep: null }] }, '': 1, constructor: 2 }],
    [{ _has_key: 'mine', api_key: 'sk-abcdefghijklmnopqrstuvwxyz' }],
  ]
  test.each(values)('200: %j comes back as it was', async (value: unknown) => {
    await using server = await start()
    const bob = server.as('bob')
    const { body } = await bob('POST', path, note({ value }))
    expect(body.value).toEqual(value)
    expect((await bob('GET', `${path}?definition_id=note&scope=user`)).body[0].value).toEqual(value)
    await bob('PATCH', `${path}/${body.id}`, { value: 'between' })
    expect((await bob('PUT', `${path}/${body.id}`, { value })).body.value).toEqual(value)
    expect((await bob('GET', `${path}/${body.id}`)).body.value).toEqual(value)
  })

  test('200: a field named __proto__ stays a field, with order of fields', async () => {
    await using server = await start()
    const text = '{"z":1,"__proto__":{"polluted":true},"a":{"__proto__":null}}'
    const authorization = `Bearer ${await server.tokenOf('bob')}`
    await server.send('POST', path, JSON.stringify(note({ value: 0 })).replace('"value":0', `"value":${text}`), {
      authorization,
    })
    for (const query of ['?definition_id=note&scope=user', '?user_id=current']) {
      expect(await (await server.send('GET', path + query, undefined, { authorization })).text()).toContain(
        `"value":${text}`,
      )
    }
    expect('polluted' in {}).toBe(false)
  })
})
