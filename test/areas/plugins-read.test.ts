import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { toUuid } from '../../src/shared/ids.ts'
import { addModule, addPlugin } from '../support/plugins-rows.ts'
import { type Call, testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let ada: Call
let bob: Call
let adaId: string
let id: string

const base = '/api/v1/plugins'
const read = async (path: string, call = ada) => (await call('GET', base + path)).body

beforeAll(async () => {
  ;[ada, bob] = [server.as('ada'), server.as('bob')]
  adaId = await server.idOf('ada')
  id = `${adaId}_Chat`
  const chat = addPlugin(server, adaId, 'Chat', {
    bundleLocation: '/dist/remoteEntry.js',
    lastUpdateCheck: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    updateAvailable: true,
    latestVersion: '1.3.0',
    configFields: '{"temperature":{"type":"number","default_value":1.0}}',
    dependencies: '["Settings"]',
    modules: [],
  })
  addModule(server, chat, 'Window', { props: '{"max_tokens":1, "theme":{"isDark":true}}', tags: '["ai","Chat"]' })
  addModule(server, chat, 'History', { enabled: false, messages: '{}' })
  addPlugin(server, adaId, 'Broken', {
    sourceUrl: null,
    configFields: '{',
    messages: '[]',
    dependencies: '{}',
    permissions: '',
    modules: [],
  })
  addModule(server, { id: `${adaId}_Broken`, userId: adaId }, 'Bits', {
    props: '',
    configFields: '{"a":',
    messages: '"x"',
    requiredServices: 'null',
    dependencies: '{}',
    layout: '[1]',
    tags: 'not json',
  })
  addPlugin(server, adaId, 'Off', { enabled: false })
  addPlugin(server, await server.idOf('bob'), 'Bobs')
})

const chatFields = () => ({
  id,
  plugin_slug: 'Chat',
  name: 'Name of Chat',
  description: 'What it does',
  version: '1.2.3',
  type: 'frontend',
  pluginType: null,
  enabled: true,
  icon: 'Puzzle',
  category: 'ai',
  status: 'activated',
  official: true,
  author: 'Ada',
  lastUpdated: '2025-03-06',
  compatibility: '1.0.0',
  downloads: 7,
  scope: 'Chat',
  bundlemethod: 'webpack',
  bundlelocation: '/dist/remoteEntry.js',
  islocal: false,
  longDescription: 'What it does, at length',
  userId: adaId,
  sourceType: 'github',
  sourceUrl: 'https://github.com/ada/plugin',
  updateCheckUrl: 'https://github.com/ada/plugin/releases',
  lastUpdateCheck: '2026-01-02T03:04:05.006Z',
  updateAvailable: true,
  latestVersion: '1.3.0',
  installationType: 'remote',
  endpointsFile: null,
  routePrefix: null,
  configFields: { temperature: { type: 'number', default_value: 1 } },
  messages: {},
  dependencies: ['Settings'],
  permissions: ['api.access'],
  requiredServicesRuntime: [],
  backendDependencies: [],
})
const chatEntry = () => ({ ...chatFields(), id: 'Chat', database_id: id, bundlelocation: 'dist/remoteEntry.js' })

const chatModules = (pluginId: string) => {
  const common = {
    pluginId,
    description: 'Shows something',
    icon: 'Widgets',
    category: 'ai',
    priority: 1,
    userId: adaId,
    configFields: {},
    requiredServices: {},
    layout: { minWidth: 4 },
    dependencies: [],
  }
  return [
    {
      ...common,
      id: `${id}_Window`,
      name: 'Window',
      displayName: 'The Window',
      enabled: true,
      props: { max_tokens: 1, theme: { isDark: true } },
      tags: ['ai', 'Chat'],
      messages: { sends: [], receives: [] },
    },
    {
      ...common,
      id: `${id}_History`,
      name: 'History',
      displayName: 'The History',
      enabled: false,
      props: {},
      tags: ['chat'],
      messages: {},
    },
  ]
}

describe('manifests', () => {
  test('GET /manifest: enabled plugins by slug, without modules', async () => {
    const body = await read('/manifest')
    expect(Object.keys(body)).toEqual(['Broken', 'Chat'])
    expect(body.Chat).toEqual(chatEntry())
  })

  test('GET /manifest/designer: with all modules, under the slug', async () => {
    const body = await read('/manifest/designer')
    expect(Object.keys(body)).toEqual(['Broken', 'Chat'])
    expect(body.Chat).toEqual({ ...chatEntry(), modules: chatModules('Chat') })
  })

  test('stored text that is no JSON, or of another kind, becomes the default of its field', async () => {
    const { Broken } = await read('/manifest/designer')
    expect(Broken).toMatchObject({ configFields: {}, messages: {}, dependencies: [], permissions: [] })
    expect(Broken.modules[0]).toMatchObject({
      props: {},
      configFields: {},
      messages: { sends: [], receives: [] },
      requiredServices: {},
      dependencies: [],
      layout: {},
      tags: [],
    })
  })

  test('stored text is sent as it is, byte by byte', async () => {
    const token = await server.tokenOf('ada')
    const answer = await server.send('GET', `${base}/manifest/designer`, undefined, {
      authorization: `Bearer ${token}`,
    })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.text()).toContain('"default_value":1.0}}')
  })

  test('{} for who has nothing', async () => {
    for (const path of ['/manifest', '/manifest/designer']) expect(await read(path, server.as('eve'))).toEqual({})
  })
})

