import { describe, expect, test } from 'bun:test'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/settings/definitions'
const instances = '/api/v1/settings/instances'

const volume = {
  id: 'volume_settings',
  name: 'Volume',
  description: 'How loud',
  category: 'sound',
  type: 'object',
  default_value: { level: 5 },
  allowed_scopes: ['user', 'page'],
  validation: { min: 0, max: 10 },
  is_multiple: true,
  tags: ['audio'],
}

/** Ada is the administrator, Bob is not. */
const start = async () => {
  const server = testApp()
  await server.tokenOf('ada')
  await server.tokenOf('bob')
  return server
}

const definitionRows = (server: TestServer) =>
  server.database.sqlite.query('SELECT * FROM settings_definitions ORDER BY rowid').all()
const auditRows = (server: TestServer) =>
  server.database.sqlite
    .query<Record<string, string>, []>(
      "SELECT event_type, actor_id, resource_type, resource_id, status, extra_data FROM audit_logs WHERE event_type LIKE 'admin.%' ORDER BY rowid",
    )
    .all()

describe('GET /api/v1/settings/definitions', () => {
  test('200: lists everything in order of creation, to every user', async () => {
    await using server = await start()
    await server.as('ada')('POST', path, volume)
    const { status, body } = await server.as('bob')('GET', path)
    expect(status).toBe(200)
    expect(body.map((one: { id: string }) => one.id)).toEqual([
      'theme_settings',
      'powered_by_settings',
      'white_label_settings',
      'branding_logo_settings',
      'copyright_settings',
      'ollama_servers_settings',
      'general_settings',
      'volume_settings',
    ])
    expect(body.at(-1)).toEqual({
      ...volume,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.678Z',
    })
  })

  test('200: category is exact, an empty one no filter; scope in any case', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const idsOf = async (query: string) =>
      (await bob('GET', `${path}?${query}`)).body.map((one: { id: string }) => one.id)
    expect(await idsOf('category=branding')).toEqual(['white_label_settings'])
    expect(await idsOf('category=Branding')).toEqual([])
    expect(await idsOf('category=')).toHaveLength(7)
    expect(await idsOf('scope=user_page')).toEqual(['theme_settings', 'ollama_servers_settings', 'general_settings'])
    expect(await idsOf('scope=PAGE&category=auto_generated')).toHaveLength(3)
    expect(await idsOf('scope=System')).toHaveLength(7)
  })

  test('422: a scope that does not exist', async () => {
    await using server = await start()
    expect(await server.as('bob')('GET', `${path}?scope=galaxy`)).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'enum', loc: ['query', 'scope'] }] },
    })
  })

  test('401: a stranger', async () => {
    await using server = await start()
    expect(await server.call('GET', `${path}?scope=galaxy`)).toMatchObject({
      status: 401,
      body: { detail: 'Not authenticated' },
    })
  })

  test('405: one definition cannot be read', async () => {
    await using server = await start()
    const response = await server.as('ada')('GET', `${path}/theme_settings`)
    expect(response).toMatchObject({ status: 405, body: { detail: 'Method Not Allowed' } })
    expect(response.headers.get('allow')).toBe('DELETE, PATCH, PUT')
  })

  test('the path with a slash at its end is the same', async () => {
    await using server = await start()
    expect((await server.as('bob')('GET', `${path}/`)).body).toHaveLength(7)
  })
})

