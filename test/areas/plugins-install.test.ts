import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import type { InstallStep } from '../../src/areas/plugins/install/install-types.ts'
import { uninstallPlugin } from '../../src/areas/plugins/install/uninstall.service.ts'
import { fakeGithub } from '../support/fake-github.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import {
  moduleRows,
  pluginRows,
  refusalOf,
  settledFolders,
  storedFolders,
  uploadOf,
} from '../support/plugin-installs.ts'
import { pluginPackage, remoteEntry, tarGzOf, zipOf } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

test('an uploaded zip becomes a plugin with modules, files and an audit row', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const steps: InstallStep[] = []
  const installed = await installPlugin(server.deps, ada, await uploadOf(folder.path, pluginPackage()), {
    onProgress: (step) => steps.push(step),
  })
  expect(installed).toEqual({
    pluginId: `${ada}_Lamp`,
    pluginSlug: 'Lamp',
    pluginName: 'Lamp plugin',
    version: '1.0.0',
    modules: [`${ada}_Lamp_LampOn`, `${ada}_Lamp_LampOff`],
  })
  expect(steps).toEqual(['file_extraction', 'plugin_validation', 'setup_and_copy', 'lifecycle_manager_install'])
  const [row] = pluginRows(server.database)
  expect(row).toMatchObject({
    user_id: ada,
    version: '1.0.0',
    enabled: 1,
    status: 'activated',
    downloads: 0,
    scope: 'Lamp',
    bundle_location: 'dist/remoteEntry.js',
    permissions: '["api.access"]',
    package_source: 'upload',
    package_url: null,
    package_ref: null,
    created_at: server.clock.now,
  })
  expect(moduleRows(server.database)[0]).toMatchObject({
    name: 'LampOn',
    enabled: 1,
    props: '{"watts":60}',
    tags: '["light"]',
  })
  const bundle = join(server.deps.packageStore.filesOf(row?.content_hash ?? ''), 'dist/remoteEntry.js')
  expect(await readFile(bundle, 'utf8')).toBe(remoteEntry('Lamp', ['LampOn', 'LampOff']))
  expect(storedFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents: [row?.content_hash ?? ''] })
  const audit = server.database.sqlite.query("SELECT * FROM audit_logs WHERE event_type = 'plugin.installed'").all()
  expect(audit).toMatchObject([
    { actor_id: ada, resource_type: 'plugin', resource_id: `${ada}_Lamp`, status: 'success' },
  ])
})

test('a plugin in a folder of a .tar.gz is found, and what it does not need is left out', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const files = pluginPackage({
    files: { 'node_modules/x/i.js': 'x', '.git/config': 'x', 'lib/a.pyc': 'x', 'lib/a.py': 'x' },
  })
  await installPlugin(server.deps, ada, await uploadOf(folder.path, tarGzOf(files, 'lamp-1.0.0/'), 'lamp.tar.gz'))
  const root = server.deps.packageStore.filesOf(pluginRows(server.database)[0]?.content_hash ?? '')
  const stored = [...new Bun.Glob('**/*').scanSync({ cwd: root, dot: true })].toSorted()
  expect(stored).toEqual(['README.md', 'braindrive.plugin.json', 'dist/remoteEntry.js', 'lib/a.py', 'package.json'])
})

test('users share equal files; other files under the same slug and version are another content', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [ada, bob, eve] = [await server.idOf('ada'), await server.idOf('bob'), await server.idOf('eve')]
  const upload = await uploadOf(folder.path, pluginPackage())
  await installPlugin(server.deps, ada, upload)
  await installPlugin(server.deps, bob, upload)
  await installPlugin(server.deps, eve, await uploadOf(folder.path, pluginPackage({ files: { 'README.md': 'other' } })))
  const hashOf = (user: string) => pluginRows(server.database).find((row) => row.user_id === user)?.content_hash ?? ''
  expect(hashOf(bob)).toBe(hashOf(ada))
  expect(hashOf(eve)).not.toBe(hashOf(ada))
  expect(storedFolders(server.dataPath).contents).toEqual([hashOf(ada), hashOf(eve)].toSorted())
  uninstallPlugin(server.deps, ada, 'Lamp')
  expect((await settledFolders(server.dataPath)).contents).toEqual([hashOf(bob), hashOf(eve)].toSorted())
  uninstallPlugin(server.deps, bob, 'Lamp')
  expect((await settledFolders(server.dataPath)).contents).toEqual([hashOf(eve)])
})

