import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'bun:test'
import type { ImportReport } from '../../src/operate/import/import-report.ts'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { hex } from '../support/old-household.ts'
import { ada, bob, dashed, type OldRow, oldInstallation, oldUser } from '../support/old-installation.ts'
import { pluginPackage, writePackage } from '../support/plugin-packages.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { testApp } from '../support/test-app.ts'

const twoUsers = () => {
  const old = oldInstallation()
  old.insert('users', oldUser(ada, 'ada'), oldUser(bob, 'bob'))
  return old
}

const plugin = (slug: string, user_id = ada, more: OldRow = {}): OldRow => ({
  id: `${user_id}_${slug}`,
  plugin_slug: slug,
  name: slug,
  description: '',
  version: '1.0.0',
  scope: slug,
  bundle_location: 'dist/remoteEntry.js',
  user_id,
  ...more,
})

const said = ({ findings }: ImportReport, table: string) =>
  Object.fromEntries(
    findings.filter((one) => one.table === table).map(({ kind, reason, ids }) => [`${kind}: ${reason}`, ids]),
  )

test('files: each version once, in any spelling of its folder; what is missing, outside or too large stays out', async () => {
  await using server = testApp()
  using old = twoUsers()
  using elsewhere = temporaryFolder()
  const shared = join(old.plugins, 'shared')
  await writePackage(join(shared, 'Lamp', 'v1.0.0'), {
    ...pluginPackage(),
    'node_modules/x/index.js': 'left out',
    '.git/config': 'left out',
  })
  await writePackage(join(shared, 'Fan', 'vv1.2.0'), pluginPackage({ slug: 'Fan' }))
  await writePackage(elsewhere.path, { 'secret.txt': 'of the machine' })
  symlinkSync(join(elsewhere.path, 'secret.txt'), join(shared, 'Lamp', 'v1.0.0', 'leak.txt'))
  mkdirSync(join(shared, 'Thief'), { recursive: true })
  symlinkSync(elsewhere.path, join(shared, 'Thief', 'v1.0.0'))
  mkdirSync(join(shared, 'Empty', 'v1.0.0'), { recursive: true })
  mkdirSync(join(old.plugins, ada, '.metadata'), { recursive: true })
  writeFileSync(join(old.plugins, ada, '.metadata', `${ada}_Fan_local.json`), '{"source":"local-file"}')
  old.insert(
    'plugin',
    plugin('Lamp'),
    plugin('Lamp', bob),
    plugin('Fan', ada, {
      version: 'v1.2.0',
      bundle_location: './dist/remoteEntry.js',
      source_url: 'https://github.com/x/fan',
    }),
    plugin('Thief'),
    plugin('Empty'),
    plugin('Gone'),
    plugin('Climber', ada, { version: '../../Lamp/v1.0.0' }),
  )
  const report = await importOld(server, old, { plugins: old.plugins })
  const [lamp, lampOfBob, fan, ...others] = rowsOf(server, 'plugins')
  expect(lamp.content_hash).toMatch(/^[0-9a-f]{64}$/)
  expect(lampOfBob.content_hash).toBe(lamp.content_hash)
  expect(fan).toMatchObject({ version: '1.2.0', bundle_location: 'dist/remoteEntry.js', package_source: 'upload' })
  expect(others.map(({ content_hash }) => content_hash)).toEqual([null, null, null, null])
  expect(said(report, 'plugin')).toEqual({
    'warning: its files are not in the plugin folder: install it again': ['Thief', 'Gone', 'Climber'].map(
      (slug) => `${ada}_${slug}`,
    ),
    'warning: its folder is empty: install it again': [`${ada}_Empty`],
  })
  const get = async (path: string) => (await server.call('GET', `/api/v1/public/plugins/${ada}_${path}`)).status
  expect(await get('Lamp/dist/remoteEntry.js')).toBe(200)
  expect(await get('Fan/dist/remoteEntry.js')).toBe(200)
  for (const path of ['Lamp/leak.txt', 'Lamp/node_modules/x/index.js', 'Thief/secret.txt', 'Gone/dist/remoteEntry.js'])
    expect([path, await get(path)]).toEqual([path, 404])
})

