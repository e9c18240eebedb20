import { describe, expect, test } from 'bun:test'
import { listPersonas, listPersonaTags } from '../../src/areas/personas/persona-list.store.ts'
import * as store from '../../src/areas/personas/personas.store.ts'
import type { PersonaContent } from '../../src/areas/personas/personas.table.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { plansOf, plansOfAsync } from '../support/query-plans.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const path = '/api/v1/personas'
const notAuthenticated = { status: 401, body: { code: 'auth.not_authenticated' } }

let serial = 0
const addPersona = (server: TestServer, userId: string, fields: Partial<PersonaContent> = {}): string => {
  const id = String(++serial).padStart(32, '0')
  store.insertPersona(server.deps.db, {
    id,
    userId,
    name: 'Pirate',
    description: null,
    systemPrompt: 'x',
    modelSettings: null,
    avatar: null,
    tags: null,
    sampleGreeting: null,
    isActive: true,
    createdAt: 0,
    updatedAt: 0,
    ...fields,
  })
  return id
}

const names = (body: { personas: { name: string }[] }) => body.personas.map(({ name }) => name)

/** The names that a query finds, in order. */
const find = async (server: TestServer, query: Record<string, string>) =>
  names((await server.as('ada')('GET', `${path}?${new URLSearchParams(query).toString()}`)).body)

