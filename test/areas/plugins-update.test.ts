import { expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { GitError } from '../../src/adapters/git/types.ts'
import { findUpdate } from '../../src/areas/plugins/install/find-update.ts'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { findPluginBySlug } from '../../src/areas/plugins/plugins.store.ts'
import { toInstallJobFailure } from '../../src/areas/plugins/install/plugin-install-failure.ts'
import { uninstallPlugin } from '../../src/areas/plugins/install/uninstall.service.ts'
import { updatePlugin } from '../../src/areas/plugins/install/update.service.ts'
import { fakeGithub, type FakeRelease } from '../support/fake-github.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { moduleRows, pluginRows, refusalOf, settledFolders, uploadOf } from '../support/plugin-installs.ts'
import { pluginPackage, type PackageOptions, zipOf } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

/** A plugin in a Git repository, which a user has installed. */
const withInstalled = async (options: PackageOptions = {}) => {
  const folder = await tempFolder()
  const repository = join(folder.path, 'lamp')
  const publish = async (tag: string, release: PackageOptions) => {
    await makeRepository(repository, pluginPackage(release))
    await git(repository, 'tag', tag)
  }
  await publish('v1.0.0', options)
  const gits = gitServer(folder.path)
  const server = testApp({ env: { PRIVATE_HOSTS: gits.host } })
  const ada = await server.idOf('ada')
  const source = { kind: 'repository', url: `${gits.url}/lamp`, version: 'latest' } as const
  await installPlugin(server.deps, ada, source)
  return {
    server,
    ada,
    source,
    publish,
    update: () => updatePlugin(server.deps, ada, 'Lamp'),
    row: () => pluginRows(server.database)[0],
    modules: () => moduleRows(server.database),
    folders: () => settledFolders(server.dataPath),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await gits[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test.skipIf(!hasGit)(
  'an update brings new fields, modules and files, and keeps ids, switches and settings',
  async () => {
    const setting = (watts: number) => ({ settings: [{ id: 'lamp_settings', default_value: { watts } }] })
    await using one = await withInstalled({ manifest: setting(40) })
    const { sqlite } = one.server.database
    // As after an import, where ids have another form.
    sqlite.run("UPDATE plugin_modules SET id = 'old_id', enabled = 0, created_at = 1 WHERE name = 'LampOn'")
    sqlite.run("UPDATE plugins SET enabled = 0, created_at = 1, update_available = 1, latest_version = '1.1.0'")
    const before = one.row()
    await one.publish('v1.1.0', {
      version: '1.1.0',
      modules: ['LampNew', 'LampOn'],
      manifest: { ...setting(100), name: 'Brighter lamp', permissions: [] },
    })
    expect(await one.update()).toEqual({
      pluginId: `${one.ada}_Lamp`,
      pluginSlug: 'Lamp',
      pluginName: 'Brighter lamp',
      previousVersion: '1.0.0',
      newVersion: '1.1.0',
      modules: [`${one.ada}_Lamp_LampNew`, 'old_id'],
    })
    const after = one.row()
    expect(after).toMatchObject({
      id: before?.id ?? '',
      name: 'Brighter lamp',
      version: '1.1.0',
      package_ref: 'v1.1.0',
      permissions: '[]',
      enabled: 0,
      created_at: 1,
      update_available: 0,
      latest_version: null,
    })
    expect(one.modules()).toMatchObject([
      { id: `${one.ada}_Lamp_LampNew`, name: 'LampNew', enabled: 1 },
      { id: 'old_id', name: 'LampOn', enabled: 0, created_at: 1 },
    ])
    const setTo = await one.server.as('ada')('GET', '/api/v1/settings/instances?definition_id=lamp_settings&scope=user')
    expect(setTo.body[0].value).toEqual({ watts: 40 })
    expect(after?.content_hash).not.toBe(before?.content_hash)
    expect(await one.folders()).toEqual({ staging: [], trash: [], contents: [after?.content_hash ?? ''] })
    const audit = sqlite.query("SELECT extra_data FROM audit_logs WHERE event_type = 'plugin.updated'").all()
    expect(audit).toEqual([{ extra_data: '{"previous_version":"1.0.0","new_version":"1.1.0"}' }])
  },
)

test.skipIf(!hasGit)('an update to the version that is there installs it anew', async () => {
  await using one = await withInstalled()
  const before = one.row()
  rmSync(join(one.server.dataPath, 'plugins/contents', before?.content_hash ?? ''), { recursive: true })
  expect(await one.update()).toMatchObject({ previousVersion: '1.0.0', newVersion: '1.0.0' })
  expect(one.row()?.content_hash).toBe(before?.content_hash ?? '')
  expect((await one.folders()).contents).toEqual([before?.content_hash ?? ''])
})

test.skipIf(!hasGit)('the content of the old version stays as long as somebody uses it', async () => {
  await using one = await withInstalled()
  const bob = await one.server.idOf('bob')
  await installPlugin(one.server.deps, bob, one.source)
  await one.publish('v2.0.0', { version: '2.0.0' })
  await one.update()
  expect((await one.folders()).contents).toHaveLength(2)
  await updatePlugin(one.server.deps, bob, 'Lamp')
  expect((await one.folders()).contents).toEqual([one.row()?.content_hash ?? ''])
})

test.skipIf(!hasGit)('another plugin under the same address is refused, and the old one stays', async () => {
  await using one = await withInstalled()
  const before = [one.row(), one.modules(), await one.folders()]
  await one.publish('v2.0.0', { slug: 'Trojan', version: '2.0.0' })
  const refusal = await refusalOf(one.update())
  expect([refusal.status, refusal.detail]).toEqual([400, undefined])
  expect(refusal.message).toBe('Plugin validation failed: The package holds another plugin: Trojan')
  expect([one.row(), one.modules(), await one.folders()]).toEqual(before)
})

test.skipIf(!hasGit)('a release that does not validate leaves the old plugin', async () => {
  await using one = await withInstalled()
  const before = [one.row(), one.modules(), await one.folders()]
  await one.publish('v2.0.0', { version: '2.0.0', files: { 'dist/remoteEntry.js': '' } })
  expect((await refusalOf(one.update())).message).toBe(
    'Plugin validation failed: Missing required files: dist/remoteEntry.js',
  )
  expect([one.row(), one.modules(), await one.folders()]).toEqual(before)
})

test.skipIf(!hasGit)('updates and an uninstallation at once end in one state', async () => {
  await using one = await withInstalled()
  await one.publish('v2.0.0', { version: '2.0.0' })
  expect(await Promise.all([one.update(), one.update()])).toMatchObject([
    { previousVersion: '1.0.0', newVersion: '2.0.0' },
    { previousVersion: '2.0.0', newVersion: '2.0.0' },
  ])
  expect(pluginRows(one.server.database)).toHaveLength(1)
  const update = refusalOf(one.update())
  uninstallPlugin(one.server.deps, one.ada, 'Lamp')
  expect((await update).message).toBe("Plugin 'Lamp' not found")
  expect(pluginRows(one.server.database)).toEqual([])
  expect(await one.folders()).toEqual({ staging: [], trash: [], contents: [] })
})

test.skipIf(!hasGit).each([
  ['comes from elsewhere', "package_url = 'https://git.home.test/lamp'"],
  ['has other files', `content_hash = '${'f'.repeat(64)}'`],
])('an update leaves a plugin that another thread has replaced meanwhile: it %s', async (_, change) => {
  await using one = await withInstalled()
  const { server, ada, publish } = one
  await publish('v2.0.0', { version: '2.0.0' })
  // The lock of this thread does not keep the other one away.
  const checkOut: typeof server.deps.git.checkOut = async (request) => {
    const checkedOut = await server.deps.git.checkOut(request)
    server.database.sqlite.run(`UPDATE plugins SET ${change}`)
    return checkedOut
  }
  const refusal = await refusalOf(updatePlugin({ ...server.deps, git: { checkOut } }, ada, 'Lamp'))
  expect(refusal.message).toBe(
    'Plugin installation failed: The plugin was changed while the update was fetched: try again',
  )
  expect(toInstallJobFailure(refusal)).toMatchObject({ isTransient: true })
  expect(one.row()).toMatchObject({ version: '1.0.0' })
  expect(one.modules().map(({ name }) => name)).toEqual(['LampOn', 'LampOff'])
})

test('what cannot be updated says so', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
  const messageOf = async (user: string) => {
    const { status, message, detail } = await refusalOf(updatePlugin(server.deps, user, 'Lamp'))
    return [status, message, detail]
  }
  expect(await messageOf(ada)).toEqual([404, "Plugin 'Lamp' not found", undefined])
  await installPlugin(server.deps, ada, await uploadOf(folder.path, pluginPackage()))
  expect(await messageOf(ada)).toEqual([400, 'Plugin installation metadata not found', undefined])
  expect((await messageOf(bob))[0]).toBe(404)
  const manifest = { source_url: 'https://github.com/home/lamp' }
  await installPlugin(server.deps, bob, await uploadOf(folder.path, pluginPackage({ manifest })))
  expect(await messageOf(bob)).toEqual([400, 'Plugin installation metadata not found', undefined])
})

test('uninstalling removes rows, modules and files, also when the files are gone already', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [ada, bob] = [await server.idOf('ada'), await server.idOf('bob')]
  const upload = await uploadOf(folder.path, pluginPackage())
  await installPlugin(server.deps, ada, upload)
  const refusal = await refusalOf(Promise.try(() => uninstallPlugin(server.deps, bob, 'Lamp')))
  expect([refusal.status, refusal.message]).toEqual([404, 'Plugin not found for user'])
  const uninstalled = { pluginId: `${ada}_Lamp`, pluginSlug: 'Lamp', deletedModules: 2 }
  expect(uninstallPlugin(server.deps, ada, 'Lamp')).toEqual(uninstalled)
  expect([pluginRows(server.database), moduleRows(server.database)]).toEqual([[], []])
  expect(await settledFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents: [] })
  await installPlugin(server.deps, ada, upload)
  rmSync(join(server.dataPath, 'plugins'), { recursive: true })
  expect(uninstallPlugin(server.deps, ada, 'Lamp')).toEqual(uninstalled)
  const audit = server.database.sqlite.query("SELECT 1 FROM audit_logs WHERE event_type = 'plugin.uninstalled'").all()
  expect(audit).toHaveLength(2)
})

/** A GitHub with these releases, and a plugin of it that a user has installed at `v1.0.0`. */
const withRelease = async () => {
  const archives = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(zipOf(pluginPackage())) })
  const host = `127.0.0.1:${archives.port}`
  const assets = [{ name: 'lamp.zip', browser_download_url: `http://${host}/lamp.zip`, size: 1, state: 'uploaded' }]
  const releases: FakeRelease[] = [{ tag_name: 'v1.0.0', assets }]
  const github = fakeGithub({ 'home/lamp': releases })
  const server = testApp({ env: { PRIVATE_HOSTS: `${host},${github.host}`, GITHUB_API_URL: github.url } })
  const ada = await server.idOf('ada')
  const source = { kind: 'repository', url: 'https://github.com/home/lamp', version: 'latest' } as const
  await installPlugin(server.deps, ada, source)
  const row = () => {
    const found = findPluginBySlug(server.deps.db, ada, 'Lamp')
    if (!found) throw new Error('not installed')
    return found
  }
  return {
    server,
    github,
    row,
    release: (tag: string) => releases.unshift({ tag_name: tag, assets }),
    withdraw: () => releases.splice(0),
    find: () => findUpdate(server.deps, row()),
    update: () => updatePlugin(server.deps, ada, 'Lamp'),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await github[Symbol.asyncDispose]()
      await archives.stop(true)
    },
  }
}

