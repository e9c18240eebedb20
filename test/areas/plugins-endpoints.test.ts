import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { listPlugins } from '../../src/areas/plugins/install/plugin-updates.store.ts'
import { openDrizzle } from '../../src/db/client.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { storedFolders } from '../support/plugin-installs.ts'
import { pluginPackage, tarGzOf, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm, withReleases } from '../support/plugin-source.ts'
import { addPlugin } from '../support/plugins-rows.ts'
import { plansOf } from '../support/query-plans.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

const base = '/api/v1/plugins'
const releases = {
  'home/lamp': { slug: 'Lamp', versions: ['1.1.0', '1.0.0'] },
  'BrainDriveAI/BrainDrive-Chat-Plugin': { slug: 'BrainDriveChat', versions: ['1.0.29'] },
}
const one = withReleases(releases)
const { server } = one
afterAll(one.stop)

const lampUrl = 'https://github.com/home/lamp'
const zip = (slug: string) => archiveFile(zipOf(pluginPackage({ slug })), 'upload.zip')
const failed = (step: string, message: string) => ({
  status: 400,
  body: {
    code: `plugins.${step}_failed`,
    detail: { message: expect.stringContaining(message), details: { step }, suggestions: expect.any(Array) },
  },
})
const auditOf = (type: string, user: string) =>
  server.database.sqlite
    .query<{ resource_id: string; actor_id: string }, [string, string]>(
      'SELECT resource_id, actor_id FROM audit_logs WHERE event_type = ? AND actor_id = ?',
    )
    .all(type, user)

