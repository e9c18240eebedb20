import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { addPlugin } from '../support/plugins-rows.ts'
import { type Call, testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)
const { sqlite } = server.database

let ada: Call
let adaId: string

const base = '/api/v1/plugins'
const minimal = { name: 'Dev', description: 'In the making', version: '0.1.0' }
const register = (body: unknown, slug = 'Dev', call = ada) => call('POST', `${base}/${slug}/register`, body)
const readBack = async (slug = 'Dev') => (await ada('GET', `${base}/${slug}/info`)).body
const rowCount = () =>
  sqlite.query('select (select count(*) from plugins) + (select count(*) from plugin_modules)').values()[0]

beforeAll(async () => {
  ada = server.as('ada')
  adaId = await server.idOf('ada')
})
beforeEach(() => void sqlite.run('delete from plugins'))

const wanted = () => ({
  id: `${adaId}_Dev`,
  plugin_slug: 'Dev',
  userId: adaId,
  name: 'Dev',
  description: 'In the making',
  version: '0.1.0',
  type: 'fullstack',
  pluginType: 'x',
  enabled: false,
  icon: 'Puzzle',
  category: 'ai',
  status: 'testing',
  official: true,
  author: 'Ada',
  lastUpdated: 'today',
  compatibility: '1',
  downloads: 3,
  scope: 'Dev',
  bundlemethod: 'webpack',
  bundlelocation: 'dist/remoteEntry.js',
  islocal: true,
  longDescription: 'Long',
  sourceType: 'github',
  sourceUrl: 'https://github.com/ada/dev',
  updateCheckUrl: 'https://github.com/ada/dev/releases',
  installationType: 'remote',
  endpointsFile: 'endpoints.py',
  routePrefix: '/',
  configFields: { max_tokens: { defaultValue: 1 } },
  messages: { sends: [] },
  dependencies: ['Chat'],
  permissions: ['api.access'],
  requiredServicesRuntime: ['one'],
  backendDependencies: ['two'],
  lastUpdateCheck: null,
  updateAvailable: false,
  latestVersion: null,
  modules: [
    {
      id: 'own-id',
      pluginId: `${adaId}_Dev`,
      userId: adaId,
      name: 'Main',
      displayName: 'The Main',
      description: 'Shows',
      icon: 'I',
      category: 'c',
      enabled: false,
      priority: 2,
      props: { a_b: 1 },
      configFields: { c: 1 },
      messages: { sends: [] },
      requiredServices: { api: {} },
      dependencies: [1],
      layout: { minWidth: 1 },
      tags: ['t'],
    },
  ],
})

const toSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const snakeCased = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [toSnake(name), value]))