test('findUpdate asks GitHub once an hour and keeps the answer in the row', async () => {
  await using one = await withRelease()
  expect(await one.find()).toEqual({ latestVersion: '1.0.0', updateAvailable: false })
  one.release('v1.10.0')
  const asked = one.github.requests.length
  expect(await one.find()).toEqual({ latestVersion: '1.0.0', updateAvailable: false })
  expect(one.github.requests.length).toBe(asked)
  one.server.clock.now += 3_600_001
  expect(await one.find()).toEqual({ latestVersion: '1.10.0', updateAvailable: true })
  expect(one.row()).toMatchObject({
    latestVersion: '1.10.0',
    updateAvailable: true,
    lastUpdateCheck: one.server.clock.now,
  })
  await one.update()
  expect(one.row()).toMatchObject({ packageRef: 'v1.10.0', latestVersion: null, updateAvailable: false })
  // The author forgot to raise the version inside: it is the tag that counts.
  expect(one.row().version).toBe('1.0.0')
  expect(await one.find()).toEqual({ latestVersion: '1.10.0', updateAvailable: false })
})

test('findUpdate does not know when GitHub does not answer, and asks again', async () => {
  await using one = await withRelease()
  one.github.answerNext(() => new Response('', { status: 500 }))
  expect(await one.find()).toBeUndefined()
  expect(await one.find()).toEqual({ latestVersion: '1.0.0', updateAvailable: false })
})

test('an update without a release names the version that was looked for', async () => {
  await using one = await withRelease()
  one.withdraw()
  const checkOut = () => Promise.reject(new GitError('not_found', 'There is no such repository.'))
  const deps = { ...one.server.deps, git: { checkOut } }
  const refusal = await refusalOf(updatePlugin(deps, await one.server.idOf('ada'), 'Lamp'))
  expect([refusal.status, refusal.message, refusal.detail]).toEqual([
    400,
    'No release found for version: latest',
    undefined,
  ])
})
