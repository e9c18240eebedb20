import { expect, test } from 'bun:test'
import { createOldValueReader } from '../../src/operate/import/source/old-settings-value.ts'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { hex } from '../support/old-household.ts'
import { ada, bob, dashed, encryptOld, oldInstallation, oldMasterKey, oldUser } from '../support/old-installation.ts'
import { testApp } from '../support/test-app.ts'

/** Written down in the contract, and checked there against the backend itself. */
const vectors: [key: string, cell: string, value: unknown][] = [
  [
    oldMasterKey,
    'AAECAwQFBgcICQoLAEUKCjHmvwZE997yiYL5R43/PjHHzGY8ABdbnl1nEmcjwlgISlQzcIrs2VvCPAFB/qTOws3bGCjbivxUKWCw+zuNlPvZM0Nxah6IPg==',
    { servers: [{ id: 's1', apiKey: 'sk-é' }] },
  ],
  [
    '0123456789abcdef0123456789abcdef',
    'biqGcYeVQQ+UZhAb/6q1Wpn71p8aga0uL/h2pbM+2yQgSpG/mZw6yKYcQKE1p/Kp3+2e/BLrzV9cgnUHdd3KwsAaKtEhGl0aigjW37T2+cHHPfRG1M4Nw2thv//yzdNSoA==',
    { apiKey: 'sk-or-v1-test', enabled: true, n: 'é' },
  ],
  ['0123456789abcdef0123456789abcdef', 'pOK3bZU2cAcK2NJShe0wKPwKbmNjUPzn8EO8eunKhqjAaAHGsqyZUYSahNwmC1J7hDrs', 'x'],
]

test('values that the backend encrypted open', () => {
  for (const [key, cell, value] of vectors) {
    expect(createOldValueReader([key])(cell)).toEqual({ value })
    expect(createOldValueReader(['wrong', key])(` ${cell}\n`)).toEqual({ value })
    expect(createOldValueReader(['wrong'])(cell)).toBeUndefined()
  }
})

const nested = JSON.stringify(JSON.stringify({ a: 1 }))

test.each([
  ['{"a":1}', { a: 1 }],
  [' [1, 2] ', [1, 2]],
  [nested, { a: 1 }],
  [JSON.stringify(nested), { a: 1 }],
  ['"{"a":1}"', { a: 1 }],
  ['"text"', 'text'],
  ['sk-bare-key', 'sk-bare-key'],
  ['True', true],
  ['None', null],
  ['3.5', 3.5],
  ['{broken', '{broken'],
  ['{"a": NaN, "b": "NaN"}', { a: null, b: 'NaN' }],
  ['AAAA', 'AAAA'],
  ['', ''],
])('%p in clear is read', (cell, value) => {
  expect(createOldValueReader([])(cell)).toEqual({ value })
})

const instance = (id: string, more: Record<string, string | null> = {}) => ({
  id,
  definition_id: 'theme_settings',
  name: id,
  value: '{"theme":"dark"}',
  scope: 'user',
  user_id: ada,
  ...more,
})