describe('POST /plugins/install', () => {
  test('github and url: the newest release, or the version that is named', async () => {
    const id = await server.idOf('ada')
    expect(await postForm(server, 'ada', { method: 'github', repo_url: lampUrl, version: 'v1.0.0' })).toEqual({
      status: 200,
      body: {
        status: 'success',
        message: `Plugin installed successfully from ${lampUrl}`,
        data: {
          plugin_id: `${id}_Lamp`,
          plugin_slug: 'Lamp',
          modules_created: [`${id}_Lamp_LampOn`, `${id}_Lamp_LampOff`],
          plugin_directory: null,
          source: 'github',
          repo_url: lampUrl,
          version: 'v1.0.0',
        },
      },
    })
    expect(auditOf('plugin.installed', id)).toEqual([{ resource_id: `${id}_Lamp`, actor_id: id }])
    const bob = await postForm(server, 'bob', { version: '', repo_url: ` ${lampUrl}.git `, method: ' URL ' })
    expect(bob.body.data).toMatchObject({ source: 'github', version: 'latest', repo_url: `${lampUrl}.git` })
    const manifest = (await server.as('bob')('GET', `${base}/manifest/designer`)).body
    expect(manifest.Lamp).toMatchObject({ version: '1.1.0', modules: [{ name: 'LampOn' }, { name: 'LampOff' }] })
  })

  test('the same fields as JSON', async () => {
    const answer = await server.as('json')('POST', `${base}/install`, {
      method: 'url',
      repo_url: lampUrl,
      version: null,
    })
    expect(answer).toMatchObject({ status: 200, body: { data: { plugin_slug: 'Lamp', version: 'latest' } } })
    const refused = await server.as('json')('POST', `${base}/install`, { method: 'upload' })
    expect(refused).toMatchObject({ status: 400, body: { detail: 'file is required for local file installation' } })
  })

  test('local-file and upload: a .zip, a .tar.gz, a .tgz', async () => {
    const id = await server.idOf('carl')
    const archive = zipOf(pluginPackage({ slug: 'Zipped' }))
    // In the order of the web client.
    const answer = await postForm(server, 'carl', {
      file: archiveFile(archive, 'blob'),
      method: 'local-file',
      filename: 'Zipped Ünïcode.ZIP',
    })
    expect(answer).toEqual({
      status: 200,
      body: {
        status: 'success',
        message: "Plugin 'Zipped Ünïcode.ZIP' installed successfully from local file",
        data: {
          plugin_id: `${id}_Zipped`,
          plugin_slug: 'Zipped',
          modules_created: [`${id}_Zipped_LampOn`, `${id}_Zipped_LampOff`],
          plugin_directory: null,
          source: 'local-file',
          filename: 'Zipped Ünïcode.ZIP',
          file_size: archive.byteLength,
        },
      },
    })
    for (const [slug, name] of [
      ['TarGz', 'a.tar.gz'],
      ['Tgz', 'b.tgz'],
    ] as const) {
      const file = archiveFile(tarGzOf(pluginPackage({ slug }), 'x-1/'), name)
      const uploaded = await postForm(server, 'carl', { method: 'upload', file })
      expect(uploaded).toMatchObject({ status: 200, body: { data: { plugin_slug: slug, filename: name } } })
    }
    expect(auditOf('plugin.installed', id)).toHaveLength(3)
    expect(storedFolders(server.dataPath).staging).toEqual([])
  })

  test('marketplace: by slug, in any letter case, under three names of the field', async () => {
    const address = 'https://github.com/BrainDriveAI/BrainDrive-Chat-Plugin'
    for (const [user, field] of [
      ['mia', 'plugin_slug'],
      ['max', 'slug'],
      ['moe', 'repo_url'],
    ] as const) {
      const answer = await postForm(server, user, { method: 'marketplace', [field]: 'braindrivechat' })
      expect(answer).toMatchObject({
        status: 200,
        body: {
          message: `Plugin installed successfully from ${address}`,
          data: { plugin_slug: 'BrainDriveChat', source: 'marketplace', repo_url: address, version: 'latest' },
        },
      })
    }
  })

  test('422: without a method', async () => {
    const missing = { status: 422, body: { detail: [{ type: 'missing', loc: ['body', 'method'] }] } }
    expect(await postForm(server, 'ada', { repo_url: lampUrl })).toMatchObject(missing)
    expect(await postForm(server, 'ada', { file: zip('X') })).toMatchObject(missing)
    expect(await server.as('ada')('POST', `${base}/install`, {})).toMatchObject(missing)
  })

  test('422: fields that are too long', async () => {
    for (const field of ['repo_url', 'version', 'filename', 'plugin_slug', 'slug']) {
      expect(await postForm(server, 'ada', { method: 'url', [field]: 'x'.repeat(501) })).toMatchObject({
        status: 422,
        body: { detail: [{ type: 'string_too_long', loc: ['body', field] }] },
      })
    }
  })

  test('400: what is missing or not supported', async () => {
    const detailOf = async (fields: Record<string, string | File>) => {
      const { status, body } = await postForm(server, 'ada', fields)
      expect(status).toBe(400)
      return body.detail
    }
    const repository = 'repo_url is required for GitHub installation'
    const format = 'Unsupported file format. Supported formats: .zip, .rar, .tar.gz, .tgz'
    const methods = "Supported methods: 'github', 'local-file', 'marketplace'"
    expect(await detailOf({ method: 'github' })).toBe(repository)
    expect(await detailOf({ method: 'url', repo_url: '  ', file: zip('X') })).toBe(repository)
    expect(await detailOf({ method: 'local-file' })).toBe('file is required for local file installation')
    expect(await detailOf({ method: 'marketplace' })).toBe('plugin_slug is required for marketplace installation')
    expect(await detailOf({ method: 'marketplace', slug: 'Nope' })).toBe('Plugin directory not found for slug: Nope')
    expect(await detailOf({ method: 'ftp' })).toBe(`Unsupported installation method: ftp. ${methods}`)
    expect(await detailOf({ method: '' })).toStartWith('Unsupported installation method: ')
    expect(await detailOf({ method: 'constructor' })).toStartWith('Unsupported installation method: constructor')
    expect(await detailOf({ method: 'upload', file: archiveFile(zipOf(pluginPackage()), 'a.exe') })).toBe(format)
    expect(await detailOf({ method: 'upload', file: zip('X'), filename: 'a.zip.txt' })).toBe(format)
    expect(await detailOf({ method: 'upload', file: archiveFile(zipOf(pluginPackage()), 'zip') })).toBe(format)
  })

  test('400 with an object: what the installer refuses', async () => {
    const upload = (content: Uint8Array | string, name: string) =>
      postForm(server, 'eve', { method: 'local-file', file: new File([new Uint8Array(Buffer.from(content))], name) })
    const github = (repo_url: string, version = 'latest') =>
      postForm(server, 'eve', { method: 'github', repo_url, version })
    expect(await upload('no archive', 'a.zip')).toMatchObject(failed('file_extraction', 'Extraction failed: '))
    expect(await upload(zipOf(pluginPackage()), 'a.RAR')).toMatchObject(
      failed('file_extraction', 'Extraction failed: RAR'),
    )
    expect(await upload(zipOf({ 'x.txt': 'x' }), 'a.zip')).toMatchObject(
      failed('plugin_validation', 'Plugin validation failed: '),
    )
    expect(await github('not an address')).toMatchObject(failed('url_parsing', 'Invalid repository URL format: '))
    one.github.answerNext(() => new Response('', { status: 500 }))
    expect(await github(lampUrl)).toMatchObject(failed('release_lookup', 'No release found for version: '))
    expect(await github('https://127.0.0.1:1/a/b')).toMatchObject(failed('download_and_extract', 'Download failed: '))
    expect((await upload(zipOf(pluginPackage({ slug: 'Twice' })), 'a.zip')).status).toBe(200)
    const twice = await upload(zipOf(pluginPackage({ slug: 'Twice' })), 'a.zip')
    expect(twice).toMatchObject(
      failed('lifecycle_manager_install', 'Plugin installation failed: Plugin already installed for user'),
    )
    expect(JSON.stringify(twice.body)).not.toContain(await server.idOf('eve'))
    expect(auditOf('plugin.installed', await server.idOf('eve'))).toHaveLength(1)
    expect(storedFolders(server.dataPath).staging).toEqual([])
  })
})

