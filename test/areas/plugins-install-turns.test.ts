import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GitError } from '../../src/adapters/git/types.ts'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { refusalOf, storedFolders, uploadOf } from '../support/plugin-installs.ts'
import { pluginFixture } from '../support/plugin-metadata.ts'
import { pluginPackage, remoteEntry } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

test('a user with many slow installations keeps nobody else waiting', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [bob, eve] = [await server.idOf('bob'), await server.idOf('eve')]
  const waiting: (() => void)[] = []
  const checkOut = () =>
    new Promise<never>((_, reject) => waiting.push(() => reject(new GitError('timeout', 'Too slow.'))))
  const deps = { ...server.deps, git: { checkOut } }
  const slow = { kind: 'repository', url: 'https://git.test/home/lamp', version: 'latest' } as const
  const refusals = Array.from({ length: 8 }, () => refusalOf(installPlugin(deps, eve, slow)))
  while (waiting.length === 0) await Bun.sleep(1)
  expect((await refusalOf(installPlugin(deps, eve, slow))).status).toBe(429)
  const installed = installPlugin(server.deps, bob, await uploadOf(folder.path, pluginPackage()))
  expect(await installed).toMatchObject({ pluginId: `${bob}_Lamp` })
  for (let left = 8; left > 0; left--) {
    while (waiting.length === 0) await Bun.sleep(1)
    waiting.shift()?.()
  }
  expect((await Promise.all(refusals)).map(({ message }) => message)).toEqual(
    Array.from({ length: 8 }, () => 'Download failed: Too slow.'),
  )
  expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], contents: [expect.any(String)] })
})

test('an installation that is aborted while it waits for its turn never begins', async () => {
  await using server = testApp()
  const bob = await server.idOf('bob')
  const others = await Promise.all(Array.from({ length: 8 }, (_, index) => server.idOf(`user${index}`)))
  const waiting: (() => void)[] = []
  const checkOut = () =>
    new Promise<never>((_, reject) => waiting.push(() => reject(new GitError('timeout', 'Too slow.'))))
  const deps = { ...server.deps, git: { checkOut } }
  const slow = { kind: 'repository', url: 'https://git.test/home/lamp', version: 'latest' } as const
  const first = others.map((user) => refusalOf(installPlugin(deps, user, slow)))
  while (waiting.length < others.length) await Bun.sleep(1)
  const control = new AbortController()
  const second = installPlugin(deps, bob, slow, { signal: control.signal }).catch((error: unknown) => error)
  await Bun.sleep(20)
  const reason = new Error('enough')
  control.abort(reason)
  // At once: the others are not done yet.
  expect(await second).toBe(reason)
  for (const finish of waiting) finish()
  await Promise.all(first)
  expect(waiting).toHaveLength(others.length)
  expect(storedFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents: [] })
})

test('a lifecycle manager is read and never run', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const marker = join(folder.path, 'marker')
  process.env['BRAINDRIVE_MARKER'] = marker
  const files = {
    'lifecycle_manager.py': await pluginFixture('marker'),
    'dist/remoteEntry.js': remoteEntry('Marker', ['Marker']),
  }
  const source = await uploadOf(folder.path, files)
  const installed = await installPlugin(server.deps, await server.idOf('ada'), source)
  delete process.env['BRAINDRIVE_MARKER']
  expect(installed).toMatchObject({ pluginSlug: 'Marker', version: '1.0.0' })
  expect(existsSync(marker)).toBe(false)
})