describe('POST /plugins/:pluginId/register', () => {
  test('what is read is what was sent, under the names of answers', async () => {
    const answer = await register({ ...wanted(), id: 'x', plugin_slug: 'y', userId: 'z', latestVersion: '9' })
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'success', message: 'Plugin Dev registered successfully' },
    })
    expect(await readBack()).toEqual(wanted())
    const events = sqlite.query(`select resource_id from audit_logs where event_type = 'plugin.installed'`).values()
    expect(events).toEqual([[`${adaId}_Dev`]])
  })

  test('and in snake_case', async () => {
    const { bundlemethod, bundlelocation, islocal, modules, ...others } = wanted()
    const body = {
      ...snakeCased(others),
      bundle_method: bundlemethod,
      bundle_location: bundlelocation,
      is_local: islocal,
      modules: modules.map(snakeCased),
    }
    expect((await register(body)).status).toBe(200)
    expect(await readBack()).toEqual(wanted())
  })

  test('and in camelCase throughout', async () => {
    const { bundlemethod, bundlelocation, islocal, ...others } = wanted()
    const body = { ...others, bundleMethod: bundlemethod, bundleLocation: bundlelocation, isLocal: islocal }
    expect((await register(body)).status).toBe(200)
    expect(await readBack()).toEqual(wanted())
  })

  test('with the defaults of all that is not sent', async () => {
    await register({ ...minimal, version: 'v1.2', modules: [{ id: 'm', name: 'Main' }] })
    expect(await readBack()).toEqual({
      ...wanted(),
      version: '1.2',
      type: 'frontend',
      pluginType: null,
      enabled: true,
      icon: null,
      category: null,
      status: 'activated',
      official: false,
      author: null,
      lastUpdated: null,
      compatibility: null,
      downloads: 0,
      scope: null,
      bundlemethod: 'webpack',
      bundlelocation: null,
      islocal: false,
      longDescription: null,
      sourceType: null,
      sourceUrl: null,
      updateCheckUrl: null,
      installationType: 'local',
      endpointsFile: null,
      routePrefix: null,
      configFields: {},
      messages: {},
      dependencies: [],
      permissions: [],
      requiredServicesRuntime: [],
      backendDependencies: [],
      modules: [
        {
          id: 'm',
          pluginId: `${adaId}_Dev`,
          userId: adaId,
          name: 'Main',
          displayName: null,
          description: null,
          icon: null,
          category: null,
          enabled: true,
          priority: 0,
          props: {},
          configFields: {},
          messages: { sends: [], receives: [] },
          requiredServices: {},
          dependencies: [],
          layout: {},
          tags: [],
        },
      ],
    })
    expect((await ada('GET', `${base}/Dev/status`)).body.data.status).toBe('files_missing')
  })

  test('own rows only, whoever the body names', async () => {
    const bobId = await server.idOf('bob')
    const module = { id: `${bobId}_Dev_Main`, name: 'Main', user_id: bobId, userId: bobId, plugin_id: `${bobId}_Dev` }
    addPlugin(server, bobId, 'Dev')
    expect((await register({ ...minimal, user_id: bobId, id: `${bobId}_Dev`, modules: [module] })).status).toBe(200)
    expect(sqlite.query('select distinct user_id from plugin_modules where id = ?').values(module.id)).toHaveLength(2)
    expect((await server.as('bob')('GET', `${base}/Dev/modules`)).body.modules).toHaveLength(1)
    expect(await readBack()).toMatchObject({ userId: adaId, modules: [{ userId: adaId, pluginId: `${adaId}_Dev` }] })
  })

  test('400 for a slug that is taken', async () => {
    await register(minimal)
    const detail = "Plugin with slug 'Dev' already exists for this user"
    expect(await register(minimal)).toMatchObject({ status: 400, body: { detail, code: 'plugins.slug_taken' } })
  })

  test('one of many at once wins', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => register({ ...minimal, modules: [{ id: 'm', name: 'M' }] })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 400)])
    expect(rowCount()).toEqual([2])
  })

  test('400 for slugs that are no names of plugins', async () => {
    for (const slug of [
      '1st',
      'a.b',
      '..%2fx',
      'shared',
      'Users',
      'by-slug',
      'x'.repeat(65),
      '__proto__',
      '%F0%9F%98%80',
    ]) {
      expect(await register(minimal, slug), slug).toMatchObject({ status: 400, body: { code: 'plugins.invalid_slug' } })
    }
    expect(rowCount()).toEqual([0])
  })

  test('400 for modules that repeat, and then nothing is stored', async () => {
    const repeated = [
      [
        { id: 'a', name: 'A' },
        { id: 'a', name: 'B' },
      ],
      [
        { id: 'a', name: 'A' },
        { id: 'b', name: 'A' },
      ],
    ]
    for (const modules of repeated) {
      expect(await register({ ...minimal, modules })).toMatchObject({
        status: 400,
        body: { code: 'plugins.invalid_modules' },
      })
    }
    expect(rowCount()).toEqual([0])
  })

  test('422 for what is missing or no such field', async () => {
    const wrong = [
      ...['name', 'description', 'version'].map((name) => ({ ...minimal, [name]: undefined })),
      { ...minimal, name: '' },
      { ...minimal, name: 'x'.repeat(201) },
      { ...minimal, description: 'x'.repeat(10_001) },
      { ...minimal, version: '../1' },
      { ...minimal, bundlelocation: '../../x.js' },
      { ...minimal, bundle_location: 'https://evil.test/x.js' },
      { ...minimal, bundleLocation: 'C:\\x.js' },
      { ...minimal, type: 'other' },
      { ...minimal, configFields: [] },
      { ...minimal, dependencies: {} },
      { ...minimal, dependencies: { length: 4_000_000_000 } },
      { ...minimal, permissions: [1] },
      { ...minimal, downloads: -1 },
      { ...minimal, enabled: 'yes' },
      { ...minimal, source_url: 'javascript:alert(1)' },
      { ...minimal, modules: {} },
      { ...minimal, modules: [{ name: 'A' }] },
      { ...minimal, modules: [{ id: 'a' }] },
      { ...minimal, modules: [{ id: 'a', name: './A' }] },
      { ...minimal, modules: [{ id: 'a/b', name: 'A' }] },
      { ...minimal, modules: [{ id: 'a', name: 'A', requiredServices: [] }] },
      { ...minimal, modules: [{ id: 'a', name: 'A', tags: 'x' }] },
      { ...minimal, modules: Array.from({ length: 201 }, (_, index) => ({ id: `${index}`, name: `${index}` })) },
    ]
    for (const body of wrong) expect((await register(body)).status, JSON.stringify(body).slice(0, 200)).toBe(422)
    expect(rowCount()).toEqual([0])
  })

  test('413 for more than 1 MB', async () => {
    const answer = await register({ ...minimal, configFields: { text: 'x'.repeat(1_048_577) } })
    expect(answer).toMatchObject({ status: 413, body: { code: 'plugins.metadata_too_large' } })
  })

  test('400 when there is no room: 500 plugins, or 16 MB', async () => {
    sqlite.transaction(() => {
      for (let index = 0; index < 500; index++) addPlugin(server, adaId, `P${index}`, { modules: [] })
    })()
    expect(await register(minimal)).toMatchObject({ status: 400, body: { code: 'plugins.no_room' } })
    expect((await ada('DELETE', `${base}/P1`)).status).toBe(200)
    expect((await register(minimal)).status).toBe(200)
    await ada('DELETE', `${base}/Dev`)
    const text = JSON.stringify({ text: 'x'.repeat(16_000_000) })
    sqlite.run(`update plugins set config_fields = ? where plugin_slug = 'P2'`, [text])
    const module = { id: 'm', name: 'M', props: { text: 'x'.repeat(900_000) } }
    expect(await register({ ...minimal, modules: [module] })).toMatchObject({
      status: 400,
      body: { code: 'plugins.no_room' },
    })
    expect((await register({ ...minimal, modules: [] })).status).toBe(200)
  })

  test('keys of prototypes and emoji are kept as they are', async () => {
    await register(`{"name":"😀","description":"","version":"1","configFields":{"__proto__":{"x":1},"constructor":2}}`)
    const answer = await server.send('GET', `${base}/Dev/info`, undefined, {
      authorization: `Bearer ${await server.tokenOf('ada')}`,
    })
    expect(await answer.text()).toContain('"configFields":{"__proto__":{"x":1},"constructor":2}')
    expect((await readBack()).name).toBe('😀')
  })
})