describe('one plugin', () => {
  const spellings = () => [id, `${toUuid(adaId)}_Chat`, `${adaId.toUpperCase()}_Chat`, 'Chat']

  test('GET /:pluginId/info: with modules, by id and by slug', async () => {
    for (const one of spellings()) {
      expect(await read(`/${one}/info`)).toEqual({ ...chatFields(), modules: chatModules(id) })
    }
  })

  test('GET /by-slug/:pluginId: without modules', async () => {
    for (const one of spellings()) expect(await read(`/by-slug/${one}`)).toEqual(chatFields())
  })

  test('GET /:pluginId/modules', async () => {
    for (const one of spellings()) expect(await read(`/${one}/modules`)).toEqual({ modules: chatModules(id) })
    expect(await read('/Off/modules')).toMatchObject({ modules: [{ name: 'Main' }] })
  })

  test('404 with the texts of the contract, for what is not there and what is not yours', async () => {
    for (const name of ['Nothing', 'Bobs', `${await server.idOf('bob')}_Bobs`]) {
      const detail = `Plugin ${name} not found`
      const refusal = { status: 404, body: { detail, code: 'plugins.not_found' } }
      expect(await ada('GET', `${base}/${name}/info`)).toMatchObject(refusal)
      expect(await ada('GET', `${base}/by-slug/${name}`)).toMatchObject(refusal)
      const modules = await ada('GET', `${base}/${name}/modules`)
      expect(modules).toMatchObject({ status: 404, body: { detail: `${detail} or you don't have permission` } })
    }
    expect((await bob('GET', `${base}/${id}/info`)).status).toBe(404)
  })

  test('an id wins over a slug that looks like it', async () => {
    const slug = `${adaId}_Chat`
    addPlugin(server, adaId, slug, { id: 'other', modules: [] })
    expect(await read(`/${slug}/info`)).toMatchObject({ id, plugin_slug: 'Chat' })
    server.database.sqlite.run(`delete from plugins where id = 'other'`)
  })

  test('ids without an owner in them, as in imported rows', async () => {
    const old = addPlugin(server, adaId, 'old-one', { id: 'pluginA', modules: [] })
    addModule(server, old, 'Prompt', { id: 'ai-prompt-chat' })
    for (const one of ['pluginA', 'old-one']) {
      expect(await read(`/${one}/modules/ai-prompt-chat`)).toMatchObject({ module: { id: 'ai-prompt-chat' } })
    }
    server.database.sqlite.run(`delete from plugins where id = 'pluginA'`)
  })

  test('no such route', async () => {
    expect(await ada('GET', '/api/v1/plugins')).toMatchObject({ status: 404, body: { detail: 'Not Found' } })
    expect((await ada('GET', `${base}/Chat`)).status).toBe(405)
    expect((await ada('GET', '/api/v1/plugin-api/braindrive-library/library/projects')).status).toBe(404)
  })

  test('slugs that begin like a fixed word are slugs', async () => {
    for (const slug of [
      'manifester',
      'manage',
      'managerX',
      'tagsy',
      'testPlugin',
      'directory',
      'simplex',
      'available2',
    ]) {
      addPlugin(server, adaId, slug)
      expect(await read(`/${slug}/info`)).toMatchObject({ plugin_slug: slug })
      expect(await read(`/${slug}/modules`)).toMatchObject({ modules: [{ name: 'Main' }] })
      server.database.sqlite.run(`delete from plugins where plugin_slug = '${slug}'`)
    }
  })
})