describe('GET /api/v1/personas', () => {
  test('200: nothing is an empty first page', async () => {
    await using server = testApp()
    expect(await server.as('ada')('GET', path)).toMatchObject({
      status: 200,
      body: { personas: [], total_items: 0, totalItems: 0, page: 1, page_size: 100, total_pages: 0 },
    })
  })

  test('200: whole personas of your own, those changed last first', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const sent = { system_prompt: 'Arr', tags: ['sea'], model_settings: { temperature: '0.3' } }
    const first = (await server.as('ada')('POST', path, { ...sent, name: 'First' })).body
    addPersona(server, ada, { name: 'Old' })
    addPersona(server, bob, { name: 'Foreign', updatedAt: 9e12 })
    const { body } = await server.as('ada')('GET', `${path}/`)
    expect(names(body)).toEqual(['First', 'Old'])
    expect(body.personas[0]).toEqual(first)
    expect(body).toMatchObject({ total_items: 2, totalItems: 2, total_pages: 1 })
    server.clock.now += 1
    await server.as('ada')('PATCH', `${path}/${body.personas[1].id}`, { is_active: false })
    expect(await find(server, {})).toEqual(['Old', 'First'])
  })

  test('200: skip and limit, or page and pageSize, which win; a bare call gets up to 100', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    for (let index = 0; index < 105; index++) addPersona(server, ada, { name: String(index), updatedAt: -index })
    for (const [query, first, count, page, page_size, total_pages] of [
      ['', 0, 100, 1, 100, 2],
      ['search=pirate', 0, 0, 1, 100, 0],
      ['is_active=true', 0, 100, 1, 100, 2],
      ['skip=0', 0, 20, 1, 20, 6],
      ['skip=100', 100, 5, 6, 20, 6],
      ['limit=16', 0, 16, 1, 16, 7],
      ['skip=30&limit=20', 30, 20, 2, 20, 6],
      ['page=1&pageSize=16', 0, 16, 1, 16, 7],
      ['page=7&pageSize=16', 96, 9, 7, 16, 7],
      ['page=8&pageSize=16', 0, 0, 8, 16, 7],
      ['page=2', 20, 20, 2, 20, 6],
      ['page=2&limit=10', 10, 10, 2, 10, 11],
      ['pageSize=5', 0, 5, 1, 5, 21],
      ['page=2&pageSize=10&skip=50&limit=50', 10, 10, 2, 10, 11],
      ['page=20000000&pageSize=100', 0, 0, 20_000_000, 100, 2],
    ] as const) {
      const { status, body } = await server.as('ada')('GET', `${path}?${query}`)
      expect(status).toBe(200)
      expect(names(body)).toEqual(Array.from({ length: count }, (_, index) => String(first + index)))
      const total_items = query.startsWith('search') ? 0 : 105
      expect(body).toMatchObject({ page, page_size, total_pages, total_items, totalItems: total_items })
    }
  })

  test('200: pages of equal times neither overlap nor leave out', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const ids = Array.from({ length: 45 }, () => addPersona(server, ada, { updatedAt: 7 }))
    const pages = await Promise.all(
      [1, 2, 3].map(async (page) => (await server.as('ada')('GET', `${path}?page=${page}&pageSize=16`)).body.personas),
    )
    expect(pages.flat().map(({ id }) => id)).toEqual(ids.toSorted().toReversed())
  })

  test('200: a search is literal, in any case, in name, description and prompt, and follows every change', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const post = (body: object) => server.as('ada')('POST', path, { system_prompt: 'x', ...body })
    const { id } = (await post({ name: 'Ärger 100% "quoted"', description: 'a_b\\c' })).body
    await post({ name: 'ΟΔΟΣ', system_prompt: "It's a café; DROP" })
    addPersona(server, await server.idOf('bob'), { name: 'ärger' })
    addPersona(server, ada, { name: 'Plain', tags: ['ärger'], sampleGreeting: 'ärger', avatar: 'ärger' })
    const cases: [search: string, found: string[]][] = [
      ['ÄRGER', ['Ärger 100% "quoted"']],
      ['a\u0308rger', ['Ärger 100% "quoted"']],
      ['0% "Q', ['Ärger 100% "quoted"']],
      ['A_B\\C', ['Ärger 100% "quoted"']],
      ['a%b', []],
      ['aXb', []],
      ['%', ['Ärger 100% "quoted"']],
      ['_', ['Ärger 100% "quoted"']],
      ["IT'S", ['ΟΔΟΣ']],
      ['CAFÉ; drop', ['ΟΔΟΣ']],
      ['οδοσ', ['ΟΔΟΣ']],
      ['null', []],
      ['plain', ['Plain']],
    ]
    for (const [search, found] of cases) expect(await find(server, { search })).toEqual(found)
    expect(await find(server, { search: '' })).toHaveLength(3)
    await server.as('ada')('PUT', `${path}/${id}`, { name: 'Calm', description: null })
    expect(await find(server, { search: 'ärger' })).toEqual([])
    expect(await find(server, { search: 'CALM' })).toEqual(['Calm'])
  })

  test('200: tags must all be there, exactly; filters combine', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    addPersona(server, ada, { name: 'both', tags: ['sea', 'Öl 🛢️', 'sea'], updatedAt: 3 })
    addPersona(server, ada, { name: 'sea', tags: ['sea'], isActive: false, updatedAt: 2 })
    addPersona(server, ada, { name: 'other', tags: ['seaside', '100%', 'a "b"', ' spaced '], updatedAt: 1 })
    addPersona(server, ada, { name: 'none' })
    addPersona(server, ada, { name: 'empty', tags: [], updatedAt: -1 })
    addPersona(server, await server.idOf('bob'), { name: 'foreign', tags: ['sea'] })
    const cases: [query: Record<string, string>, found: string[]][] = [
      [{ tags: 'sea' }, ['both', 'sea']],
      [{ tags: 'sea,sea, sea ,' }, ['both', 'sea']],
      [{ tags: 'Öl 🛢️,sea' }, ['both']],
      [{ tags: 'öl 🛢️' }, []],
      [{ tags: 'Sea' }, []],
      [{ tags: 'se' }, []],
      [{ tags: 's%' }, []],
      [{ tags: '100%' }, ['other']],
      [{ tags: 'a "b"' }, ['other']],
      [{ tags: 'spaced' }, ['other']],
      [{ tags: '","' }, []],
      [{ tags: Array.from({ length: 60 }, String).join(',') }, []],
      [{ tags: ' , ' }, ['both', 'sea', 'other', 'none', 'empty']],
      [{ tags: 'sea', is_active: 'true' }, ['both']],
      [{ tags: 'sea', is_active: 'false' }, ['sea']],
      [{ tags: 'sea', search: 'BOT' }, ['both']],
      [{ tags: 'sea', search: 'bot', is_active: '0' }, []],
    ]
    for (const [query, found] of cases) expect(await find(server, query)).toEqual(found)
    const counted = await server.as('ada')('GET', `${path}?tags=sea&pageSize=1`)
    expect(counted.body).toMatchObject({ total_items: 2, total_pages: 2, personas: [{ name: 'both' }] })
  })

  test('200: is_active as true or false, as clients of several languages write it', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    addPersona(server, ada, { name: 'on', updatedAt: 1 })
    addPersona(server, ada, { name: 'off', isActive: false })
    for (const is_active of ['true', 'True', '1', 'yes', 'ON'])
      expect(await find(server, { is_active })).toEqual(['on'])
    for (const is_active of ['false', 'False', '0', 'no', 'OFF'])
      expect(await find(server, { is_active })).toEqual(['off'])
    expect(await find(server, { is_active: '' })).toEqual(['on', 'off'])
  })

  test('422: what is beyond its bounds; 401: a stranger', async () => {
    await using server = testApp()
    for (const query of [
      'skip=-1',
      'limit=0',
      'limit=101',
      'limit=ten',
      'page=0',
      'page=1.5',
      'page=20000001',
      'pageSize=0',
      'pageSize=101',
      `search=${'x'.repeat(501)}`,
      `tags=${'x'.repeat(5201)}`,
      'is_active=maybe',
      'is_active=2',
    ]) {
      expect(await server.as('ada')('GET', `${path}?${query}`)).toMatchObject({ status: 422 })
    }
    expect(await server.call('GET', `${path}?limit=0`)).toMatchObject(notAuthenticated)
  })
})

