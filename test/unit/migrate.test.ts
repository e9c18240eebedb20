import type { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../src/db/client.ts'
import type { Migration } from '../../src/db/embed-migrations.ts'
import { isMigrated, migrate, migrations, SchemaError } from '../../src/db/migrate.ts'

const step = (tag: string, ...statements: string[]): Migration => ({
  tag,
  hash: `hash of ${statements.join()}`,
  statements,
})
const first = step('0000_first', 'CREATE TABLE a (id INTEGER PRIMARY KEY)', 'INSERT INTO a VALUES (1)')
const second = step('0001_second', 'CREATE TABLE b (a_id INTEGER REFERENCES a(id))', 'INSERT INTO b VALUES (1)')
const tables = (sqlite: Database) =>
  sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name)

describe('migrate', () => {
  test('applies what is missing, once', () => {
    const { sqlite } = openDatabase(':memory:')
    expect(migrate(sqlite, [first])).toEqual(['0000_first'])
    expect(migrate(sqlite, [first, second])).toEqual(['0001_second'])
    expect(migrate(sqlite, [first, second])).toEqual([])
    expect(tables(sqlite)).toEqual(['a', 'b', 'schema_migrations'])
  })

  test("the program's own schema is complete", () => {
    const { sqlite } = openDatabase(':memory:')
    expect(() => isMigrated(sqlite)).toThrow()
    expect(migrate(sqlite)).toEqual(migrations.map(({ tag }) => tag))
    expect(isMigrated(sqlite)).toBe(true)
    expect(tables(sqlite)).toEqual(expect.arrayContaining(['audit_logs', 'sessions', 'users']))
  })

  test('a newer schema is refused, in words for the person at the terminal', () => {
    const { sqlite } = openDatabase(':memory:')
    migrate(sqlite, [first, second])
    expect(() => migrate(sqlite, [first])).toThrow(SchemaError)
    expect(() => migrate(sqlite, [first])).toThrow(
      /newer version of BrainDrive Server .*2 steps.*knows 1.*restore a backup/s,
    )
    expect(tables(sqlite)).toEqual(['a', 'b', 'schema_migrations'])
  })

  test('an edited step is noticed', () => {
    const { sqlite } = openDatabase(':memory:')
    migrate(sqlite, [first])
    const edited = { ...first, hash: 'another' }
    expect(() => migrate(sqlite, [edited, second])).toThrow(/0000_first.*not the one that this program knows/)
    expect(tables(sqlite)).toEqual(['a', 'schema_migrations'])
    expect(isMigrated(sqlite)).toBe(false)
  })

  test('a failing step rolls back as a whole; those before it stay', () => {
    const { sqlite } = openDatabase(':memory:')
    const broken = step(
      '0001_broken',
      'CREATE TABLE b (id INTEGER)',
      'INSERT INTO a VALUES (2)',
      'INSERT INTO nowhere VALUES (1)',
    )
    expect(() => migrate(sqlite, [first, broken])).toThrow('nowhere')
    expect(tables(sqlite)).toEqual(['a', 'schema_migrations'])
    expect(sqlite.query('SELECT id FROM a').all()).toEqual([{ id: 1 }])
    expect(migrate(sqlite, [first, second])).toEqual(['0001_second'])
  })

  test('a step that leaves a dangling reference is rolled back', () => {
    const { sqlite } = openDatabase(':memory:')
    expect(() =>
      migrate(sqlite, [
        first,
        step('0001_dangling', 'CREATE TABLE b (a_id INTEGER REFERENCES a(id))', 'INSERT INTO b VALUES (7)'),
      ]),
    ).toThrow()
    expect(tables(sqlite)).toEqual(['a', 'schema_migrations'])
  })

  test('ids of pages get dashes, other names of pages stay; personas can be searched', () => {
    const { sqlite } = openDatabase(':memory:')
    migrate(sqlite, migrations.slice(0, 1))
    sqlite.run(
      `INSERT INTO users (id, username, email, email_key, password_hash, role, is_active, is_verified, version, created_at, updated_at)
       VALUES ('u', 'ada', 'a', 'a', '', 'member', 1, 0, '', 0, 0)`,
    )
    const uuid = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
    const other = 'an-id-with-36-characters-that-is-not'
    const pages: [stored: string | null, expected: string | null][] = [
      [uuid, uuid],
      [uuid.toUpperCase(), uuid],
      [uuid.replaceAll('-', ''), uuid],
      [uuid.replaceAll('-', '').toUpperCase(), uuid],
      [other, other],
      ['g'.repeat(32), 'g'.repeat(32)],
      [`${uuid.replaceAll('-', '')}----`, `${uuid.replaceAll('-', '')}----`],
      ['Über', 'Über'],
      ['', ''],
      [null, null],
    ]
    for (const [index, [stored]] of pages.entries()) {
      sqlite.run(
        `INSERT INTO conversations (id, user_id, page_id, conversation_type, created_at, updated_at) VALUES (?, 'u', ?, 'chat', 0, 0)`,
        [index, stored],
      )
    }
    for (const [id, description] of [
      ['p', null],
      ['q', 'Says ARR'],
    ]) {
      sqlite.run(
        `INSERT INTO personas (id, user_id, name, description, system_prompt, is_active, created_at, updated_at) VALUES (?, 'u', 'Pirate', ?, 'You Sail', 1, 0, 0)`,
        [id ?? '', description ?? null],
      )
    }
    migrate(sqlite)
    const stored = sqlite.query('SELECT page_id FROM conversations ORDER BY CAST(id AS INTEGER)').values()
    expect(stored).toEqual(pages.map(([, expected]) => [expected]))
    expect(sqlite.query('SELECT search_text FROM personas ORDER BY id').values()).toEqual([
      ['pirate\n\nyou sail'],
      ['pirate\nsays arr\nyou sail'],
    ])
  })

  test('a table that is made anew keeps its rows, and those that refer to it', () => {
    const { sqlite } = openDatabase(':memory:')
    migrate(sqlite, migrations.slice(0, 1))
    sqlite.run(
      `INSERT INTO users (id, username, email, email_key, password_hash, role, is_active, is_verified, version, created_at, updated_at)
       VALUES ('u', 'ada', 'a', 'a', '', 'member', 1, 0, '', 0, 0)`,
    )
    sqlite.run(
      `INSERT INTO conversations (id, user_id, title, conversation_type, created_at, updated_at)
       VALUES ('c', 'u', 'Über "Züge" 🚂', 'chat', 1767323045678, 1767323045999)`,
    )
    sqlite.run(
      `INSERT INTO messages (id, conversation_id, sender, message, state, created_at, updated_at)
       VALUES ('m', 'c', 'user', 'Hi', 'complete', 1, 1)`,
    )
    migrate(sqlite)
    expect(sqlite.query('SELECT id, conversation_id FROM messages').values()).toEqual([['m', 'c']])
    const [row] = sqlite.query<{ wire: string }, []>('SELECT wire FROM conversations').all()
    expect(JSON.parse(row?.wire ?? '')).toMatchObject({
      id: 'c',
      title: 'Über "Züge" 🚂',
      page_id: null,
      created_at: '2026-01-02T03:04:05.678Z',
      updated_at: '2026-01-02T03:04:05.999Z',
    })
    sqlite.run(`DELETE FROM users WHERE id = 'u'`)
    expect(sqlite.query('SELECT count(*) FROM messages').values()).toEqual([[0]])
  })
})