describe('one module', () => {
  const detail = () => ({
    module: {
      id: `${id}_Window`,
      pluginId: id,
      name: 'Window',
      displayName: 'The Window',
      description: 'Shows something',
      icon: 'Widgets',
      category: 'ai',
      enabled: true,
      priority: 1,
      tags: ['ai', 'Chat'],
      dependencies: [],
      props: { max_tokens: 1, theme: { isDark: true } },
      configFields: {},
      messages: { sends: [], receives: [] },
      requiredServices: {},
      layout: { minWidth: 4 },
    },
    plugin: {
      id,
      name: 'Name of Chat',
      description: 'What it does',
      version: '1.2.3',
      type: 'frontend',
      enabled: true,
      icon: 'Puzzle',
      category: 'ai',
      status: 'activated',
      official: true,
      author: 'Ada',
      lastUpdated: '2025-03-06',
      compatibility: '1.0.0',
      downloads: 7,
      scope: 'Chat',
      bundleMethod: 'webpack',
      bundleLocation: '/dist/remoteEntry.js',
      isLocal: false,
      sourceType: 'github',
      sourceUrl: 'https://github.com/ada/plugin',
      updateCheckUrl: 'https://github.com/ada/plugin/releases',
      lastUpdateCheck: '2026-01-02T03:04:05.006Z',
      updateAvailable: true,
      latestVersion: '1.3.0',
      installationType: 'remote',
      configFields: { temperature: { type: 'number', default_value: 1 } },
      messages: {},
      dependencies: ['Settings'],
      permissions: ['api.access'],
    },
  })

  test('GET /direct/:pluginId/modules/:moduleId: the other spelling', async () => {
    for (const owner of [adaId, toUuid(adaId)]) {
      expect(await read(`/direct/${owner}_Chat/modules/${owner}_Chat_Window`)).toEqual(detail())
    }
    expect(await read(`/direct/Chat/modules/${id}_Window`)).toEqual(detail())
  })

  test('what is empty is left out, what is broken is {}', async () => {
    const { module } = await read(`/direct/Broken/modules/${adaId}_Broken_Bits`)
    expect(module).not.toHaveProperty('props')
    expect(module).toMatchObject({ configFields: {}, messages: {}, requiredServices: {}, layout: {} })
    expect(module).toMatchObject({ tags: [], dependencies: [] })
  })

  test('GET /simple/:pluginId/modules/:moduleId', async () => {
    expect(await read(`/simple/${id}/modules/${id}_Window`)).toEqual({
      module: {
        id: `${id}_Window`,
        pluginId: id,
        name: 'Window',
        displayName: 'The Window',
        description: 'Shows something',
      },
      plugin: { id, name: 'Name of Chat', description: 'What it does', version: '1.2.3' },
    })
  })

  test('404 for a module or plugin that is not there or not yours, on all three', async () => {
    for (const kind of ['', '/direct', '/simple']) {
      const unknown = await ada('GET', `${base}${kind}/Chat/modules/x`)
      const detailText = 'Module x not found in plugin Chat'
      expect(unknown).toMatchObject({ status: 404, body: { detail: detailText, code: 'plugins.module_not_found' } })
      const foreign = await bob('GET', `${base}${kind}/${id}/modules/${id}_Window`)
      expect(foreign).toMatchObject({ status: 404, body: { detail: `Plugin ${id} not found` } })
      // Another plugin of one's own.
      expect((await ada('GET', `${base}${kind}/Off/modules/${id}_Window`)).status).toBe(404)
    }
  })

  test('GET /test', async () => {
    expect(await read('/test')).toEqual({ message: 'Plugin router is working!', user_id: adaId })
  })
})

describe('hostile input', () => {
  test('is answered, never with 500', async () => {
    const words = [
      '__proto__',
      'constructor',
      '%00',
      '..%2f..%2fetc',
      "'%20or%201=1--",
      '%F0%9F%98%80',
      '%ED%A0%80',
      '*',
    ]
    const paths = words.flatMap((word) => [
      `/${word}/info`,
      `/by-slug/${word}`,
      `/${word}/modules`,
      `/Chat/modules/${word}`,
      `/direct/${word}/modules/${word}`,
    ])
    for (const path of paths) expect([404, 400, 422]).toContain((await ada('GET', base + path)).status)
    expect((await ada('GET', `${base}/${'x'.repeat(300)}/info`)).status).toBe(422)
  })

  test('a plugin whose slug is a name of prototypes stands in the manifest as any other', async () => {
    const eveId = await server.idOf('eve')
    for (const slug of ['__proto__', 'constructor'])
      addPlugin(server, eveId, slug, { props: '{"__proto__":1}' } as object)
    for (const path of ['/manifest', '/manifest/designer']) {
      const body = await read(path, server.as('eve'))
      expect(Object.keys(body)).toEqual(['__proto__', 'constructor'])
    }
  })
})
