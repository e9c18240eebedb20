import { afterAll, describe, expect, test } from 'bun:test'
import { listModuleIds } from '../../src/areas/plugins/plugins.store.ts'
import { listModulesOfPlugin } from '../../src/areas/plugins/plugins-read.store.ts'
import { moduleRows, pluginRows, settledFolders } from '../support/plugin-installs.ts'
import { pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm, withReleases } from '../support/plugin-source.ts'
import { addPlugin } from '../support/plugins-rows.ts'
import { plansOf } from '../support/query-plans.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/plugins'
const zip = (slug: string, modules: string[]) => archiveFile(zipOf(pluginPackage({ slug, modules })), 'a.zip')
const upload = (server: TestServer, user: string, slug: string, modules = ['Main']) =>
  postForm(server, user, { method: 'upload', file: zip(slug, modules) })

describe('the registry', () => {
  test('400: the repository holds another plugin than the one that was asked for', async () => {
    await using one = withReleases({
      'BrainDriveAI/BrainDrive-Chat-Plugin': { slug: 'Trojan', versions: ['1.0.0'] },
      'BrainDriveAI/BrainDrive-Ollama-Plugin': { slug: 'BRAINDRIVEOLLAMA', versions: ['1.0.0'] },
    })
    const refused = (slug: string) => ({
      status: 400,
      body: {
        code: 'plugins.plugin_validation_failed',
        detail: {
          message: `Plugin validation failed: The package holds another plugin: ${slug}`,
          details: { step: 'plugin_validation', validation_error: `The package holds another plugin: ${slug}` },
        },
      },
    })
    const { server } = one
    expect(await server.as('ada')('POST', `${base}/BrainDriveChat/install`)).toMatchObject(refused('Trojan'))
    expect(await postForm(server, 'ada', { method: 'marketplace', slug: 'BrainDriveChat' })).toMatchObject(
      refused('Trojan'),
    )
    expect(await server.as('ada')('POST', `${base}/braindriveollama/install`)).toMatchObject(
      refused('BRAINDRIVEOLLAMA'),
    )
    expect(pluginRows(server.database)).toEqual([])
    expect(await settledFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents: [] })
  })
})

describe('secrets in the address of a repository', () => {
  const server = testApp({ logLevel: 'debug' })
  afterAll(server.stop)

  const dump = () => JSON.stringify(server.database.sqlite.query('SELECT * FROM audit_logs').all())

  test.each([
    ['https://ada:hunter22@git.test/o/r', 'https://[REDACTED]@git.test/o/r'],
    ['https://hunter22@git.test/o/r', 'https://[REDACTED]@git.test/o/r'],
    ['ada:hunter22@git.test/o/r', '[REDACTED]@git.test/o/r'],
    ['https://ada:p@ss/hunter22@git.test/o/r', 'https://[REDACTED]@git.test/o/r'],
    ['https:/ada:hunter22@git.test/o/r', '[REDACTED]@git.test/o/r'],
    ['  HTTPS://ada:hunter22@git.test', '  HTTPS://[REDACTED]@git.test'],
    ['ssh://ada:hunter22@git.test/o/r', 'ssh://[REDACTED]@git.test/o/r'],
    ['ftp://git.test/o/r?x=1&private_token=hunter22&y=2', 'ftp://git.test/o/r?x=1&private_token=[REDACTED]&y=2'],
    ['ftp://git.test/o/r#access_token=hunter22', 'ftp://git.test/o/r#access_token=[REDACTED]'],
    ['ssh://git@git.test/o/r', 'ssh://git@git.test/o/r'],
  ])('%j is shown as %j', async (repo_url, shown) => {
    const failed = {
      status: 400,
      body: {
        code: 'plugins.url_parsing_failed',
        detail: {
          message: `Invalid repository URL format: ${shown}`,
          details: { step: 'url_parsing', error: shown, repo_url: shown },
        },
      },
    }
    const answers = [
      await server.as('ada')('POST', `${base}/install-from-url`, { repo_url }),
      await server.as('ada')('POST', `${base}/install`, { method: 'github', repo_url }),
    ]
    const trimmed = JSON.parse(JSON.stringify(failed).replaceAll('  HTTPS', 'HTTPS'))
    expect(answers).toMatchObject([failed, trimmed])
    const marketplace = await postForm(server, 'ada', { method: 'marketplace', repo_url })
    expect(marketplace).toMatchObject({ status: 400, body: { code: 'plugins.not_in_registry' } })
    expect(JSON.stringify([...answers, marketplace])).not.toContain('hunter22')
    expect(server.logged() + dump()).not.toContain('hunter22')
  })

  test('that cannot be reached: the values of its query are not shown', async () => {
    const repo_url = 'https://127.0.0.1:1/o/r?access_token=hunter22'
    const answer = await server.as('ada')('POST', `${base}/install-from-url`, { repo_url })
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: { details: { repo_url: 'https://127.0.0.1:1/o/r?access_token=[REDACTED]' } } },
    })
    expect(JSON.stringify(answer.body) + server.logged() + dump()).not.toContain('hunter22')
  })

  test('in the place of the registry are not logged', async () => {
    await using own = testApp({
      env: { PLUGIN_REGISTRY_URL: 'https://u:hunter22@127.0.0.1:1/p' },
      logLevel: 'debug',
    })
    expect((await own.as('ada')('GET', `${base}/available`)).status).toBe(200)
    expect(own.logged()).toContain('the plugin registry cannot be used')
    expect(own.logged()).not.toContain('hunter22')
  })
})

