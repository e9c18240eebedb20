import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { addModule, addPlugin } from '../support/plugins-rows.ts'
import { type Call, testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let ada: Call
let adaId: string

const base = '/api/v1/plugins'
const list = async (query = '', call = ada) => (await call('GET', `${base}/manager?${query}`)).body
const names = async (query: string): Promise<string[]> =>
  (await list(query)).modules.map(({ name }: { name: string }) => name)

beforeAll(async () => {
  ada = server.as('ada')
  adaId = await server.idOf('ada')
  const first = addPlugin(server, adaId, 'First', { modules: [] })
  addModule(server, first, 'Zebra', {
    displayName: 'Straße 100%',
    category: 'Settings',
    tags: '["Settings","one, two"]',
  })
  addModule(server, first, 'Alpha', { displayName: null, description: 'ΟΔΟΣ and CAFÉ', tags: '["chat", 7, ""]' })
  const off = addPlugin(server, adaId, 'Off', { enabled: false, modules: [] })
  addModule(server, off, 'snake_case', { description: null, category: '', tags: '["settings","chat"]' })
  addModule(server, off, 'snakeXcase', { enabled: false, category: null, tags: '{"broken":' })
  addPlugin(server, await server.idOf('bob'), 'Bobs')
})

describe('GET /plugins/manager', () => {
  test('every module as it was installed, also of disabled plugins', async () => {
    const { modules, totalItems } = await list()
    expect(totalItems).toBe(4)
    expect(modules.map(({ name }: { name: string }) => name)).toEqual(['Zebra', 'Alpha', 'snake_case', 'snakeXcase'])
    expect(modules[0]).toEqual({
      id: `${adaId}_First_Zebra`,
      pluginId: `${adaId}_First`,
      name: 'Zebra',
      displayName: 'Straße 100%',
      description: 'Shows something',
      icon: 'Widgets',
      category: 'Settings',
      enabled: true,
      priority: 1,
      userId: adaId,
      props: {},
      configFields: {},
      requiredServices: {},
      layout: { minWidth: 4 },
      dependencies: [],
      tags: ['Settings', 'one, two'],
      messages: { sends: [], receives: [] },
    })
    // A text there empties the whole page of the web client.
    expect(modules[3].tags).toEqual([])
  })

  test('search: literally, in any case and alphabet, in three fields', async () => {
    expect(await names('search=zebra')).toEqual(['Zebra'])
    expect(await names('search=stra%C3%9Fe')).toEqual(['Zebra'])
    expect(await names('search=STRA%C3%9Fe')).toEqual(['Zebra'])
    expect(await names('search=caf%C3%A9')).toEqual(['Alpha'])
    expect(await names('search=cafe%CC%81')).toEqual(['Alpha'])
    expect(await names(`search=${encodeURIComponent('οδος')}`)).toEqual(['Alpha'])
    expect(await names('search=100%25')).toEqual(['Zebra'])
    expect(await names('search=%25')).toEqual(['Zebra'])
    expect(await names('search=e_c')).toEqual(['snake_case'])
    expect(await names('search=')).toHaveLength(4)
    expect(await names('search=nothing')).toEqual([])
  })

  test('category: exact; an empty one is no filter', async () => {
    expect(await names('category=Settings')).toEqual(['Zebra'])
    expect(await names('category=settings')).toEqual([])
    expect(await names('category=ai')).toEqual(['Alpha'])
    expect(await names('category=')).toHaveLength(4)
  })

  test('tags: any of them, in their own case; broken ones match nothing', async () => {
    expect(await names('tags=chat')).toEqual(['Alpha', 'snake_case'])
    expect(await names('tags=Settings,settings')).toEqual(['Zebra', 'snake_case'])
    expect(await names('tags=CHAT')).toEqual([])
    expect(await names('tags=%20chat%20,,')).toEqual(['Alpha', 'snake_case'])
    expect(await names('tags=,')).toHaveLength(4)
    expect(await names('tags=broken,7')).toEqual([])
  })

  test('all filters together, in pages', async () => {
    expect(await list('search=a&category=ai&tags=chat')).toMatchObject({ totalItems: 1, modules: [{ name: 'Alpha' }] })
    for (const filter of ['', '&search=a', '&tags=chat,settings,Settings']) {
      const pages = []
      for (let page = 1; page < 6; page++) pages.push(await list(`page=${page}&pageSize=1${filter}`))
      const total = filter.startsWith('&tags') ? 3 : 4
      expect(pages.map(({ totalItems }) => totalItems)).toEqual([total, total, total, total, total])
      const ids = pages.flatMap(({ modules }) => modules.map(({ id }: { id: string }) => id))
      expect(new Set(ids).size).toBe(total)
      expect(pages[4].modules).toEqual([])
    }
    expect(await names('category=ai&page=2&pageSize=1')).toEqual([])
  })

  test('422 on bad paging', async () => {
    for (const query of ['page=0', 'page=x', 'pageSize=0', 'pageSize=101', 'page=1e99', 'page=-1', 'pageSize=1.5']) {
      expect((await ada('GET', `${base}/manager?${query}`)).status, query).toBe(422)
    }
    expect((await ada('GET', `${base}/manager?search=${'x'.repeat(501)}`)).status).toBe(422)
  })

  test('nothing of others', async () => {
    expect(await list('', server.as('eve'))).toEqual({ modules: [], totalItems: 0 })
    expect(await list('search=main', server.as('bob'))).toMatchObject({ totalItems: 1 })
  })
})

describe('the words for its filters', () => {
  test('GET /plugins/categories: once each, no empty ones', async () => {
    expect((await ada('GET', `${base}/categories`)).body).toEqual({ categories: ['Settings', 'ai'] })
  })

  test('GET /plugins/tags: once each in their own case, texts only', async () => {
    expect((await ada('GET', `${base}/tags`)).body).toEqual({ tags: ['Settings', 'chat', 'one, two', 'settings'] })
  })

  test('empty for who has nothing', async () => {
    const eve = server.as('eve')
    expect((await eve('GET', `${base}/categories`)).body).toEqual({ categories: [] })
    expect((await eve('GET', `${base}/tags`)).body).toEqual({ tags: [] })
  })
})

describe('diagnostics', () => {
  test('count the plugins of who asks', async () => {
    const { plugins } = (await ada('GET', '/api/v1/diagnostics')).body
    const bundle = { version: '1.2.3', bundlelocation: 'dist/remoteEntry.js' }
    expect(plugins).toEqual({
      count: 2,
      modules: 4,
      items: [
        { id: 'First', ...bundle, module_count: 2, enabled: true },
        { id: 'Off', ...bundle, module_count: 2, enabled: false },
      ],
    })
  })
})

describe('100 plugins with 20 modules each', () => {
  test('the designer manifest comes quickly', async () => {
    const many = server.as('many')
    const userId = await server.idOf('many')
    const modules = Array.from({ length: 20 }, (_, index) => `Module${index}`)
    server.database.sqlite.transaction(() => {
      for (let index = 0; index < 100; index++) addPlugin(server, userId, `Plugin${index}`, { modules })
      server.database.sqlite.run(`update plugin_modules set props = ?, config_fields = ? where user_id = ?`, [
        JSON.stringify({ text: 'x'.repeat(200) }),
        JSON.stringify({ one: { type: 'text', default: 'y'.repeat(200) } }),
        userId,
      ])
    })()
    const times: number[] = []
    for (let round = 0; round < 9; round++) {
      const start = performance.now()
      const answer = await server.send('GET', `${base}/manifest/designer`, undefined, {
        authorization: `Bearer ${await server.tokenOf('many')}`,
      })
      const text = await answer.text()
      times.push(performance.now() - start)
      if (round === 0) {
        const body = JSON.parse(text)
        expect(Object.keys(body)).toHaveLength(100)
        expect(body.Plugin99.modules.map(({ name }: { name: string }) => name)).toEqual(modules)
      }
    }
    // Generous for a busy machine; it takes some 20 ms.
    expect(Math.min(...times)).toBeLessThan(500)
    expect(await list('search=module19&pageSize=100', many)).toMatchObject({ totalItems: 100 })
  })
})
