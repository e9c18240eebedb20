import { expect, test } from 'bun:test'
import { importOld, rowsOf } from '../support/import-old.ts'
import { dashed, type OldRow, oldHash, oldInstallation } from '../support/old-installation.ts'
import { testApp } from '../support/test-app.ts'

type Cell = string | number | null

interface Mapping {
  source: string
  target: string
  /** Cells of the source, in the place of ones by their type. */
  cells?: Record<string, (index: number) => Cell>
  /** What is not imported, or on purpose otherwise. */
  without?: string[]
  /** Columns of another name. */
  named?: Record<string, string>
}

const rowsPerTable = 60
/** Users own the rows in turns. */
const users = 5

const idOf = (kind: number, index: number) => `${kind}`.padStart(2, '0') + index.toString(16).padStart(30, '0')
const userOf = (index: number) => idOf(1, index % users)
const either = (index: number, id: string) => (index % 2 ? dashed(id) : id)
const owner = (index: number) => either(index, userOf(index))
const object = (index: number) => JSON.stringify({ n: index, text: 'é⚓', nested: { list: [1, null] } })
const list = (index: number) => JSON.stringify([`t${index}`, 'é'])
const one =
  (...words: string[]) =>
  (index: number) =>
    words[index % words.length] ?? ''

const mappings: Mapping[] = [
  {
    source: 'users',
    target: 'users',
    cells: { id: (index) => either(index, idOf(1, index)), hashed_password: () => oldHash(), version: () => '1.2.3' },
    without: ['refresh_token', 'refresh_token_expires'],
    named: { hashed_password: 'password_hash' },
  },
  {
    source: 'settings_definitions',
    target: 'settings_definitions',
    cells: { default_value: object, allowed_scopes: () => '["user","page"]', validation: object, tags: list },
  },
  {
    source: 'navigation_routes',
    target: 'navigation_routes',
    cells: {
      id: (index) => either(index, idOf(3, index)),
      creator_id: owner,
      // Of the same user, sometimes after its child.
      parent_id: (index) => (index < users ? null : either(index + 1, idOf(3, index % users))),
      default_page_id: (index) => dashed(idOf(4, index)),
    },
    without: ['parent_id'],
  },
  {
    source: 'pages',
    target: 'pages',
    cells: {
      id: (index) => either(index, idOf(4, index)),
      creator_id: owner,
      content: object,
      content_backup: (index) => (index % 3 ? object(index) : null),
      navigation_route_id: (index) => either(index, idOf(3, index)),
      parent_route: () => null,
      parent_type: one('page', 'dashboard', 'navigation'),
    },
    without: ['content', 'content_backup'],
  },
  { source: 'components', target: 'components', cells: { id: (index) => idOf(5, index), user_id: owner } },
  {
    source: 'personas',
    target: 'personas',
    cells: { id: (index) => either(index, idOf(6, index)), user_id: owner, model_settings: object, tags: list },
  },
  {
    source: 'conversations',
    target: 'conversations',
    cells: {
      id: (index) => either(index, idOf(7, index)),
      user_id: owner,
      persona_id: (index) => either(index + 1, idOf(6, index)),
      page_id: (index) => dashed(idOf(4, index)),
      updated_at: () => '2026-01-01 00:00:00',
    },
  },
  {
    source: 'messages',
    target: 'messages',
    cells: {
      conversation_id: (index) => either(index, idOf(7, index % 7)),
      sender: one('user', 'llm', 'system'),
      message_metadata: object,
    },
  },
  { source: 'tags', target: 'tags', cells: { id: (index) => idOf(8, index), user_id: owner, color: () => '#12abEF' } },
  {
    source: 'plugin',
    target: 'plugins',
    cells: {
      id: (index) => `${owner(index)}_Plugin${index}`,
      user_id: owner,
      plugin_slug: (index) => `Plugin${index}`,
      version: (index) => `1.0.${index}`,
      type: one('frontend', 'backend', 'fullstack'),
      source_url: () => 'https://example.org/x',
      update_check_url: () => null,
      ...Object.fromEntries(['config_fields', 'messages'].map((name) => [name, object])),
      ...Object.fromEntries(
        ['dependencies', 'permissions', 'required_services_runtime', 'backend_dependencies'].map((name) => [
          name,
          list,
        ]),
      ),
    },
    without: ['last_update_check', 'update_available', 'latest_version'],
  },
  {
    source: 'module',
    target: 'plugin_modules',
    cells: {
      id: (index) => `${owner(index)}_Plugin${index}_M`,
      plugin_id: (index) => `${owner(index)}_Plugin${index}`,
      user_id: owner,
      ...Object.fromEntries(
        ['props', 'config_fields', 'messages', 'required_services', 'layout'].map((name) => [name, object]),
      ),
      ...Object.fromEntries(['dependencies', 'tags'].map((name) => [name, list])),
    },
  },
  {
    source: 'plugin_states',
    target: 'plugin_states',
    cells: {
      id: (index) => either(index, idOf(9, index)),
      user_id: owner,
      page_id: (index) => dashed(idOf(4, index)),
      state_data: object,
      state_strategy: one('none', 'session', 'persistent', 'custom'),
      compression_type: () => null,
      sync_status: one('synced', 'pending', 'conflict'),
    },
    without: ['state_data', 'state_size'],
  },
  {
    source: 'jobs',
    target: 'jobs',
    cells: {
      id: (index) => either(index, idOf(10, index)),
      user_id: owner,
      status: one('completed', 'failed', 'canceled'),
      payload: object,
      result: object,
      job_type: () => 'of.old',
      max_retries: () => 2,
    },
    without: ['config', 'workspace_id', 'parent_job_id', 'expires_at'],
  },
  {
    source: 'audit_logs',
    target: 'audit_logs',
    cells: {
      actor_type: one('user', 'anonymous', 'system'),
      status: one('success', 'failure'),
      extra_data: object,
      timestamp: () => '2025-01-01 00:00:00',
      created_at: () => '2025-01-01 00:00:00',
    },
    without: ['timestamp', 'updated_at'],
  },
]