describe('GET /api/v1/personas/tags', () => {
  test('200: every tag of your own personas once, in order; it is no persona', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    expect(await server.as('ada')('GET', `${path}/tags`)).toMatchObject({ status: 200, body: { tags: [] } })
    addPersona(server, ada, { tags: ['sea', 'b c', 'sea'] })
    addPersona(server, ada, { tags: ['Ärger', 'sea', '1'] })
    addPersona(server, ada)
    addPersona(server, await server.idOf('bob'), { tags: ['foreign'] })
    expect((await server.as('ada')('GET', `${path}/tags/`)).body).toEqual({ tags: ['1', 'b c', 'sea', 'Ärger'] })
    expect(await server.call('GET', `${path}/tags`)).toMatchObject(notAuthenticated)
  })
})

describe('10,000 personas of one user', () => {
  test('200: every page and filter comes quickly', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    inTransaction(server.deps.db, () => {
      for (let index = 0; index < 10_000; index++) {
        const tags = index % 2 ? ['odd', `t${index % 100}`] : ['even']
        const systemPrompt = `You are number ${index}. ${'Be kind. '.repeat(200)}`
        addPersona(server, ada, { name: `Persona ${index}`, systemPrompt, tags, updatedAt: index })
      }
    })
    for (const [query, count, total] of [
      ['', 100, 10_000],
      ['page=625&pageSize=16', 16, 10_000],
      ['skip=9995&limit=100', 5, 10_000],
      ['search=NUMBER+77.', 1, 1],
      ['search=nowhere', 0, 0],
      ['search=kind&skip=20000', 0, 10_000],
      ['tags=odd&skip=4990&limit=20', 10, 5000],
      ['tags=odd&skip=5000', 0, 5000],
      ['skip=10000', 0, 10_000],
      ['tags=odd,t77', 100, 100],
      ['is_active=true&page=625&pageSize=16', 16, 10_000],
      ['search=kind&tags=odd&is_active=true', 100, 5000],
    ] as const) {
      const startedAt = performance.now()
      const { body } = await server.as('ada')('GET', `${path}?${query}`)
      expect([body.personas.length, body.total_items]).toEqual([count, total])
      // Generous for a busy machine; the slowest takes some ten milliseconds.
      expect(performance.now() - startedAt).toBeLessThan(1000)
    }
    expect((await server.as('ada')('GET', `${path}/tags`)).body.tags).toHaveLength(52)
    expect(await server.as('ada')('POST', path, { name: 'x', system_prompt: 'x' })).toMatchObject({ status: 400 })
  })
})