describe('POST /api/v1/settings/definitions', () => {
  test('200: stores all fields and writes the audit log', async () => {
    await using server = await start()
    expect(await server.as('ada')('POST', path, volume)).toMatchObject({ status: 200, body: volume })
    const [row] = auditRows(server)
    expect(row).toMatchObject({
      event_type: 'admin.settings_created',
      actor_id: await server.idOf('ada'),
      resource_type: 'setting',
      resource_id: 'volume_settings',
      status: 'success',
    })
    expect(JSON.parse(row?.['extra_data'] ?? '')).toEqual({ name: 'Volume', category: 'sound' })
  })

  test('200: what may be left out gets a default; scopes in any case, once each; empty validation is none', async () => {
    await using server = await start()
    const { body } = await server.as('ada')('POST', path, {
      id: 'a id/with ünicode 😀',
      name: 'N',
      category: 'c',
      type: 'whatever',
      allowed_scopes: ['USER', 'user', 'User_Page'],
      validation: {},
      tags: null,
    })
    expect(body).toMatchObject({
      id: 'a id/with ünicode 😀',
      description: null,
      default_value: null,
      allowed_scopes: ['user', 'user_page'],
      validation: null,
      is_multiple: false,
      tags: [],
    })
  })

  test.each([[false], [0], [1.5], [''], ['x'], ['{"a":1}'], [[]], [[1, null]], [{ a: { b: [] } }], [null]])(
    '200: default value %j comes back',
    async (value) => {
      await using server = await start()
      await server.as('ada')('POST', path, { ...volume, default_value: value })
      expect((await server.as('bob')('GET', `${path}?category=sound`)).body[0].default_value).toEqual(value)
    },
  )

  test('200: a field named __proto__ stays a field', async () => {
    await using server = await start()
    const text = JSON.stringify({ ...volume, default_value: 0 }).replace(
      '"default_value":0',
      '"default_value":{"__proto__":{"x":1}}',
    )
    await server.as('ada')('POST', path, text)
    const response = await server.send('GET', `${path}?category=sound`, undefined, {
      authorization: `Bearer ${await server.tokenOf('bob')}`,
    })
    expect(await response.text()).toContain('"default_value":{"__proto__":{"x":1}}')
  })

  test('400: id or name exists already', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, volume)
    const before = definitionRows(server)
    expect(await ada('POST', path, { ...volume, name: 'Other' })).toMatchObject({
      status: 400,
      body: { detail: 'Setting definition volume_settings already exists', code: 'settings.definition_exists' },
    })
    expect(await ada('POST', path, { ...volume, id: 'other' })).toMatchObject({
      status: 400,
      body: { detail: 'Setting definition Volume already exists' },
    })
    expect(definitionRows(server)).toEqual(before)
    expect(auditRows(server)).toHaveLength(1)
  })

  test('400: an API key is no default value, since every user reads it', async () => {
    await using server = await start()
    const withKey = {
      ...volume,
      id: 'openai_api_keys_settings',
      default_value: { api_key: 'sk-abcdefghijklmnopqrstuvwxyz' },
    }
    expect(await server.as('ada')('POST', path, withKey)).toMatchObject({
      status: 400,
      body: { code: 'settings.key_in_default' },
    })
    expect(definitionRows(server)).toHaveLength(7)
    expect(await server.as('ada')('POST', path, { ...withKey, default_value: { api_key: '' } })).toMatchObject({
      status: 200,
    })
  })

  test('413: a default value of more than 256 KB', async () => {
    await using server = await start()
    expect(await server.as('ada')('POST', path, { ...volume, default_value: 'x'.repeat(262_143) })).toMatchObject({
      status: 413,
      body: { code: 'settings.value_too_large' },
    })
    expect(definitionRows(server)).toHaveLength(7)
  })

  test.each([
    ['no id', { id: undefined }],
    ['empty id', { id: '' }],
    ['id of 201 characters', { id: 'x'.repeat(201) }],
    ['no name', { name: undefined }],
    ['a number for a name', { name: 5 }],
    ['no category', { category: undefined }],
    ['no type', { type: undefined }],
    ['no scopes', { allowed_scopes: undefined }],
    ['an unknown scope', { allowed_scopes: ['user', 'galaxy'] }],
    ['scopes that are no list', { allowed_scopes: 'user' }],
    ['null for is_multiple', { is_multiple: null }],
    ['a number for a tag', { tags: [1] }],
    ['a long description', { description: 'x'.repeat(2001) }],
  ])('422: %s', async (_, change) => {
    await using server = await start()
    expect(await server.as('ada')('POST', path, { ...volume, ...change })).toMatchObject({
      status: 422,
      body: { code: 'http.validation' },
    })
    expect(definitionRows(server)).toHaveLength(7)
  })

  test.each([[[]], [[1]], ['x'], [3], [true]])('422: %j for validation', async (validation) => {
    await using server = await start()
    const call = server.as('ada')
    expect(await call('POST', path, { ...volume, validation })).toMatchObject({
      status: 422,
      body: { code: 'settings.validation_not_object' },
    })
    expect(await call('PATCH', `${path}/theme_settings`, { validation })).toMatchObject({ status: 422 })
    expect(await call('PUT', `${path}/theme_settings`, { validation })).toMatchObject({ status: 422 })
    expect(definitionRows(server)).toHaveLength(7)
    expect(auditRows(server)).toEqual([])
  })

  test('422: no body', async () => {
    await using server = await start()
    expect(await server.as('ada')('POST', path)).toMatchObject({ status: 422 })
  })
})

