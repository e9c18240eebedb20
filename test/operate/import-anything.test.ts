import { expect, test } from 'bun:test'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { hex } from '../support/old-household.ts'
import { ada, dashed, encryptOld, oldInstallation, oldUser } from '../support/old-installation.ts'
import { testApp } from '../support/test-app.ts'

/** The same numbers on every run. */
const createRandom = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

const cells = [
  null,
  '',
  ' ',
  0,
  1,
  -1,
  2.5,
  1e300,
  9_007_199_254_740_992,
  'null',
  'true',
  'x',
  '👩‍💻',
  'a\u0000b',
  '\ud800',
  '../../etc/passwd',
  '{}',
  '[]',
  '{"a":1}',
  '["a"]',
  '"{}"',
  '{broken',
  '{"__proto__":{"x":1}}',
  '[[[[[[]]]]]]',
  '['.repeat(1000),
  'NaN',
  '1',
  'admin',
  new Uint8Array([0, 255, 1]),
  new Uint8Array(),
  Buffer.from('{"b":2}'),
  'y'.repeat(5000),
  '__proto__',
  'constructor',
  'current',
  'system',
  '2025-01-02 03:04:05',
  '2025-01-02 03:04:05.123456',
  '9999-12-31 23:59:59',
  '-0001-01-01',
  '2025-02-30 00:00:00',
  'user',
  'USER',
  'queued',
  'completed',
  'gzip',
  encryptOld('secret'),
  `${encryptOld('secret').slice(0, -8)}AAAAAAA=`,
  '/a/',
  'javascript:alert(1)',
  "'; DROP TABLE users; --",
] as const

const likely = [ada, dashed(ada), ada.toUpperCase(), ...['1', '2', '3'].flatMap((one) => [hex(one), dashed(hex(one))])]

const lists = [
  '/pages',
  '/navigation-routes',
  '/navigation-routes/tree',
  '/components',
  '/personas',
  '/users/current/conversations',
  '/users/current/tags',
  '/settings/definitions',
  '/settings/instances?scope=user&user_id=current',
  '/settings/instances?scope=system',
  '/plugins/manifest',
  '/plugins/manifest/designer',
  '/plugins/manager',
  '/plugin-state',
  '/jobs',
  '/ai/providers/catalog',
  '/auth/me',
  '/diagnostics',
]

test.each([1, 2, 3])(
  'whatever stands in the cells, it is imported or told, twice the same, and can be listed (%i)',
  async (seed) => {
    await using server = testApp()
    using old = oldInstallation()
    const random = createRandom(seed)
    const pick = <T>(from: readonly T[]) => from[random(from.length)] as T
    old.insert('users', oldUser(ada, 'ada'))
    const tables = old.sqlite
      .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'users'")
      .all()
    old.sqlite.run('BEGIN')
    for (const { name } of tables) {
      const columns = old.sqlite
        .query<{ name: string }, [string]>('SELECT name FROM pragma_table_info(?)')
        .all(name)
        .map((one) => one.name)
      // Without the constraints, which older versions did not all have.
      old.sqlite.run(`DROP TABLE "${name}"`)
      old.sqlite.run(`CREATE TABLE "${name}" (${columns.map((one) => `"${one}"`).join(', ')})`)
      for (let count = 0; count < 60; count++) {
        const cell = (column: string) => (column.endsWith('id') && random(10) < 8 ? pick(likely) : pick(cells))
        old.insert(name, Object.fromEntries(columns.map((column) => [column, cell(column)])))
      }
    }
    old.sqlite.run('COMMIT')

    const { tables: counts } = await importOld(server, old, { skipUnreadable: true })
    const all = () =>
      counts
        .map(({ table }) => table)
        .filter(
          (table) => server.database.sqlite.query('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== null,
        )
    const before = all().map((table) => rowsOf(server, table))
    for (const { table, read, imported, alreadyThere, dropped } of counts)
      expect([table, imported + alreadyThere + dropped]).toEqual([table, read])
    expect(server.database.sqlite.query('PRAGMA foreign_key_check').all()).toEqual([])
    await importOld(server, old, { skipUnreadable: true })
    expect(all().map((table) => rowsOf(server, table))).toEqual(before)

    const { call } = await signInOld(server, 'ada@home.local')
    for (const path of lists) {
      const { status } = await call('GET', `/api/v1${path}`)
      expect([path, status < 500]).toEqual([path, true])
    }
    for (const [table, route] of Object.entries({
      pages: 'pages',
      conversations: 'conversations',
      personas: 'personas',
      jobs: 'jobs',
      plugin_states: 'plugin-state',
      navigation_routes: 'navigation-routes',
    })) {
      for (const { id } of rowsOf(server, table)) {
        const { status } = await call('GET', `/api/v1/${route}/${encodeURIComponent(id)}`)
        expect([table, id, status < 500]).toEqual([table, id, true])
      }
    }
    for (const { id } of rowsOf(server, 'conversations'))
      expect((await call('GET', `/api/v1/conversations/${encodeURIComponent(id)}/with-messages`)).status).toBeLessThan(
        500,
      )
    expect(server.logged()).not.toContain('"level":"error"')
  },
  60_000,
)
