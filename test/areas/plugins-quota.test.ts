import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { readPluginUsage } from '../../src/areas/plugins/plugin-usage.store.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { pluginRows, settledFolders } from '../support/plugin-installs.ts'
import { type PackageOptions, pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm } from '../support/plugin-source.ts'
import { addPlugin } from '../support/plugins-rows.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const base = '/api/v1/plugins'

const upload = (server: TestServer, user: string, options: PackageOptions) =>
  postForm(server, user, { method: 'upload', file: archiveFile(zipOf(pluginPackage(options)), 'lamp.zip') })

/** A plugin with a file that does not compress. */
const ofSize = (slug: string, bytes: number): PackageOptions => ({
  slug,
  files: { 'assets/noise.bin': new Uint8Array(bytes).map((_, index) => (index * 7919) % 251) },
})

const tooMuch = (reason: string) => ({
  status: 400,
  body: {
    code: 'plugins.lifecycle_manager_install_failed',
    detail: {
      message: `Plugin installation failed: ${reason}`,
      details: { step: 'lifecycle_manager_install' },
      suggestions: expect.any(Array),
    },
  },
})
const overQuota = tooMuch('Your plugins would take more than 1 MB of disk: uninstall some first')

const bytesOf = async (server: TestServer, user: string) =>
  readPluginUsage(server.deps.db, await server.idOf(user)).bytes

describe('PLUGIN_QUOTA_MB', () => {
  test('400: an installation above it leaves nothing; an uninstallation makes room', async () => {
    await using server = testApp({ env: { PLUGIN_QUOTA_MB: '1' } })
    expect((await upload(server, 'ada', ofSize('One', 600_000))).status).toBe(200)
    const before = [pluginRows(server.database), await settledFolders(server.dataPath)]
    expect(await upload(server, 'ada', ofSize('Two', 500_000))).toMatchObject(overQuota)
    expect([pluginRows(server.database), await settledFolders(server.dataPath)]).toEqual(before)
    expect((await upload(server, 'ada', ofSize('Small', 300_000))).status).toBe(200)
    expect((await server.as('ada')('DELETE', `${base}/One/uninstall`)).status).toBe(200)
    expect((await upload(server, 'ada', ofSize('Two', 500_000))).status).toBe(200)
  })

  test('each user has their own; shared files count for each', async () => {
    await using server = testApp({ env: { PLUGIN_QUOTA_MB: '1' } })
    for (const user of ['ada', 'bob']) {
      expect((await upload(server, user, ofSize('One', 600_000))).status).toBe(200)
      expect(await upload(server, user, ofSize('Two', 500_000))).toMatchObject(overQuota)
    }
    expect((await settledFolders(server.dataPath)).contents).toHaveLength(1)
    expect(await bytesOf(server, 'bob')).toBe(await bytesOf(server, 'ada'))
    expect((await server.as('ada')('DELETE', `${base}/One`)).status).toBe(200)
    expect(await bytesOf(server, 'ada')).toBe(0)
    expect(await bytesOf(server, 'bob')).toBeGreaterThan(600_000)
  })

  test('files count in blocks of the disk, and their compressed copies count', async () => {
    await using server = testApp({ env: { PLUGIN_QUOTA_MB: '1' } })
    const tiny = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`assets/${index}.png`, 'x']))
    expect(await upload(server, 'ada', { files: tiny })).toMatchObject(overQuota)
    const empty = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`assets/${index}.png`, '']))
    expect(await upload(server, 'ada', { files: empty })).toMatchObject(overQuota)
    // A folder each for the whole, its files, dist and assets, a block for each of the five files.
    expect((await upload(server, 'ada', { files: { 'assets/a.png': 'x' } })).status).toBe(200)
    expect(await bytesOf(server, 'ada')).toBe(9 * 4096)
    const text = 'let lamp = "on";\n'.repeat(1000)
    expect((await upload(server, 'ada', { slug: 'Text', files: { 'dist/a.js': text } })).status).toBe(200)
    expect(await bytesOf(server, 'ada')).toBeGreaterThan(9 * 4096 + 8 * 4096 + 5 * 4096)
  })

  test('of many at once only those get in that fit', async () => {
    await using server = testApp({ env: { PLUGIN_QUOTA_MB: '1' } })
    const answers = await Promise.all(['A', 'B', 'C', 'D'].map((slug) => upload(server, 'ada', ofSize(slug, 400_000))))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 400, 400])
    expect((await settledFolders(server.dataPath)).contents).toHaveLength(2)
  })

  test.skipIf(!hasGit)(
    'an update above it leaves the old version; one that takes no more than before is let in',
    async () => {
      await using folder = await tempFolder()
      const repository = join(folder.path, 'lamp')
      const publish = async (version: string, bytes: number) => {
        await makeRepository(repository, pluginPackage({ ...ofSize('Lamp', bytes), version }))
        await git(repository, 'tag', `v${version}`)
      }
      await publish('1.0.0', 500_000)
      await using gits = gitServer(folder.path)
      await using server = testApp({ env: { PRIVATE_HOSTS: gits.host, PLUGIN_QUOTA_MB: '1' } })
      const ada = server.as('ada')
      const source = { repo_url: `${gits.url}/lamp` }
      expect((await ada('POST', `${base}/install-from-url`, source)).status).toBe(200)
      const before = [pluginRows(server.database), await settledFolders(server.dataPath)]
      await publish('2.0.0', 1_200_000)
      expect(await ada('POST', `${base}/Lamp/update`)).toMatchObject({
        status: 400,
        body: {
          detail: 'Plugin installation failed: Your plugins would take more than 1 MB of disk: uninstall some first',
        },
      })
      expect([pluginRows(server.database), await settledFolders(server.dataPath)]).toEqual(before)
      server.database.sqlite.run('UPDATE plugins SET content_bytes = 2000000')
      expect(await ada('POST', `${base}/Lamp/update`)).toMatchObject({ status: 200 })
      expect(await bytesOf(server, 'ada')).toBeGreaterThan(1_200_000)
    },
  )
})

test('400: the 501st plugin of a user, installed', async () => {
  await using server = testApp()
  const ada = await server.idOf('ada')
  server.database.sqlite.transaction(() => {
    for (let index = 0; index < 500; index++) addPlugin(server, ada, `P${index}`, { modules: [] })
  })()
  expect(await upload(server, 'ada', {})).toMatchObject(
    tooMuch('Your plugins are full (500 of them, or 16 MB of metadata): uninstall some first'),
  )
  expect(pluginRows(server.database)).toHaveLength(500)
  expect(await settledFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents: [] })
  expect((await upload(server, 'bob', {})).status).toBe(200)
})