describe('PATCH /api/v1/settings/definitions/{id}', () => {
  test('200: changes what the body names, and says so in the audit log', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, volume)
    server.clock.now += 1000
    const changed = await ada('PATCH', `${path}/volume_settings`, {
      default_value: null,
      tags: null,
      allowed_scopes: ['SYSTEM'],
      is_multiple: false,
    })
    expect(changed).toMatchObject({
      status: 200,
      body: {
        ...volume,
        default_value: null,
        tags: [],
        allowed_scopes: ['system'],
        is_multiple: false,
        updated_at: '2026-01-02T03:04:06.678Z',
      },
    })
    expect(JSON.parse(auditRows(server)[1]?.['extra_data'] ?? '').fields.toSorted()).toEqual([
      'allowedScopes',
      'defaultValue',
      'isMultiple',
      'tags',
    ])
    expect(auditRows(server)[1]).toMatchObject({ event_type: 'admin.settings_updated', resource_id: 'volume_settings' })
  })

  test('200: an empty body changes nothing', async () => {
    await using server = await start()
    server.clock.now += 1000
    const before = definitionRows(server)
    expect(await server.as('ada')('PATCH', `${path}/theme_settings`, {})).toMatchObject({
      status: 200,
      body: { id: 'theme_settings' },
    })
    expect(definitionRows(server)).toEqual(before)
    expect(auditRows(server)).toEqual([])
  })

  test('200: its own name is not taken, and the id of the path may hold anything', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, { ...volume, id: 'a/b 😀' })
    expect(
      await ada('PATCH', `${path}/${encodeURIComponent('a/b 😀')}`, { name: 'Volume', type: 'number' }),
    ).toMatchObject({
      status: 200,
      body: { id: 'a/b 😀', type: 'number' },
    })
  })

  test.each(['name', 'category', 'type', 'allowed_scopes', 'is_multiple'])('422: null for %s', async (field) => {
    await using server = await start()
    const before = definitionRows(server)
    expect(await server.as('ada')('PATCH', `${path}/theme_settings`, { [field]: null })).toMatchObject({ status: 422 })
    expect(await server.as('ada')('PUT', `${path}/theme_settings`, { [field]: null })).toMatchObject({ status: 422 })
    expect(definitionRows(server)).toEqual(before)
  })

  test('400, 404 and 413: nothing is written', async () => {
    await using server = await start()
    const ada = server.as('ada')
    const before = definitionRows(server)
    expect(await ada('PATCH', `${path}/theme_settings`, { name: 'Copyright' })).toMatchObject({
      status: 400,
      body: { detail: 'Setting definition Copyright already exists' },
    })
    expect(await ada('PATCH', `${path}/nothing`, { type: 'x' })).toMatchObject({
      status: 404,
      body: { detail: 'Setting definition nothing not found', code: 'settings.definition_not_found' },
    })
    expect(await ada('PATCH', `${path}/theme_settings`, { validation: { x: 'x'.repeat(262_144) } })).toMatchObject({
      status: 413,
    })
    expect(await ada('PATCH', `${path}/groq_api_keys_settings`, { default_value: { apiKey: 'gsk_x' } })).toMatchObject({
      status: 400,
      body: { code: 'settings.key_in_default' },
    })
    expect(definitionRows(server)).toEqual(before)
    expect(auditRows(server)).toEqual([])
  })
})

describe('PUT /api/v1/settings/definitions/{id}', () => {
  test('200: a whole body replaces everything, with or without the id', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, volume)
    const { id, name, category, type } = volume
    const whole = { name, category, type, allowed_scopes: ['User'] }
    const expected = {
      id,
      ...whole,
      allowed_scopes: ['user'],
      description: null,
      default_value: null,
      validation: null,
      is_multiple: false,
      tags: [],
    }
    expect(await ada('PUT', `${path}/${id}`, { id, ...whole })).toMatchObject({ status: 200, body: expected })
    expect(await ada('PUT', `${path}/${id}`, { ...whole, tags: ['t'] })).toMatchObject({
      status: 200,
      body: { ...expected, tags: ['t'] },
    })
    expect(auditRows(server).map((row) => row['event_type'])).toEqual([
      'admin.settings_created',
      'admin.settings_updated',
      'admin.settings_updated',
    ])
  })

  test('200: an incomplete body changes what it names', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, volume)
    expect(await ada('PUT', `${path}/volume_settings`, { default_value: { level: 7 } })).toMatchObject({
      status: 200,
      body: { ...volume, default_value: { level: 7 } },
    })
  })

  test('400 and 404: nothing is written', async () => {
    await using server = await start()
    const ada = server.as('ada')
    const before = definitionRows(server)
    expect(await ada('PUT', `${path}/theme_settings`, { ...volume })).toMatchObject({
      status: 400,
      body: {
        detail: 'Definition ID in path does not match ID in request body',
        code: 'settings.definition_id_mismatch',
      },
    })
    expect(await ada('PUT', `${path}/theme_settings`, { name: 'Copyright' })).toMatchObject({ status: 400 })
    expect(await ada('PUT', `${path}/volume_settings`, volume)).toMatchObject({ status: 404 })
    expect(definitionRows(server)).toEqual(before)
  })
})