test('the audit log knows the request of an installation, update and uninstallation', async () => {
  await using one = withReleases({
    'BrainDriveAI/BrainDrive-Chat-Plugin': { slug: 'BrainDriveChat', versions: ['1.0.0'] },
  })
  const { server } = one
  const headers = (id: string) => ({ 'user-agent': 'Lamp browser', 'x-request-id': id })
  const call = (method: string, path: string, id: string, body?: unknown) =>
    server.as('ada')(method, base + path, body, headers(id))
  const repo_url = 'https://github.com/BrainDriveAI/BrainDrive-Chat-Plugin'
  const answers = [
    await call('POST', '/BrainDriveChat/install', 'one'),
    await call('POST', '/BrainDriveChat/update', 'two'),
    await call('DELETE', '/BrainDriveChat/uninstall', 'three'),
    await call('POST', '/install-from-url', 'four', { repo_url }),
    await call('DELETE', '/BrainDriveChat/uninstall', 'five'),
    await call('POST', '/install', 'six', { method: 'github', repo_url }),
    await call('DELETE', '/BrainDriveChat', 'seven'),
    await call('POST', '/install', 'eight', { method: 'marketplace', slug: 'BrainDriveChat' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect((await upload(server, 'ada', 'Lamp')).status).toBe(200)
  const rows = server.database.sqlite
    .query<Record<string, string>, []>("SELECT * FROM audit_logs WHERE event_type LIKE 'plugin.%' ORDER BY rowid")
    .all()
  const resource = `${await server.idOf('ada')}_BrainDriveChat`
  const row = (event: string, request: string, method: string, path: string) => ({
    event_type: `plugin.${event}`,
    status: 'success',
    resource_id: resource,
    request_id: request,
    ip: expect.stringMatching(/127\.0\.0\.1|::1/),
    user_agent: 'Lamp browser',
    method,
    path: base + path,
  })
  expect(rows).toMatchObject([
    row('installed', 'one', 'POST', '/BrainDriveChat/install'),
    row('updated', 'two', 'POST', '/BrainDriveChat/update'),
    row('uninstalled', 'three', 'DELETE', '/BrainDriveChat/uninstall'),
    row('installed', 'four', 'POST', '/install-from-url'),
    row('uninstalled', 'five', 'DELETE', '/BrainDriveChat/uninstall'),
    row('installed', 'six', 'POST', '/install'),
    row('uninstalled', 'seven', 'DELETE', '/BrainDriveChat'),
    row('installed', 'eight', 'POST', '/install'),
    { event_type: 'plugin.installed', path: `${base}/install`, ip: expect.any(String), request_id: expect.any(String) },
  ])
})

describe('slugs', () => {
  test('400: every word that stands in an address under /plugins, and names that all objects have', async () => {
    await using server = testApp()
    const words = server.app.routes.flatMap(({ path }) => /^\/api\/v1\/plugins\/([^/:*]+)/.exec(path)?.[1] ?? [])
    expect(words).toContain('categories')
    const names = ['constructor', 'Prototype', 'hasownproperty', 'hasOwnProperty', 'toString', 'valueof', '__proto__']
    for (const slug of new Set([...words, ...names])) {
      const answer = await upload(server, 'ada', slug)
      expect(answer, slug).toMatchObject({ status: 400, body: { code: 'plugins.plugin_validation_failed' } })
      const body = { name: 'x', description: '', version: '1' }
      const registered = await server.as('ada')('POST', `${base}/${slug}/register`, body)
      expect(registered, slug).toMatchObject({ status: 400, body: { code: 'plugins.invalid_slug' } })
    }
    expect(pluginRows(server.database)).toEqual([])
  })
})

describe('ids of modules', () => {
  test('two plugins whose names run together have different ones, in either order', async () => {
    await using server = testApp()
    const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
    const created = async (user: string, slug: string, module: string) =>
      (await upload(server, user, slug, [module])).body.data.modules_created
    expect(await created('ada', 'a', 'b_c')).toEqual([`${ada}_a_b_c`])
    expect(await created('ada', 'a_b', 'c')).toEqual([`${ada}_a_b__c`])
    expect(await created('bob', 'a_b', 'c')).toEqual([`${bob}_a_b_c`])
    expect(await created('bob', 'a', 'b_c')).toEqual([`${bob}_a__b_c`])
    // Even what the way out leads to.
    expect(await created('bob', 'a_', '_b_c')).toEqual([`${bob}_a___b_c`])
    const read = async (id: string) => (await server.as('bob')('GET', `${base}/a/modules/${id}`)).status
    expect([await read(`${bob}_a__b_c`), await read(`${bob}_a_b_c`)]).toEqual([200, 404])
    const ids = moduleRows(server.database).map((row) => row.id)
    expect(new Set(ids).size).toBe(5)
  })

  test('one in the way in the same plugin, as after an import', async () => {
    await using one = withReleases({ 'home/lamp': { slug: 'Lamp', versions: ['1.0.0'] } })
    const { server } = one
    const repo_url = 'https://github.com/home/lamp'
    expect((await server.as('ada')('POST', `${base}/install-from-url`, { repo_url })).status).toBe(200)
    const { sqlite } = server.database
    sqlite.run("DELETE FROM plugin_modules WHERE name = 'LampOff'")
    sqlite.run("UPDATE plugin_modules SET id = plugin_id || '_LampOff'")
    expect((await server.as('ada')('POST', `${base}/Lamp/update`)).status).toBe(200)
    const ada = await server.idOf('ada')
    expect(moduleRows(server.database)).toMatchObject([
      { name: 'LampOn', id: `${ada}_Lamp_LampOff` },
      { name: 'LampOff', id: `${ada}_Lamp__LampOff` },
    ])
  })

  test('are looked up by an index, not among all of a user', async () => {
    await using server = testApp()
    const ada = await server.idOf('ada')
    addPlugin(server, ada, 'a', { modules: ['b_c', 'd'] })
    addPlugin(server, ada, 'ab', { modules: ['c'] })
    expect([...listModuleIds(server.deps.db, ada, `${ada}_a_`)]).toEqual([`${ada}_a_b_c`, `${ada}_a_d`])
    expect(listModulesOfPlugin(server.deps.db, ada, `${ada}_a`)).toHaveLength(2)
    await using other = testApp()
    const plans = plansOf(other.database.sqlite, () => listModuleIds(other.deps.db, ada, 'x'))
    expect(plans).toEqual([
      'SEARCH plugin_modules USING COVERING INDEX plugin_modules_user_id (user_id=? AND id>? AND id<?)',
    ])
  })
})