describe('POST /plugins/install-from-url', () => {
  const install = (user: string, body: unknown) => server.as(user)('POST', `${base}/install-from-url`, body)

  test('200', async () => {
    const id = await server.idOf('url')
    expect(await install('url', { repo_url: lampUrl, version: '1.0.0' })).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        message: `Plugin 'Lamp plugin' installed successfully from ${lampUrl}`,
        data: {
          plugin_id: `${id}_Lamp`,
          plugin_slug: 'Lamp',
          plugin_name: 'Lamp plugin',
          modules_created: [`${id}_Lamp_LampOn`, `${id}_Lamp_LampOff`],
          plugin_directory: null,
          source: 'remote',
          repo_url: lampUrl,
          version: '1.0.0',
        },
      },
    })
    expect(await install('url2', { repo_url: 'git@github.com:home/lamp.git' })).toMatchObject({
      status: 200,
      body: { data: { version: 'latest' } },
    })
    expect(auditOf('plugin.installed', id)).toHaveLength(1)
  })

  test('400 and 422', async () => {
    expect(await install('url', { repo_url: '' })).toMatchObject(
      failed('url_parsing', 'Invalid repository URL format: '),
    )
    expect(await install('url', { repo_url: lampUrl, version: 'x y' })).toMatchObject({ status: 400 })
    for (const body of [{}, [], 'x', { repo_url: 7 }, { repo_url: 'x'.repeat(501) }, { repo_url: lampUrl, version: 1 }])
      expect((await install('url', body)).status).toBe(422)
  })

  test.skipIf(!hasGit)('a Git host in the house: a tag, and the default branch', async () => {
    await using folder = await tempFolder()
    const repository = join(folder.path, 'home', 'tool')
    await makeRepository(repository, pluginPackage({ slug: 'Tool' }))
    await git(repository, 'tag', 'v2.0.0')
    await using gits = gitServer(folder.path)
    await using house = testApp({ env: { PRIVATE_HOSTS: gits.host } })
    const url = `${gits.url}/home/tool`
    const answer = await house.as('ada')('POST', `${base}/install-from-url`, { repo_url: url, version: '2.0.0' })
    expect(answer).toMatchObject({ status: 200, body: { data: { plugin_slug: 'Tool', repo_url: url } } })
    const latest = await house.as('bob')('POST', `${base}/install-from-url`, { repo_url: url })
    expect(latest).toMatchObject({ status: 200 })
    expect(await house.as('bob')('POST', `${base}/Tool/update`)).toMatchObject({
      status: 200,
      body: { data: { previous_version: '1.0.0', new_version: '1.0.0' } },
    })
    await using closed = testApp()
    expect(await closed.as('ada')('POST', `${base}/install-from-url`, { repo_url: url })).toMatchObject(
      failed('url_parsing', 'must begin with https://'),
    )
  })
})