describe('DELETE /api/v1/settings/definitions/{id}', () => {
  test('200: deletes one that nobody uses', async () => {
    await using server = await start()
    const ada = server.as('ada')
    await ada('POST', path, volume)
    expect(await ada('DELETE', `${path}/volume_settings`)).toMatchObject({
      status: 200,
      body: { message: 'Setting definition volume_settings deleted successfully' },
    })
    expect(definitionRows(server)).toHaveLength(7)
    expect(auditRows(server)[1]).toMatchObject({ event_type: 'admin.settings_deleted', resource_id: 'volume_settings' })
  })

  test("400: counts everybody's instances", async () => {
    await using server = await start()
    expect(await server.as('ada')('DELETE', `${path}/theme_settings`)).toMatchObject({
      status: 400,
      body: {
        detail: 'Cannot delete definition theme_settings because it has 2 instances. Delete the instances first.',
        code: 'settings.definition_in_use',
      },
    })
    expect(definitionRows(server)).toHaveLength(7)
    expect(auditRows(server)).toEqual([])
  })

  test('404: unknown; 422: too long an id', async () => {
    await using server = await start()
    expect(await server.as('ada')('DELETE', `${path}/nothing`)).toMatchObject({ status: 404 })
    expect(await server.as('ada')('DELETE', `${path}/${'x'.repeat(201)}`)).toMatchObject({ status: 422 })
  })
})

describe('writing definitions', () => {
  const calls = [
    ['POST', path],
    ['PATCH', `${path}/theme_settings`],
    ['PUT', `${path}/theme_settings`],
    ['DELETE', `${path}/theme_settings`],
  ] as const

  test.each(calls)('%s 401: a stranger, before anything is validated', async (method, url) => {
    await using server = await start()
    const before = definitionRows(server)
    expect(await server.call(method, url, { name: 5 })).toMatchObject({ status: 401 })
    expect(definitionRows(server)).toEqual(before)
  })

  test.each(calls)('%s 403: someone who is not an administrator', async (method, url) => {
    await using server = await start()
    const before = definitionRows(server)
    expect(await server.as('bob')(method, url, { ...volume, name: 5 })).toMatchObject({
      status: 403,
      body: { detail: 'Admin required' },
    })
    expect(await server.as('bob')(method, url, volume)).toMatchObject({ status: 403 })
    expect(definitionRows(server)).toEqual(before)
  })

  test('404: the old way to make an Ollama definition is gone', async () => {
    await using server = await start()
    expect(await server.as('ada')('POST', '/api/v1/settings/create-ollama-definition', {})).toMatchObject({
      status: 404,
    })
  })
})

describe('definitions that a save creates', () => {
  test('never show the value that was saved', async () => {
    await using server = await start()
    await server.as('bob')('POST', instances, {
      definition_id: 'mine',
      name: 'Mine',
      value: { token: 'secret' },
      scope: 'user',
    })
    expect((await server.as('ada')('GET', path)).body.at(-1)).toMatchObject({
      id: 'mine',
      name: 'Mine',
      description: 'Auto-generated definition for Mine',
      category: 'auto_generated',
      type: 'object',
      default_value: null,
      allowed_scopes: ['system', 'user', 'page', 'user_page'],
      validation: null,
      is_multiple: false,
      tags: ['auto_generated'],
    })
  })

  test('400: at most 200 for one user; they go with their last value', async () => {
    await using server = await start()
    const bob = server.as('bob')
    const save = (index: number) =>
      bob('POST', instances, { definition_id: `auto ${index}`, name: `${index}`, value: 1, scope: 'user' })
    const first = await save(0)
    for (let index = 1; index < 200; index++) await save(index)
    expect(await save(200)).toMatchObject({ status: 400, body: { code: 'settings.too_many_definitions' } })
    expect(definitionRows(server)).toHaveLength(207)
    expect(await save(7)).toMatchObject({ status: 200 })
    expect(
      await server.as('ada')('POST', instances, { definition_id: 'auto 200', name: 'x', value: 1, scope: 'user' }),
    ).toMatchObject({ status: 200 })
    expect(await save(200)).toMatchObject({ status: 200 })
    await bob('DELETE', `${instances}/${first.body.id}`)
    expect((await bob('GET', path)).body.some((one: { id: string }) => one.id === 'auto 0')).toBe(false)
  })

  test('stay while somebody else has a value, and when an administrator made them', async () => {
    await using server = await start()
    const shared = { definition_id: 'shared', name: 'S', value: 1, scope: 'user' }
    const own = await server.as('bob')('POST', instances, shared)
    await server.as('ada')('POST', instances, shared)
    await server.as('bob')('DELETE', `${instances}/${own.body.id}`)
    await server.as('ada')('POST', path, volume)
    const loud = await server.as('bob')('POST', instances, { ...shared, definition_id: 'volume_settings' })
    await server.as('bob')('DELETE', `${instances}/${loud.body.id}`)
    expect((await server.as('bob')('GET', path)).body.slice(7).map((one: { id: string }) => one.id)).toEqual([
      'shared',
      'volume_settings',
    ])
  })
})
