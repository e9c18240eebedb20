import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { listGoingSettings, listPluginSettings } from '../../src/areas/plugins/plugin-settings.store.ts'
import { countDefinitionsBroughtBy } from '../../src/areas/settings/definitions.store.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { pluginRows } from '../support/plugin-installs.ts'
import { pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm } from '../support/plugin-source.ts'
import { plansOf } from '../support/query-plans.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/plugins'

interface Setting {
  id: string
  name?: string
  default_value?: unknown
  remove_instance_on_uninstall?: boolean
}

const install = (server: TestServer, user: string, slug: string, settings: Setting[]) =>
  postForm(server, user, {
    method: 'upload',
    file: archiveFile(zipOf(pluginPackage({ slug, manifest: { settings } })), 'a.zip'),
  })
const uninstall = async (server: TestServer, user: string, slug: string) =>
  (await server.as(user)('DELETE', `${base}/${slug}/uninstall`)).status
const valuesOf = async (server: TestServer, user: string, id: string) =>
  (await server.as(user)('GET', `/api/v1/settings/instances?definition_id=${id}&scope=user`)).body.map(
    ({ value }: { value: unknown }) => value,
  )
const definitionOf = (server: TestServer, id: string) =>
  server.database.sqlite
    .query<Record<string, unknown>, [string]>('SELECT * FROM settings_definitions WHERE id = ?')
    .get(id)

const going = (default_value: unknown): Setting[] => [
  { id: 'shared_settings', default_value, remove_instance_on_uninstall: true },
]

describe('an uninstallation', () => {
  test('takes along what was made for the plugin', async () => {
    await using server = testApp()
    await install(server, 'ada', 'One', going(1))
    await install(server, 'bob', 'One', going(1))
    expect(await uninstall(server, 'ada', 'One')).toBe(200)
    expect([
      await valuesOf(server, 'ada', 'shared_settings'),
      await valuesOf(server, 'bob', 'shared_settings'),
    ]).toEqual([[], [1]])
  })

  test('leaves what another plugin of the user came with, whichever goes first', async () => {
    await using server = testApp()
    for (const [user, first, second] of [
      ['ada', 'One', 'Two'],
      ['bob', 'Two', 'One'],
    ] as const) {
      expect((await install(server, user, 'One', going(1))).status).toBe(200)
      expect((await install(server, user, 'Two', going(2))).status).toBe(200)
      expect(await uninstall(server, user, first)).toBe(200)
      expect(await valuesOf(server, user, 'shared_settings')).toEqual([1])
      expect(await uninstall(server, user, second)).toBe(200)
    }
    // The one that made it went last, or while the other needed it.
    expect(await valuesOf(server, 'bob', 'shared_settings')).toEqual([])
    expect(await valuesOf(server, 'ada', 'shared_settings')).toEqual([1])
  })

  test('leaves what the user had before', async () => {
    await using server = testApp()
    const instance = { definition_id: 'shared_settings', name: 'Mine', value: 'mine', scope: 'user' }
    expect((await server.as('ada')('POST', '/api/v1/settings/instances', instance)).status).toBe(200)
    await install(server, 'ada', 'One', going(1))
    expect(await uninstall(server, 'ada', 'One')).toBe(200)
    expect(await valuesOf(server, 'ada', 'shared_settings')).toEqual(['mine'])
  })

  test('of one that says it has the keys of a provider leaves them', async () => {
    await using server = testApp()
    const settings = [
      { id: 'openai_api_keys_settings', default_value: {}, remove_instance_on_uninstall: true },
      { id: 'ollama_servers_settings', remove_instance_on_uninstall: true },
    ]
    await install(server, 'ada', 'Thief', settings)
    expect(await uninstall(server, 'ada', 'Thief')).toBe(200)
    for (const { id } of settings) expect(await valuesOf(server, 'ada', id)).toHaveLength(1)
  })

  test.skipIf(!hasGit)('knows after an update what was made at first, and what is meant to go now', async () => {
    await using folder = await tempFolder()
    const publish = async (version: string, settings: Setting[]) => {
      await makeRepository(join(folder.path, 'lamp'), pluginPackage({ version, manifest: { settings } }))
      await git(join(folder.path, 'lamp'), 'tag', `v${version}`)
    }
    await publish('1.0.0', [{ id: 'first' }, { id: 'gone', remove_instance_on_uninstall: true }])
    await using gits = gitServer(folder.path)
    await using server = testApp({ env: { PRIVATE_HOSTS: gits.host } })
    const ada = server.as('ada')
    await ada('POST', `${base}/install-from-url`, { repo_url: `${gits.url}/lamp` })
    await publish('2.0.0', [
      { id: 'first', remove_instance_on_uninstall: true },
      { id: 'second', remove_instance_on_uninstall: true },
    ])
    expect((await ada('POST', `${base}/Lamp/update`)).status).toBe(200)
    expect(await uninstall(server, 'ada', 'Lamp')).toBe(200)
    const left = await Promise.all(['first', 'second', 'gone'].map((id) => valuesOf(server, 'ada', id)))
    expect(left.map(({ length }) => length)).toEqual([0, 0, 1])
  })

  test('finds the settings by an index', async () => {
    await using server = testApp()
    const { db } = server.deps
    const plans = plansOf(server.database.sqlite, () => {
      listPluginSettings(db, 'a', 'b')
      listGoingSettings(db, 'a', 'b')
      countDefinitionsBroughtBy(db, 'a')
    })
    expect(plans).toHaveLength(3)
    for (const plan of plans) expect(plan).not.toContain('SCAN')
  })
})