describe('POST /plugins/{slug}/install', () => {
  test('200, then 400 when it is there', async () => {
    const id = await server.idOf('slug')
    const install = (slug: string) => server.as('slug')('POST', `${base}/${slug}/install`)
    expect(await install('BrainDriveChat')).toEqual({
      status: 200,
      headers: expect.anything(),
      body: {
        status: 'success',
        message: "Plugin 'BrainDriveChat' installed successfully",
        data: {
          plugin_id: `${id}_BrainDriveChat`,
          plugin_slug: 'BrainDriveChat',
          modules_created: [`${id}_BrainDriveChat_LampOn`, `${id}_BrainDriveChat_LampOff`],
          plugin_directory: null,
        },
      },
    })
    const already = { status: 400, body: { detail: 'Plugin already installed for user' } }
    expect(await install('BrainDriveChat')).toMatchObject(already)
    expect(await install(`${toUuid(id)}_BrainDriveChat`)).toMatchObject(already)
    expect(await install('Nope')).toMatchObject({
      status: 400,
      body: { detail: 'Plugin directory not found for slug: Nope' },
    })
  })
})

describe('update and uninstall', () => {
  const lamp = withReleases({ 'home/lamp': { slug: 'Lamp', versions: ['1.0.0'] } })
  afterAll(lamp.stop)
  const call = (user: string, method: string, path: string) => lamp.server.as(user)(method, base + path)
  let id = ''

  beforeAll(async () => {
    id = await lamp.server.idOf('ada')
    for (const user of ['ada', 'bob']) {
      expect((await postForm(lamp.server, user, { method: 'github', repo_url: lampUrl })).status).toBe(200)
    }
  })

  test('a new version is found, listed, and taken', async () => {
    expect(await call('ada', 'GET', '/Lamp/update/available')).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        data: {
          plugin_id: 'Lamp',
          current_version: '1.0.0',
          latest_version: '1.0.0',
          update_available: false,
          message: 'Current: 1.0.0, Latest: 1.0.0',
        },
      },
    })
    const before = lamp.github.requests.length
    lamp.publish('home/lamp', '1.2.0')
    expect((await call('ada', 'GET', '/updates/available')).body.data).toEqual({
      available_updates: [],
      total_count: 0,
    })
    expect(lamp.github.requests).toHaveLength(before)
    // An hour later. Moving the clock would end the session.
    lamp.server.database.sqlite.run('UPDATE plugins SET last_update_check = last_update_check - 3600001')
    expect((await call('ada', 'GET', '/updates/available')).body).toEqual({
      status: 'success',
      data: {
        available_updates: [
          {
            plugin_id: `${id}_Lamp`,
            plugin_slug: 'Lamp',
            plugin_name: 'Lamp plugin',
            current_version: '1.0.0',
            latest_version: '1.2.0',
            repo_url: lampUrl,
          },
        ],
        total_count: 1,
      },
    })
    expect((await call('ada', 'GET', `/${toUuid(id)}_Lamp/update/available`)).body.data).toMatchObject({
      plugin_id: 'Lamp',
      latest_version: '1.2.0',
      update_available: true,
      message: 'Current: 1.0.0, Latest: 1.2.0',
    })
    expect(await call('ada', 'POST', '/Lamp/update')).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        message: "Plugin 'Lamp' updated successfully",
        data: { plugin_slug: 'Lamp', plugin_id: `${id}_Lamp`, previous_version: '1.0.0', new_version: '1.2.0' },
      },
    })
    expect((await call('ada', 'GET', '/updates/available')).body.data.total_count).toBe(0)
    expect((await call('bob', 'GET', '/by-slug/Lamp')).body.version).toBe('1.0.0')
    expect(lamp.server.logged()).toBe('')
  })

  test('by id as well; another one’s plugin looks absent', async () => {
    const bobsId = `${await lamp.server.idOf('bob')}_Lamp`
    expect(await call('carl', 'POST', `/${bobsId}/update`)).toMatchObject({
      status: 404,
      body: { detail: `Plugin '${bobsId}' not found` },
    })
    expect(await call('carl', 'DELETE', `/${bobsId}/uninstall`)).toMatchObject({
      status: 404,
      body: { detail: 'Plugin not found for user' },
    })
    // The first user is the administrator.
    expect((await call('ada', 'DELETE', `/${bobsId}/uninstall`)).status).toBe(404)
    expect((await call('carl', 'GET', `/${bobsId}/update/available`)).body.data).toEqual({
      plugin_id: bobsId,
      update_available: false,
      message: 'Plugin not found',
    })
    expect(await call('bob', 'POST', `/${bobsId.toUpperCase().replace('_LAMP', '_Lamp')}/update`)).toMatchObject({
      status: 200,
    })
  })

  test('400 with a text: no source, no record of where it came from', async () => {
    addPlugin(lamp.server, id, 'Plain', { sourceUrl: null, packageSource: 'register' })
    addPlugin(lamp.server, id, 'Uploaded')
    addPlugin(lamp.server, id, 'Bare', { sourceUrl: null })
    expect(await call('ada', 'POST', '/Plain/update')).toMatchObject({
      status: 400,
      body: { detail: "Plugin 'Plain' does not have a source URL and cannot be updated" },
    })
    for (const slug of ['Uploaded', 'Bare']) {
      expect(await call('ada', 'POST', `/${slug}/update`)).toMatchObject({
        status: 400,
        body: { detail: 'Plugin installation metadata not found' },
      })
    }
    expect((await call('ada', 'GET', '/Uploaded/update/available')).body.data).toMatchObject({
      plugin_id: 'Uploaded',
      current_version: '1.2.3',
      latest_version: null,
      repo_url: 'https://github.com/ada/plugin',
      update_available: false,
      message: 'Current: 1.2.3, Latest: unknown',
    })
  })

  test('uninstalled once, then 404', async () => {
    expect(await call('bob', 'DELETE', '/Lamp/uninstall')).toMatchObject({
      status: 200,
      body: {
        status: 'success',
        message: "Plugin 'Lamp' uninstalled successfully",
        data: { plugin_slug: 'Lamp', plugin_id: `${await lamp.server.idOf('bob')}_Lamp`, deleted_modules: 2 },
      },
    })
    expect(await call('bob', 'DELETE', '/Lamp/uninstall')).toMatchObject({ status: 404 })
    expect((await call('ada', 'GET', '/by-slug/Lamp')).status).toBe(200)
    const types = lamp.server.database.sqlite
      .query<{ event_type: string }, []>("SELECT event_type FROM audit_logs WHERE event_type LIKE 'plugin.%'")
      .all()
      .map(({ event_type }) => event_type)
    expect(types.filter((type) => type === 'plugin.updated')).toHaveLength(2)
    expect(types.filter((type) => type === 'plugin.uninstalled')).toHaveLength(1)
  })
})