test('instances: one of each kind, the newest; scopes in any case; those of nobody are told', async () => {
  await using server = testApp()
  using old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'), oldUser(bob, 'bob'))
  old.insert('pages', { id: hex('1'), name: 'P', route: 'p', content: '{}', creator_id: bob })
  old.insert(
    'settings_instances',
    instance('old', { updated_at: '2025-01-01 00:00:00' }),
    instance('newest', {
      scope: 'USER',
      updated_at: '2025-03-01 00:00:00.5',
      user_id: dashed(ada),
      value: encryptOld('{"theme":"light"}'),
    }),
    instance('never changed', { created_at: '2025-02-01 00:00:00' }),
    instance('system', { scope: 'SYSTEM', value: 'True' }),
    instance('system too', { scope: 'system', user_id: null, created_at: '2020-01-01 00:00:00' }),
    instance('page', { scope: 'page', page_id: dashed(hex('1')), user_id: null }),
    instance('user page', { scope: 'user_page', page_id: hex('1') }),
    instance('free page', { scope: 'page', page_id: 'home' }),
    instance('lost page', { scope: 'page', page_id: hex('2') }),
    instance('no page', { scope: 'page' }),
    instance('current', { user_id: 'current' }),
    instance('nobody', { user_id: null }),
    instance('gone', { user_id: hex('f') }),
    instance('odd', { scope: 'galaxy' }),
    instance('new kind', { definition_id: 'unheard_of', value: null }),
    instance('masked', {
      definition_id: 'openai_api_keys_settings',
      value: '{"api_key":"sk-0123...wxyz","_has_key":true}',
    }),
    instance('start', {
      definition_id: 'general_settings',
      value: JSON.stringify({ settings: [{ Setting_Name: 'default_page', Setting_Data: hex('1') }] }),
    }),
  )
  const report = await importOld(server, old)
  expect(
    rowsOf(server, 'settings_instances')
      .map(({ id, scope, user_id, page_id }) => [id, scope, user_id, page_id])
      .toSorted(),
  ).toEqual(
    [
      ['newest', 'user', ada, null],
      ['system', 'system', null, null],
      ['page', 'page', bob, hex('1')],
      ['user page', 'user_page', ada, hex('1')],
      ['free page', 'page', ada, 'home'],
      ['new kind', 'user', ada, null],
      ['masked', 'user', ada, null],
      ['start', 'user', ada, null],
    ].toSorted(),
  )
  const told = report.findings.filter(({ table }) => table === 'settings_instances')
  expect(Object.fromEntries(told.map(({ kind, reason, ids }) => [`${kind}: ${reason}`, ids.toSorted()]))).toEqual({
    'dropped: there is a newer one, or one that was here before': ['never changed', 'old', 'system too'],
    'dropped: its page was not imported': ['lost page'],
    'dropped: it is of a page, but names none': ['no page'],
    'dropped: its user does not exist': ['current', 'gone'],
    'dropped: it belongs to nobody': ['nobody'],
    'dropped: its scope is unknown': ['odd'],
    'changed: nothing defined it: a definition was made': expect.arrayContaining(['new kind']),
    'warning: a mask was saved over its API key: enter the key again': ['masked'],
  })
  const { call } = await signInOld(server, 'ada@home.local')
  const valueOf = async (id: string) =>
    (await call('GET', `/api/v1/settings/instances/${encodeURIComponent(id)}`)).body.value
  expect(await valueOf('newest')).toEqual({ theme: 'light' })
  expect(await valueOf('system')).toBe(true)
  expect(await valueOf('new kind')).toBeNull()
  expect(await valueOf('start')).toMatchObject({ settings: [{ Setting_Data: dashed(hex('1')) }] })
})

test('definitions: defaults that were the value of one user are emptied, those of the program stay', async () => {
  await using server = testApp()
  using old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'))
  const definition = (id: string, more: Record<string, string | null> = {}) => ({
    id,
    name: id,
    category: 'auto_generated',
    type: 'object',
    description: `Auto-generated definition for ${id}`,
    default_value: '{"secret":"of ada"}',
    allowed_scopes: '["user"]',
    ...more,
  })
  old.insert(
    'settings_definitions',
    definition('somebodys'),
    definition('theme_settings'),
    definition('groq_api_keys_settings', { description: null, category: 'LLM' }),
    definition('of_plugin', {
      description: 'Says what it is',
      allowed_scopes: 'nonsense',
      validation: '[]',
      tags: 'null',
    }),
  )
  await importOld(server, old)
  expect(rowsOf(server, 'settings_definitions')).toMatchObject([
    { id: 'somebodys', default_value: null },
    { id: 'theme_settings', default_value: '{"secret":"of ada"}' },
    { id: 'groq_api_keys_settings', default_value: null },
    { id: 'of_plugin', default_value: '{"secret":"of ada"}', allowed_scopes: '["user"]', validation: null, tags: '[]' },
  ])
  const { call } = await signInOld(server, 'ada@home.local')
  expect((await call('GET', '/api/v1/settings/definitions')).status).toBe(200)
})