const known = 'braindrive_chat_with_documents_settings'

describe('a known definition', () => {
  test('cannot be made by another plugin, nor written anew by one under the right slug', async () => {
    await using server = testApp()
    const squat = [{ id: known, name: 'Squat', default_value: { DOCUMENT_PROCESSOR_API_URL: 'https://evil.test' } }]
    expect((await install(server, 'eve', 'Squatter', squat)).status).toBe(200)
    expect(definitionOf(server, known)).toBeNull()
    expect(await valuesOf(server, 'eve', known)).toEqual([])
    expect((await install(server, 'eve', 'BrainDriveChatWithDocs', squat)).status).toBe(200)
    expect(definitionOf(server, known)).toMatchObject({
      name: 'Chat with Document Processor Settings',
      brought_by: null,
    })
    expect(JSON.stringify(definitionOf(server, known))).not.toContain('evil')
    expect((await install(server, 'ada', 'BrainDriveChatWithDocs', [])).status).toBe(200)
    expect(JSON.stringify(await valuesOf(server, 'ada', known))).not.toContain('evil')
  })

  test('takes the place of the bare one of whoever saved a value first', async () => {
    await using server = testApp()
    const instance = { definition_id: known, name: 'Squat', value: { mine: true }, scope: 'user' }
    expect((await server.as('eve')('POST', '/api/v1/settings/instances', instance)).status).toBe(200)
    expect(definitionOf(server, known)).toMatchObject({ name: 'Squat' })
    expect((await install(server, 'ada', 'BrainDriveChatWithDocs', [])).status).toBe(200)
    expect(definitionOf(server, known)).toMatchObject({ name: 'Chat with Document Processor Settings' })
    expect(await valuesOf(server, 'eve', known)).toEqual([{ mine: true }])
    expect(await uninstall(server, 'ada', 'BrainDriveChatWithDocs')).toBe(200)
    expect(await valuesOf(server, 'ada', known)).toEqual([])
  })

  test('that an administrator changed stays', async () => {
    await using server = testApp()
    const root = server.as('root')
    await install(server, 'root', 'BrainDriveChatWithDocs', [])
    expect((await root('PATCH', `/api/v1/settings/definitions/${known}`, { name: 'Documents' })).status).toBe(200)
    await install(server, 'ada', 'BrainDriveChatWithDocs', [])
    expect(definitionOf(server, known)).toMatchObject({ name: 'Documents' })
  })
})

describe('definitions that plugins bring along', () => {
  const many = (prefix: string, count: number): Setting[] =>
    Array.from({ length: count }, (_, index) => ({ id: `${prefix}_${index}`, default_value: index }))

  test('at most 100 for each user, also of plugins that are gone; then bare ones, with the instance', async () => {
    await using server = testApp()
    for (const slug of ['One', 'Two']) {
      expect((await install(server, 'eve', slug, many(slug, 50))).status).toBe(200)
      expect(await uninstall(server, 'eve', slug)).toBe(200)
    }
    expect((await install(server, 'eve', 'Three', many('Three', 50))).status).toBe(200)
    expect(definitionOf(server, 'Three_7')).toMatchObject({
      description: 'Auto-generated definition for Three_7',
      default_value: null,
      brought_by: null,
    })
    expect(await valuesOf(server, 'eve', 'Three_7')).toEqual([7])
    expect(countDefinitionsBroughtBy(server.deps.db, await server.idOf('eve'))).toBe(100)
    expect((await install(server, 'ada', 'Three', many('Own', 50))).status).toBe(200)
    expect(definitionOf(server, 'Own_7')).toMatchObject({ default_value: '7', brought_by: await server.idOf('ada') })
  })

  test('400: bare ones have an end as well', async () => {
    await using server = testApp()
    for (const slug of ['A', 'B', 'C', 'D', 'E', 'F']) {
      expect((await install(server, 'eve', slug, many(slug, 50))).status).toBe(200)
    }
    const refused = await install(server, 'eve', 'G', many('G', 50))
    expect(refused).toMatchObject({ status: 400, body: { detail: { details: { step: 'lifecycle_manager_install' } } } })
    expect(pluginRows(server.database).map((row) => row.plugin_slug)).not.toContain('G')
    expect(definitionOf(server, 'G_0')).toBeNull()
  })

  test('stay when the account goes', async () => {
    await using server = testApp()
    await server.tokenOf('root')
    await install(server, 'eve', 'One', many('One', 1))
    const eve = await server.idOf('eve')
    server.database.sqlite.run('DELETE FROM users WHERE id = ?', [eve])
    expect(definitionOf(server, 'One_0')).toMatchObject({ brought_by: null })
  })
})