describe('GET /plugins/updates/available', () => {
  const addReleased = (to: typeof server, userId: string, name: string) =>
    addPlugin(to, userId, name, {
      packageSource: 'github',
      packageUrl: `https://github.com/home/${name}`,
      version: '0.1.0',
    })

  test('one plugin that cannot be asked for does not hide the others', async () => {
    const many = Object.fromEntries(['A', 'B', 'C'].map((slug) => [`home/${slug}`, { slug, versions: ['1.0.0'] }]))
    await using some = withReleases(many)
    const id = await some.server.idOf('ada')
    for (const slug of ['A', 'Gone', 'B', 'C']) addReleased(some.server, id, slug)
    some.github.answerNext(() => new Response('no', { status: 500 }))
    const { body } = await some.server.as('ada')('GET', `${base}/updates/available`)
    const slugs = body.data.available_updates.map(({ plugin_slug }: { plugin_slug: string }) => plugin_slug)
    expect(slugs).toEqual(['B', 'C'])
    expect(body.data.total_count).toBe(2)
    expect((await some.server.as('bob')('GET', `${base}/updates/available`)).body.data.total_count).toBe(0)
  })

  test('a few at once, and a failure that nobody thought of is one line in the log', async () => {
    let running = 0
    let most = 0
    const findRelease = async ({ repo }: { repo: string }) => {
      most = Math.max(most, ++running)
      await Bun.sleep(5)
      running--
      if (repo === 'P7') throw new Error('odd')
      return undefined
    }
    await using some = testApp({ overrides: { github: { findRelease } }, logLevel: 'debug' })
    const id = await some.idOf('ada')
    for (let index = 0; index < 40; index++) addReleased(some, id, `P${index}`)
    expect((await some.as('ada')('GET', `${base}/updates/available`)).status).toBe(200)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(6)
    expect(some.logged()).toContain('odd')
  })
})