const isTime = (type: string, name: string) => /DATE|TIMESTAMP/.test(type) || /^(created|updated)_at$/.test(name)

const cellOf = (name: string, type: string, index: number): Cell => {
  const seconds = `2025-0${1 + (index % 9)}-11 0${index % 10}:00:${10 + (index % 50)}`
  if (isTime(type, name)) return index % 2 ? seconds : `${seconds}.${100_000 + index}`
  if (type === 'BOOLEAN') return index % 2
  if (type === 'INTEGER') return 1 + (index % 90)
  return `${name} ${index} é⚓ "quoted" \n`.trim()
}

const plain = (id: unknown) => (typeof id === 'string' ? id.replaceAll('-', '') : id)

/** A cell of the source as the new database should have it. */
const expectedOf = (cell: Cell, name: string, type: string): unknown => {
  if (cell === null) return null
  if (isTime(type, name)) return Math.trunc(Date.parse(`${String(cell).replace(' ', 'T')}Z`))
  if (name.endsWith('id')) return plain(cell)
  return cell
}

const toValue = (cell: unknown): unknown => (typeof cell === 'string' && /^[[{]/.test(cell) ? JSON.parse(cell) : cell)

test('every cell of every row is there again', async () => {
  await using server = testApp()
  using old = oldInstallation()
  const columnsOf = (table: string) =>
    old.sqlite.query<{ name: string; type: string }, [string]>('SELECT name, type FROM pragma_table_info(?)').all(table)
  const sources = new Map<string, OldRow[]>()
  for (const { source, cells = {} } of mappings) {
    const count = source === 'users' ? users : rowsPerTable
    const rows = Array.from({ length: count }, (_, index): OldRow => {
      const filled = columnsOf(source).map(({ name, type }) => [
        name,
        cells[name]?.(index) ?? (name in cells ? null : cellOf(name, type, index)),
      ])
      return Object.fromEntries(filled) as OldRow
    })
    old.insert(source, ...rows)
    sources.set(source, rows)
  }
  const { tables, findings } = await importOld(server, old)
  expect(findings.filter(({ kind }) => kind !== 'warning')).toEqual([])
  for (const { source, target, without = [], named = {} } of mappings) {
    const rows = sources.get(source) ?? []
    expect(tables.find(({ table }) => table === source)).toMatchObject({ read: rows.length, imported: rows.length })
    const stored = new Map(rowsOf(server, target).map((row) => [plain(row.id), row]))
    const compared = columnsOf(source).filter(({ name }) => !without.includes(name))
    for (const row of rows) {
      const found = stored.get(plain(row['id']))
      const seen = compared.map(({ name }) => {
        const value = found?.[named[name] ?? name]
        return [name, toValue(name.endsWith('id') ? plain(value) : value)]
      })
      const wanted = compared.map(({ name, type }) => [name, toValue(expectedOf(row[name] as Cell, name, type))])
      expect([source, seen]).toEqual([source, wanted])
    }
  }
  const contents = new Map(rowsOf(server, 'page_contents').map((row) => [row.page_id, row]))
  for (const { id, content, content_backup } of sources.get('pages') ?? [])
    expect(contents.get(plain(id))).toMatchObject({
      content,
      content_backup,
      size: Buffer.byteLength(`${content as string}${(content_backup as string | null) ?? ''}`),
    })
  const routes = new Map(rowsOf(server, 'navigation_routes').map((row) => [row.id, row]))
  for (const { id, parent_id } of sources.get('navigation_routes') ?? [])
    expect(routes.get(plain(id)).parent_id).toBe(plain(parent_id))
}, 30_000)
