import { describe, expect, test } from 'bun:test'
import { testApp } from '../support/test-app.ts'

const account = { username: 'ada', email: 'ada@home.test', password: 'password of ada' }
const ownTables = ['settings_instances', 'components', 'navigation_routes', 'pages']

type Server = ReturnType<typeof testApp>

const rowsOf = ({ database }: Server) =>
  Object.fromEntries(
    ownTables.map((table) => [table, database.sqlite.query(`select * from ${table} order by id`).all()]),
  )

const readDefaultPage = async (server: Server): Promise<string> => {
  const query = 'definition_id=general_settings&scope=user&user_id=current'
  const { body } = await server.as('ada')('GET', `/api/v1/settings/instances?${query}`)
  return body[0].value.settings[0].Setting_Data
}

describe('a new account', () => {
  test('has settings, components, navigation and the page AI Chat, which opens after signing in', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    const { pages, total } = (await ada('GET', '/api/v1/pages')).body
    expect(total).toBe(1)
    expect(pages[0]).toMatchObject({ name: 'AI Chat', is_published: true, content: { modules: {} } })
    expect(await readDefaultPage(server)).toBe(pages[0].id)
    expect((await ada('GET', `/api/v1/pages/route/${pages[0].route}`)).body).toMatchObject({ id: pages[0].id })

    const components = (await ada('GET', '/api/v1/components')).body
    expect(components.map((one: { component_id: string }) => one.component_id).toSorted()).toEqual([
      'dashboard',
      'plugin-manager',
      'plugin-studio',
      'settings',
    ])
    const [root] = (await ada('GET', '/api/v1/navigation-routes/tree')).body
    expect(root).toMatchObject({
      name: 'Your BrainDrive',
      route: 'dashboard',
      is_system_route: true,
      is_collapsible: true,
    })
    expect(root.children.map((child: { route: string }) => child.route)).toEqual([
      'settings',
      'personas',
      'plugin-manager',
      'plugin-studio',
    ])
    expect((await ada('GET', '/api/v1/settings/instances?scope=user&user_id=current')).body).toHaveLength(7)
    expect((await ada('GET', '/api/v1/personas')).body.personas).toEqual([])
  })

  test('is made whole or not at all', async () => {
    await using server = testApp()
    server.database.sqlite.run(`create trigger fail before insert on pages begin select raise(abort, 'no'); end`)
    expect((await server.call('POST', '/api/v1/auth/register', account)).status).toBe(500)
    for (const table of [...ownTables, 'users']) {
      expect(server.database.sqlite.query(`select count(*) from ${table}`).values()).toEqual([[0]])
    }
    server.database.sqlite.run('drop trigger fail')
    expect((await server.call('POST', '/api/v1/auth/register', account)).status).toBe(200)
  })

  test('two accounts have the same, each its own', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    await server.tokenOf('eve')
    for (const [table, owner] of [
      ['pages', 'creator_id'],
      ['navigation_routes', 'creator_id'],
      ['components', 'user_id'],
    ]) {
      const counts = server.database.sqlite.query(`select count(*) from ${table} group by ${owner}`).values()
      expect(counts).toHaveLength(2)
      expect(counts[0]).toEqual(counts[1] ?? [])
    }
  })
})

describe('a login', () => {
  test('changes nothing in a complete account', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    const before = rowsOf(server)
    server.clock.now += 60_000
    expect((await server.call('POST', '/api/v1/auth/login', account)).status).toBe(200)
    expect(rowsOf(server)).toEqual(before)
  })

  test('adds what an account lacks', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    const { sqlite } = server.database
    sqlite.run('delete from pages')
    sqlite.run(`delete from components where component_id = 'settings'`)
    sqlite.run(`delete from navigation_routes where route in ('personas', 'dashboard')`)
    sqlite.run(`delete from settings_instances where definition_id in ('theme_settings', 'general_settings')`)
    await server.call('POST', '/api/v1/auth/login', account)
    const counts = ownTables.map((table) => sqlite.query(`select count(*) from ${table}`).values()[0]?.[0])
    expect(counts).toEqual([7, 4, 5, 1])
    const [page] = (await server.as('ada')('GET', '/api/v1/pages')).body.pages
    expect(await readDefaultPage(server)).toBe(page.id)
  })

  test('opens the new page where general settings name the dashboard, and leaves all else in them', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    const { sqlite } = server.database
    const save = async (value: unknown) => {
      const body = { definition_id: 'general_settings', name: 'General', scope: 'user', user_id: 'current', value }
      expect((await ada('POST', '/api/v1/settings/instances', body)).status).toBe(200)
    }
    const logIn = async () => {
      await server.call('POST', '/api/v1/auth/login', account)
      const [page] = (await ada('GET', '/api/v1/pages')).body.pages
      const query = 'definition_id=general_settings&scope=user&user_id=current'
      return { page, value: (await ada('GET', `/api/v1/settings/instances?${query}`)).body[0].value }
    }
    const other = { Setting_Name: 'other', Setting_Data: 'Dashboard' }
    const opens = (page: string) => ({
      mine: 1,
      settings: [other, { Setting_Name: 'default_page', Setting_Data: page, Setting_Help: 'h' }],
    })
    await save(opens('Dashboard'))
    // With a page, the dashboard is what the user chose.
    expect((await logIn()).value).toEqual(opens('Dashboard'))
    sqlite.run('delete from pages')
    const first = await logIn()
    expect(first.value).toEqual(opens(first.page.id))
    for (const value of [opens('elsewhere'), { settings: 'none' }, { settings: [null, 'Dashboard'] }, {}, null]) {
      await save(value)
      sqlite.run('delete from pages')
      expect((await logIn()).value).toEqual(value)
    }
    await save(JSON.stringify(opens('Dashboard')))
    sqlite.run('delete from pages')
    const last = await logIn()
    expect(last.value).toEqual(opens(last.page.id))
  })

  test('brings nothing back that the user replaced', async () => {
    await using server = testApp()
    const ada = server.as('ada')
    const [first] = (await ada('GET', '/api/v1/pages')).body.pages
    await ada('POST', '/api/v1/pages', { name: 'Mine', route: 'mine', content: {} })
    await ada('DELETE', `/api/v1/pages/${first.id}`)
    await server.call('POST', '/api/v1/auth/login', account)
    const { pages } = (await ada('GET', '/api/v1/pages')).body
    expect(pages.map((page: { name: string }) => page.name)).toEqual(['Mine'])
  })

  test('succeeds although the account cannot be completed', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    server.database.sqlite.run('delete from components')
    server.database.sqlite.run(`create trigger fail before insert on components begin select raise(abort, 'no'); end`)
    expect((await server.call('POST', '/api/v1/auth/login', account)).status).toBe(200)
    expect(server.logged()).toContain('account could not be completed')
  })
})