describe('GET /plugins/available', () => {
  test('the registry with what is installed, and what the user has besides', async () => {
    await using own = testApp()
    const id = await own.idOf('ada')
    addPlugin(own, id, 'BrainDriveChat', { version: '1.0.29', name: 'My chat', official: false })
    addPlugin(own, id, 'Own', { official: true, packageUrl: 'https://git.home.test/own' })
    const { status, body } = await own.as('ada')('GET', `${base}/available`)
    expect(status).toBe(200)
    const { available_plugins: plugins, total_count } = body.data
    expect(total_count).toBe(Object.keys(plugins).length)
    expect(plugins.braindrivechat).toMatchObject({
      slug: 'BrainDriveChat',
      directory: 'BrainDriveChat',
      has_lifecycle_manager: true,
      name: 'BrainDriveChat',
      version: '1.0.29',
      author: 'BrainDrive',
      repo_url: 'https://github.com/BrainDriveAI/BrainDrive-Chat-Plugin',
      official: true,
      installed: true,
    })
    expect(plugins.own).toMatchObject({
      slug: 'Own',
      installed: true,
      official: false,
      repo_url: 'https://git.home.test/own',
    })
    expect(plugins.braindriveollama).toMatchObject({ installed: false })
    expect(plugins.braindriveollama).not.toHaveProperty('version')
    const others = (await own.as('bob')('GET', `${base}/available`)).body.data.available_plugins
    expect(others.own).toBeUndefined()
    expect(others.braindrivechat.installed).toBe(false)
  })

  test('reads the plugins of a user by an index', () => {
    const { sqlite } = server.database
    const [plan, ...more] = plansOf(sqlite, () => listPlugins(openDrizzle(sqlite), 'x'))
    expect(more).toEqual([])
    expect(plan).toStartWith('SEARCH plugins USING INDEX plugins_user_slug')
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
  })
})

describe('limits', () => {
  test('429: RATE_LIMIT_PLUGINS counts installs and updates of one user', async () => {
    await using strict = testApp({ env: { RATE_LIMIT: 'on', RATE_LIMIT_PLUGINS: '2/60' } })
    const ada = strict.as('ada')
    expect((await ada('POST', `${base}/install`, { method: 'url' })).status).toBe(400)
    expect((await ada('POST', `${base}/Nope/update`)).status).toBe(404)
    for (const path of ['/install-from-url', '/Nope/install', '/Nope/update']) {
      const answer = await ada('POST', base + path, {})
      expect(answer).toMatchObject({ status: 429, body: { code: 'http.rate_limited' } })
      expect(answer.headers.get('retry-after')).toBe('60')
    }
    expect((await postForm(strict, 'ada', { method: 'url' })).status).toBe(429)
    expect((await ada('DELETE', `${base}/Nope/uninstall`)).status).toBe(404)
  })
})