describe('a search through megabytes', () => {
  test('200: lets others have their turn, finds all of it, and keeps the order', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const { sqlite } = server.database
    const insert = sqlite.query(
      `INSERT INTO personas (id, user_id, name, system_prompt, is_active, created_at, updated_at, search_text) VALUES (?, ?, ?, 'p', 1, 0, ?, ?)`,
    )
    sqlite.transaction(() => {
      for (let index = 0; index < 240; index++) {
        // What a search has to try at each place, without finding it.
        insert.run(`id${index}`, ada, `${index}`, index, `${'a'.repeat(100_000)}${index % 24 === 0 ? 'b' : ''}`)
      }
    })()
    const search = `${'a'.repeat(499)}b`
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const all = await server.as('ada')('GET', `${path}?search=${search}`)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
    const found = names(all.body)
    expect(found).toEqual(Array.from({ length: 10 }, (_, index) => `${(9 - index) * 24}`))
    const page = await server.as('ada')('GET', `${path}?search=${search}&page=2&pageSize=4`)
    expect(page.body).toMatchObject({ total_items: 10, total_pages: 3 })
    expect(names(page.body)).toEqual(found.slice(4, 8))
  })
})

describe('query plans', () => {
  test('lists come in order from the index of their owner; everything else is found by its key', async () => {
    await using server = testApp()
    const { db } = server.deps
    const ada = await server.idOf('ada')
    const id = addPersona(server, ada)
    const row = store.findPersona(db, ada, id)!
    const page = { skip: 0, limit: 20 }
    const { sqlite } = server.database
    const plans = await plansOfAsync(sqlite, async () => {
      await listPersonas(db, ada, { tags: [] }, page)
      await listPersonas(db, ada, { tags: [], isActive: true }, page)
      await listPersonas(db, ada, { search: 'a', tags: [], isActive: true }, page)
      listPersonaTags(db, ada)
    })
    const own = (index: string) => `SEARCH personas USING ${index} personas_list (user_id=?)`
    const starts = [
      own('COVERING INDEX'),
      own('INDEX'),
      own('COVERING INDEX'),
      'SEARCH personas USING INDEX sqlite_autoindex_personas_1 (id=?)',
      'SEARCH personas USING INDEX personas_list (user_id=? AND (updated_at,id)>(?,?) AND (updated_at,id)<(?,?))',
      own('COVERING INDEX'),
    ]
    expect(plans).toHaveLength(starts.length)
    for (const [index, start] of starts.entries()) expect(plans[index]).toStartWith(start)
    // Only the rows of one page and the tags are sorted; all else comes in the order of the index.
    const isSorted = (plan: string) => plan.includes('TEMP B-TREE FOR ORDER BY')
    expect(plans.map(isSorted)).toEqual([false, false, false, true, false, false])
    const others = plansOf(sqlite, () => {
      store.updatePersona(db, row)
      store.readUsage(db, ada)
      store.deletePersona(db, ada, id)
    })
    expect(others).toHaveLength(3)
    for (const plan of others) expect(plan).toStartWith('SEARCH personas USING')
    const [detached] = plansOf(sqlite, () => store.detachSomeConversations(db, ada, id))
    expect(detached).toContain('SEARCH conversations USING INDEX conversations_persona_updated (persona_id=?)')
    expect(detached).not.toMatch(/SCAN|TEMP B-TREE FOR ORDER BY/)
  })

  test('a second list prepares nothing', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    const list = () => listPersonas(server.deps.db, ada, { search: 'x', tags: [] }, { skip: 0, limit: 1 })
    await list()
    expect(await plansOfAsync(server.database.sqlite, list)).toEqual([])
  })
})