test.skipIf(!hasGit)(
  'a repository of any Git host is installed at its newest tag, a named one, or a branch',
  async () => {
    await using folder = await tempFolder()
    const repository = join(folder.path, 'lamp')
    await makeRepository(repository, pluginPackage({ version: '1.0.0' }))
    await git(repository, 'tag', 'v1.0.0')
    await makeRepository(repository, pluginPackage({ version: '1.1.0' }))
    await git(repository, 'tag', 'v1.1.0')
    await makeRepository(repository, pluginPackage({ version: '2.0.0' }))
    await using gits = gitServer(folder.path)
    await using server = testApp({ env: { PRIVATE_HOSTS: gits.host } })
    const url = `${gits.url}/lamp`
    const versionOf = async (name: string, version: string) => {
      const { pluginId } = await installPlugin(server.deps, await server.idOf(name), {
        kind: 'repository',
        url,
        version,
      })
      const row = pluginRows(server.database).find(({ id }) => id === pluginId)
      return row && [row.version, row.package_ref, row.package_source, row.package_url]
    }
    expect(await versionOf('ada', 'latest')).toEqual(['1.1.0', 'v1.1.0', 'git', url])
    expect(await versionOf('bob', '1.0.0')).toEqual(['1.0.0', 'v1.0.0', 'git', url])
    expect(await versionOf('eve', 'main')).toEqual(['2.0.0', 'main', 'git', url])
    expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], trash: [] })
  },
)

/** A GitHub whose releases have archives that are served on loopback. */
const withGithub = async (archives: Record<string, Uint8Array>) => {
  const files = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      const archive = archives[new URL(request.url).pathname.slice(1)]
      return archive ? new Response(archive) : new Response('', { status: 404 })
    },
  })
  const host = `127.0.0.1:${files.port}`
  const release = (tag: string, name?: string) => ({
    tag_name: tag,
    tarball_url: `http://${host}/source`,
    assets: name ? [{ name, browser_download_url: `http://${host}/${name}`, size: 1000, state: 'uploaded' }] : [],
  })
  const github = fakeGithub({
    'home/lamp': [release('v1.1.0', 'lamp.zip'), release('v1.0.0', 'lamp.tar.gz'), release('v0.9.0')],
  })
  const server = testApp({ env: { PRIVATE_HOSTS: `${host},${github.host}`, GITHUB_API_URL: github.url } })
  return {
    server,
    github,
    install: async (user: string, version: string, url = 'https://github.com/home/lamp') =>
      await installPlugin(server.deps, await server.idOf(user), { kind: 'repository', url, version }),
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await github[Symbol.asyncDispose]()
      await files.stop(true)
    },
  }
}

test('releases of GitHub: the asset, the version with and without its v, and the source code without a bundle', async () => {
  const source = pluginPackage({ version: '0.9.0' })
  delete source['dist/remoteEntry.js']
  await using one = await withGithub({
    'lamp.zip': zipOf(pluginPackage({ version: '1.1.0' })),
    'lamp.tar.gz': tarGzOf(pluginPackage({ version: '1.0.0' })),
    source: tarGzOf(source, 'home-lamp-abc/'),
  })
  expect((await one.install('ada', 'latest')).version).toBe('1.1.0')
  expect((await one.install('bob', '1.0.0', 'git@github.com:home/lamp.git')).version).toBe('1.0.0')
  expect(pluginRows(one.server.database).map((row) => [row.package_source, row.package_url, row.package_ref])).toEqual(
    expect.arrayContaining([
      ['github', 'https://github.com/home/lamp', 'v1.1.0'],
      ['github', 'https://github.com/home/lamp', 'v1.0.0'],
    ]),
  )
  const refusal = await refusalOf(one.install('eve', 'v0.9.0'))
  expect(refusal.status).toBe(400)
  expect(refusal.detail).toMatchObject({
    message: 'Plugin validation failed: Missing required files: dist/remoteEntry.js',
    details: {
      step: 'plugin_validation',
      validation_error: 'Missing required files: dist/remoteEntry.js',
      repo_url: 'https://github.com/home/lamp',
      version: 'v0.9.0',
    },
  })
  expect(storedFolders(one.server.dataPath).staging).toEqual([])
})

test.skipIf(!hasGit)('a repository of GitHub without releases is checked out', async () => {
  await using folder = await tempFolder()
  await makeRepository(join(folder.path, 'tool'), pluginPackage({ slug: 'Tool' }))
  await using gits = gitServer(folder.path)
  await using github = fakeGithub({})
  await using server = testApp({ env: { PRIVATE_HOSTS: `${gits.host},${github.host}`, GITHUB_API_URL: github.url } })
  const asked: string[] = []
  // The only thing that is not real here: where github.com is.
  const checkOut: typeof server.deps.git.checkOut = (request) => {
    asked.push(request.url)
    return server.deps.git.checkOut({ ...request, url: `${gits.url}/tool` })
  }
  const deps = { ...server.deps, git: { checkOut } }
  const source = { kind: 'repository', url: 'github.com/home/tool', version: 'latest' } as const
  await installPlugin(deps, await server.idOf('ada'), source)
  expect(asked).toEqual(['https://github.com/home/tool'])
  expect(pluginRows(server.database)).toMatchObject([
    { package_source: 'github', package_url: 'https://github.com/home/tool', package_ref: 'main' },
  ])
  const refusal = await refusalOf(installPlugin(deps, await server.idOf('bob'), { ...source, version: '7' }))
  expect(refusal.detail).toMatchObject({
    message: 'No release found for version: 7',
    details: { step: 'release_lookup', repo_owner: 'home', repo_name: 'tool', requested_version: '7' },
  })
})