test('rows: slugs that nothing may have, broken JSON, types and ids of old versions', async () => {
  await using server = testApp()
  using old = twoUsers()
  old.insert(
    'plugin',
    plugin('pluginA', ada, {
      id: 'pluginA',
      config_fields: '{broken',
      messages: '"{\\"a\\": 1}"',
      permissions: '{"not":"a list"}',
      type: 'magic',
    }),
    plugin('ai-prompt-chat', ada, { id: `${ada}_aipromptchat`, dependencies: 'null' }),
    plugin('Lamp', dashed(ada), { id: `${dashed(ada)}_Lamp` }),
    plugin('manifest'),
    plugin('__proto__'),
    plugin('a/b'),
    plugin('lost', hex('f')),
  )
  const module = (id: string, plugin_id: string, name: string, more: OldRow = {}) =>
    old.insert('module', { id, plugin_id, name, user_id: ada, ...more })
  module('m1', 'pluginA', 'One', { props: 'null', tags: '["x"]', layout: '[]' })
  module('m2', `${ada}_ai-prompt-chat`, 'Two')
  module('m3', `${dashed(ada)}_Lamp`, 'Three')
  module('m4', `${ada}_Lamp`, 'Three')
  module('m5', `${ada}_Lamp`, 'Five', { user_id: bob })
  module('m6', 'gone', 'Six')
  old.insert('plugin_service_runtime', {
    id: 's1',
    plugin_id: `${ada}_Lamp`,
    plugin_slug: 'Lamp',
    name: 'bulb',
    start_command: 'rm -rf /',
    user_id: ada,
    env_overrides: '{"API_KEY":"secret","PORT":"1"}',
    required_env_vars: '["PORT"]',
  })
  const report = await importOld(server, old)
  expect(rowsOf(server, 'plugins')).toMatchObject([
    {
      id: 'pluginA',
      config_fields: '{}',
      messages: '{"a":1}',
      permissions: '[]',
      type: 'frontend',
      package_source: 'register',
    },
    { id: `${ada}_aipromptchat`, plugin_slug: 'ai-prompt-chat' },
    { id: `${ada}_Lamp`, user_id: ada },
  ])
  expect(rowsOf(server, 'plugin_modules').map(({ id, plugin_id }) => [id, plugin_id])).toEqual([
    ['m1', 'pluginA'],
    ['m2', `${ada}_aipromptchat`],
    ['m3', `${ada}_Lamp`],
  ])
  expect(rowsOf(server, 'plugin_services')).toMatchObject([
    { name: 'bulb', env_overrides: '{"API_KEY":"[REDACTED]","PORT":"1"}' },
  ])
  expect(said(report, 'plugin')).toMatchObject({
    'dropped: its slug is not allowed': [`${ada}_manifest`, `${ada}___proto__`, `${ada}_a/b`],
    'dropped: its user does not exist': [`${hex('f')}_lost`],
    'changed: config_fields is no JSON: left empty': ['pluginA'],
    'changed: permissions is not what it should hold: left empty': ['pluginA'],
  })
  expect(said(report, 'module')).toEqual({
    'changed: layout is not what it should hold: left empty': ['m1'],
    'dropped: its plugin has another one of that name': ['m4'],
    "dropped: it belongs to another user's plugin": ['m5'],
    'dropped: its plugin was not imported': ['m6'],
  })
  const { call } = await signInOld(server, 'ada@home.local')
  expect(Object.keys((await call('GET', '/api/v1/plugins/manifest/designer')).body).toSorted()).toEqual([
    'Lamp',
    'ai-prompt-chat',
    'pluginA',
  ])
})

test('a setting that came with a plugin goes with it', async () => {
  await using server = testApp()
  using old = twoUsers()
  old.insert('plugin', plugin('BrainDriveOpenRouter'))
  old.insert('settings_instances', {
    id: `openrouter_settings_${ada}`,
    definition_id: 'openrouter_api_keys_settings',
    name: 'OpenRouter',
    value: '{"apiKey":""}',
    scope: 'user',
    user_id: ada,
  })
  await importOld(server, old)
  expect(rowsOf(server, 'plugin_settings')).toMatchObject([
    { definition_id: 'openrouter_api_keys_settings', made_instance: 1, goes_with_plugin: 1 },
  ])
  const { call } = await signInOld(server, 'ada@home.local')
  expect((await call('DELETE', '/api/v1/plugins/BrainDriveOpenRouter/uninstall')).status).toBe(200)
  expect((await call('GET', `/api/v1/settings/instances/openrouter_settings_${ada}`)).status).toBe(404)
})

test('plugin states: in clear or compressed, one for each key, with their history', async () => {
  await using server = testApp()
  using old = twoUsers()
  const long = { text: 'é'.repeat(2000) }
  const state = (id: string, state_data: string, more: OldRow = {}) =>
    old.insert('plugin_states', { id: dashed(hex(id)), user_id: ada, plugin_id: 'Lamp', state_data, ...more })
  state('1', '{"n":1}', { updated_at: '2025-01-01 00:00:00' })
  state('2', '{"n":2}', { updated_at: '2025-01-02 00:00:00', state_strategy: 'odd', sync_status: 'PENDING' })
  state('3', gzipSync(JSON.stringify(long)).toString('base64'), {
    state_key: 'long',
    compression_type: 'gzip',
    page_id: hex('9'),
    version: 7,
  })
  state('4', '[1]', { state_key: 'list' })
  state('5', 'H4sIbroken', { state_key: 'broken', compression_type: 'gzip' })
  state('6', '{}', { user_id: hex('f') })
  const change = (id: string, of: string, more: OldRow = {}) =>
    old.insert('plugin_state_history', {
      id: dashed(hex(id)),
      plugin_state_id: dashed(hex(of)),
      state_data: '{"old":1}',
      version: 1,
      change_type: 'create',
      ...more,
    })
  change('a', '3')
  change('b', '8')
  const report = await importOld(server, old)
  expect(
    rowsOf(server, 'plugin_states')
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([dashed(hex('2')), dashed(hex('3'))])
  expect(rowsOf(server, 'plugin_state_history')).toHaveLength(1)
  expect(said(report, 'plugin_states')).toEqual({
    'dropped: its state is no JSON object': expect.arrayContaining([dashed(hex('4')), dashed(hex('5'))]),
    'dropped: its user does not exist': [dashed(hex('6'))],
    'dropped: there is a newer one under its key, or one that was here before': [dashed(hex('1'))],
    'changed: state_strategy is an unknown word: persistent': [dashed(hex('2'))],
  })
  const { call } = await signInOld(server, 'ada@home.local')
  expect((await call('GET', `/api/v1/plugin-state/${hex('3')}`)).body).toMatchObject({
    state_data: long,
    page_id: dashed(hex('9')),
    version: 7,
  })
  expect((await call('GET', `/api/v1/plugin-state/${hex('2')}`)).body).toMatchObject({
    state_data: { n: 2 },
    sync_status: 'pending',
  })
})