test('settings come with a plugin: a free definition, the instance of the user, nothing over what is there', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
  const settings = [
    { id: 'lamp_settings', name: 'Lamp', default_value: { watts: 40 }, remove_instance_on_uninstall: true },
    { id: 'lamp_colours', name: 'Theme Settings', default_value: ['red'] },
    { id: 'general_settings', name: 'Taken over', default_value: { evil: true }, remove_instance_on_uninstall: true },
    { id: 'openai_api_keys_settings', name: 'Keys', default_value: { baseUrl: 'https://evil.test' } },
  ]
  const upload = await uploadOf(folder.path, pluginPackage({ manifest: { settings } }))
  const before = server.database.sqlite.query("SELECT * FROM settings_definitions WHERE id = 'general_settings'").get()
  await installPlugin(server.deps, ada, upload)
  await installPlugin(server.deps, bob, upload)
  const definition = (id: string) =>
    server.database.sqlite
      .query<Record<string, unknown>, [string]>('SELECT * FROM settings_definitions WHERE id = ?')
      .get(id)
  expect(definition('lamp_settings')).toMatchObject({ name: 'Lamp', default_value: '{"watts":40}' })
  expect(definition('lamp_colours')).toMatchObject({ name: 'lamp_colours' })
  expect(definition('general_settings')).toEqual(before as Record<string, unknown>)
  expect(definition('openai_api_keys_settings')).toMatchObject({ default_value: null })
  const valueOf = async (name: string, id: string) =>
    (await server.as(name)('GET', `/api/v1/settings/instances?definition_id=${id}&scope=user`)).body[0]?.value
  expect(await valueOf('ada', 'lamp_settings')).toEqual({ watts: 40 })
  expect(await valueOf('bob', 'lamp_settings')).toEqual({ watts: 40 })
  expect(JSON.stringify(await valueOf('ada', 'general_settings'))).toContain('default_page')
  const sealed = server.database.sqlite
    .query("SELECT value FROM settings_instances WHERE definition_id LIKE 'lamp%'")
    .all()
  expect(JSON.stringify(sealed)).not.toContain('watts')
  uninstallPlugin(server.deps, ada, 'Lamp')
  expect(await valueOf('ada', 'lamp_settings')).toBeUndefined()
  expect(await valueOf('ada', 'lamp_colours')).toEqual(['red'])
  expect(JSON.stringify(await valueOf('ada', 'general_settings'))).toContain('default_page')
  expect(await valueOf('bob', 'lamp_settings')).toEqual({ watts: 40 })
})

test('the known recipes: OpenRouter has its instance under the id that clients know, and loses it with the plugin', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const files = pluginPackage({ slug: 'BrainDriveOpenRouter' })
  await installPlugin(server.deps, ada, await uploadOf(folder.path, files))
  const ids = () =>
    server.database.sqlite
      .query<{ id: string }, []>(
        "SELECT id FROM settings_instances WHERE definition_id = 'openrouter_api_keys_settings'",
      )
      .all()
  expect(ids()).toEqual([{ id: `openrouter_settings_${ada}` }])
  uninstallPlugin(server.deps, ada, 'BrainDriveOpenRouter')
  expect(ids()).toEqual([])
})

test('services are stored, none is run', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const service = {
    name: 'bulb',
    source_url: 'https://github.com/home/bulb',
    type: 'docker-compose',
    healthcheck_url: 'http://localhost:8000/health',
    start_command: 'touch /tmp/never',
    required_env_vars: ['WATTS'],
  }
  const ada = await server.idOf('ada')
  await installPlugin(
    server.deps,
    ada,
    await uploadOf(folder.path, pluginPackage({ manifest: { services: [service] } })),
  )
  const rows = server.database.sqlite.query('SELECT * FROM plugin_services').all()
  expect(rows).toMatchObject([
    { id: `${ada}_Lamp:bulb`, plugin_id: `${ada}_Lamp`, status: 'pending', required_env_vars: '["WATTS"]' },
  ])
})

test('two installations of one plugin at once: the second waits and is told that it is installed', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const upload = await uploadOf(folder.path, pluginPackage())
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => installPlugin(server.deps, ada, upload)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const result of results) {
    if (result.status !== 'rejected') continue
    expect(result.reason.detail).toMatchObject({
      message: 'Plugin installation failed: Plugin already installed for user',
      details: { step: 'lifecycle_manager_install', plugin_slug: 'Lamp' },
    })
    expect(JSON.stringify(result.reason.detail)).not.toContain(ada)
  }
  expect(pluginRows(server.database)).toHaveLength(1)
  expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], trash: [], contents: [expect.any(String)] })
})

test('many users install at once', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const upload = await uploadOf(folder.path, pluginPackage())
  const users = await Promise.all(Array.from({ length: 12 }, (_, index) => server.idOf(`user${index}`)))
  await Promise.all(users.map((user) => installPlugin(server.deps, user, upload)))
  expect(pluginRows(server.database)).toHaveLength(12)
  expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], contents: [expect.any(String)] })
})
