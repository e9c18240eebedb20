import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import type { InstallSource, InstallStep } from '../../src/areas/plugins/install/install-types.ts'
import { updatePlugin } from '../../src/areas/plugins/install/update.service.ts'
import { failureOf } from '../support/failure-of.ts'
import { fakeGithub } from '../support/fake-github.ts'
import { gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { pluginRows, refusalOf, settledFolders, storedFolders, uploadOf } from '../support/plugin-installs.ts'
import { pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const nothing = { staging: [], trash: [], contents: [] }

/** What the client gets, after checking that it has the form of plugins.md B2.4 and that nothing is left. */
const refusedInstall = async (server: TestServer, source: InstallSource, deps: Partial<TestServer['deps']> = {}) => {
  const ada = await server.idOf('ada')
  const refusal = await refusalOf(installPlugin({ ...server.deps, ...deps }, ada, source))
  expect(refusal.status).toBe(400)
  const detail = refusal.detail as { message: string; details: Record<string, string>; suggestions: string[] }
  expect(Object.keys(detail)).toEqual(['message', 'details', 'suggestions'])
  expect(detail.message).toBe(refusal.message)
  expect(detail.suggestions.length).toBeGreaterThanOrEqual(3)
  expect(Object.values(detail.details).every((value) => typeof value === 'string')).toBe(true)
  expect(JSON.stringify(detail)).not.toContain(ada)
  expect(JSON.stringify(detail)).not.toContain(server.dataPath)
  expect(storedFolders(server.dataPath)).toEqual(nothing)
  expect(pluginRows(server.database)).toEqual([])
  return detail
}

const repository = (url: string, version = 'latest'): InstallSource => ({ kind: 'repository', url, version })

test('url_parsing: what is no address of a repository, or a plain-http one that nobody listed', async () => {
  await using server = testApp()
  for (const url of [
    '',
    'lamp',
    'https://github.com/only',
    'https://ada:secret@host.test/a/b',
    'http://host.test/a/b',
    'x'.repeat(9000),
  ]) {
    const { message, details } = await refusedInstall(server, repository(url))
    expect(message).toStartWith('Invalid repository URL format: ')
    expect(details).toMatchObject({ step: 'url_parsing', version: 'latest' })
    expect(details['repo_url']?.length).toBeLessThan(600)
  }
})

test('release_lookup: GitHub is out of patience or order', async () => {
  await using github = fakeGithub({})
  await using server = testApp({ env: { PRIVATE_HOSTS: github.host, GITHUB_API_URL: github.url } })
  github.answerNext(() => new Response('{}', { status: 500 }))
  const broken = await refusedInstall(server, repository('https://github.com/home/lamp', 'v1'))
  expect(broken.message).toBe('No release found for version: v1. GitHub answered with status 500.')
  expect(broken.details).toMatchObject({
    step: 'release_lookup',
    repo_owner: 'home',
    repo_name: 'lamp',
    requested_version: 'v1',
  })
  github.answerNext(
    () =>
      new Response('{}', {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${server.clock.now / 1000 + 60}` },
      }),
  )
  const limited = await refusedInstall(server, repository('https://github.com/home/lamp'))
  expect(limited.message).toStartWith('No release found for version: latest. GitHub')
})

test.skipIf(!hasGit)(
  'release_lookup and download_and_extract: a Git host without the version, or the repository',
  async () => {
    await using folder = await tempFolder()
    await makeRepository(join(folder.path, 'lamp'), pluginPackage())
    await using gits = gitServer(folder.path)
    await using server = testApp({ env: { PRIVATE_HOSTS: gits.host } })
    const version = await refusedInstall(server, repository(`${gits.url}/lamp`, 'v9'))
    expect(version.message).toBe('No release found for version: v9')
    expect(version.details).toMatchObject({ step: 'release_lookup', repo_name: 'lamp', requested_version: 'v9' })
    const absent = await refusedInstall(server, repository(`${gits.url}/absent`))
    expect(absent.message).toStartWith('Download failed: ')
    expect(absent.details).toMatchObject({ step: 'download_and_extract', release_version: 'latest' })
    const inside = await refusedInstall(server, repository('https://127.0.0.1:1/home/lamp'))
    expect(inside.details).toMatchObject({ step: 'download_and_extract' })
  },
)

test('download_and_extract: a release whose archive is absent, too large or damaged', async () => {
  await using files = {
    server: Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        const path = new URL(request.url).pathname
        if (path === '/broken.zip') return new Response('PK\x03\x04 and so on')
        if (path === '/large.zip') return new Response(new Uint8Array(1_100_000))
        return new Response('', { status: 404 })
      },
    }),
    [Symbol.asyncDispose]() {
      return this.server.stop(true)
    },
  }
  const host = `127.0.0.1:${files.server.port}`
  const asset = (name: string) => [{ name, browser_download_url: `http://${host}/${name}`, size: 1, state: 'uploaded' }]
  await using github = fakeGithub({
    'home/lamp': ['absent', 'broken', 'large'].map((name) => ({ tag_name: name, assets: asset(`${name}.zip`) })),
  })
  const env = { PRIVATE_HOSTS: `${host},${github.host}`, GITHUB_API_URL: github.url, MAX_PLUGIN_SIZE: '1048576' }
  await using server = testApp({ env })
  const url = 'https://github.com/home/lamp'
  for (const [version, reason] of [
    ['absent', `${host} answered with status 404`],
    ['broken', 'The archive is damaged or incomplete.'],
    ['large', 'The file is larger than 1 MB, which is the limit'],
  ] as const) {
    const { message, details } = await refusedInstall(server, repository(url, version))
    expect(message).toBe(`Download failed: ${reason}`)
    expect(details).toMatchObject({ step: 'download_and_extract', release_version: version, repo_url: url })
  }
})

test('file_extraction: what is no archive, a RAR, a slip, a link', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  for (const bytes of [
    new Uint8Array(),
    Buffer.from('no archive'),
    Buffer.from('Rar!\x1a\x07\x00'),
    zipOf({ '../x': 'x' }),
    zipOf({ '/x': 'x' }),
  ]) {
    const { message, details } = await refusedInstall(server, await uploadOf(folder.path, bytes, 'lamp.rar'))
    expect(message).toStartWith('Extraction failed: ')
    expect(details).toMatchObject({ step: 'file_extraction', filename: 'lamp.rar' })
  }
  expect(existsSync(join(folder.path, 'x'))).toBe(false)
})

test('plugin_validation: no manifest, a broken or huge one, no bundle, a reserved slug', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const cases: [Parameters<typeof uploadOf>[1], string][] = [
    [{ 'README.md': 'x' }, 'Missing required files: lifecycle_manager.py'],
    [{ 'package.json': '{}' }, 'Missing required files: lifecycle_manager.py'],
    [{ 'lifecycle_manager.py': 'x = 1' }, 'No valid lifecycle manager class found'],
    [
      { 'lifecycle_manager.py': `#${crypto.getRandomValues(Buffer.alloc(600_000)).toString('hex')}` },
      'Invalid lifecycle_manager.py: larger than 1 MB',
    ],
    [pluginPackage({ files: { 'dist/remoteEntry.js': '' } }), 'Missing required files: dist/remoteEntry.js'],
    [pluginPackage({ manifest: { bundle_location: 'dist' } }), 'Invalid bundle_location'],
    [pluginPackage({ manifest: { bundle_location: '../../x.js' } }), 'Invalid bundle_location'],
    [pluginPackage({ slug: 'Shared' }), 'Invalid plugin_slug'],
    [pluginPackage({ slug: '__proto__' }), 'Invalid plugin_slug'],
    [pluginPackage({ version: '../1' }), 'Invalid version'],
  ]
  for (const [files, reason] of cases) {
    const { message, details } = await refusedInstall(server, await uploadOf(folder.path, files))
    expect(message).toStartWith(`Plugin validation failed: ${reason}`)
    expect(details).toMatchObject({ step: 'plugin_validation', filename: 'lamp.zip' })
    expect(details['validation_error']).toStartWith(reason)
  }
})

test('a backend plugin may be without a bundle', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const files = pluginPackage({ manifest: { type: 'backend' } })
  delete files['dist/remoteEntry.js']
  expect(await installPlugin(server.deps, await server.idOf('ada'), await uploadOf(folder.path, files))).toMatchObject({
    pluginSlug: 'Lamp',
  })
})

test('setup_and_copy: the disk is full', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const full = () => Promise.reject(Object.assign(new Error(`ENOSPC: ${server.dataPath}`), { code: 'ENOSPC' }))
  const source = await uploadOf(folder.path, pluginPackage())
  const packageStore = { ...server.deps.packageStore, seal: full }
  const archives = { ...server.deps.archives, extract: full }
  for (const deps of [{ packageStore }, { archives }]) {
    const { message, details } = await refusedInstall(server, source, deps)
    expect(message).toBe('Plugin installation setup failed: the server cannot store the files')
    expect(details).toMatchObject({ step: 'setup_and_copy', exception_type: 'ENOSPC' })
  }
  expect(server.logged()).toContain('ENOSPC')
})

test('lifecycle_manager_install: no room for a setting; files and rows are taken back', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const fill = server.database.sqlite.prepare(
    "INSERT INTO settings_instances (id, definition_id, name, scope, user_id, page_id, created_at, updated_at) VALUES (?, 'general_settings', 'x', 'page', ?, ?, 1, 1)",
  )
  for (let index = 0; index < 1000; index++) fill.run(`filler${index}`, ada, `page${index}`)
  const source = await uploadOf(folder.path, pluginPackage({ manifest: { settings: [{ id: 'lamp_settings' }] } }))
  const refusal = await refusalOf(installPlugin(server.deps, ada, source))
  expect(refusal.detail).toMatchObject({ details: { step: 'lifecycle_manager_install', plugin_slug: 'Lamp' } })
  expect(refusal.message).toStartWith('Plugin installation failed: ')
  expect(pluginRows(server.database)).toEqual([])
  expect(await settledFolders(server.dataPath)).toEqual(nothing)
  expect(server.database.sqlite.query("SELECT 1 FROM settings_definitions WHERE id = 'lamp_settings'").all()).toEqual(
    [],
  )
})

test('an error of ours inside of the transaction leaves nothing either', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const deps = {
    ...server.deps,
    audit: () => {
      throw new Error('ours')
    },
  }
  const failure = await failureOf(
    installPlugin(deps, await server.idOf('ada'), await uploadOf(folder.path, pluginPackage())),
  )
  expect(failure.message).toBe('ours')
  expect(pluginRows(server.database)).toEqual([])
  expect(await settledFolders(server.dataPath)).toEqual(nothing)
})

const uploadSteps: InstallStep[] = [
  'file_extraction',
  'plugin_validation',
  'setup_and_copy',
  'lifecycle_manager_install',
]
const gitSteps: InstallStep[] = ['url_parsing', 'release_lookup', 'download_and_extract', ...uploadSteps.slice(1)]

/** Begins the work and aborts it when it enters the step. */
const abortedAt = async (
  step: InstallStep,
  run: (work: { signal: AbortSignal; onProgress: (entered: InstallStep) => void }) => Promise<unknown>,
) => {
  const control = new AbortController()
  const reason = new Error(`aborted at ${step}`)
  const onProgress = (entered: InstallStep) => entered === step && control.abort(reason)
  expect(await failureOf(run({ signal: control.signal, onProgress }))).toBe(reason)
}

test('an upload that is aborted at any step leaves nothing', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const ada = await server.idOf('ada')
  const source = await uploadOf(folder.path, pluginPackage())
  for (const step of uploadSteps) {
    await abortedAt(step, (work) => installPlugin(server.deps, ada, source, work))
    expect(storedFolders(server.dataPath)).toEqual(nothing)
  }
  expect(pluginRows(server.database)).toEqual([])
  await failureOf(installPlugin(server.deps, ada, source, { signal: AbortSignal.abort(new Error('before')) }))
  expect(storedFolders(server.dataPath)).toEqual(nothing)
  expect(await installPlugin(server.deps, ada, source)).toMatchObject({ pluginSlug: 'Lamp' })
})

test.skipIf(!hasGit)('an installation or update from Git that is aborted at any step leaves what was', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'lamp')
  await makeRepository(path, pluginPackage())
  await using gits = gitServer(folder.path)
  await using server = testApp({ env: { PRIVATE_HOSTS: gits.host } })
  const ada = await server.idOf('ada')
  const source = repository(`${gits.url}/lamp`)
  for (const step of gitSteps) {
    await abortedAt(step, (work) => installPlugin(server.deps, ada, source, work))
    expect(storedFolders(server.dataPath)).toEqual(nothing)
  }
  await installPlugin(server.deps, ada, source)
  const [rows, folders] = [pluginRows(server.database), storedFolders(server.dataPath)]
  await makeRepository(path, pluginPackage({ version: '2.0.0' }))
  for (const step of gitSteps) {
    await abortedAt(step, (work) => updatePlugin(server.deps, ada, 'Lamp', work))
    expect([pluginRows(server.database), storedFolders(server.dataPath)]).toEqual([rows, folders])
  }
  expect(await updatePlugin(server.deps, ada, 'Lamp')).toMatchObject({ newVersion: '2.0.0' })
})
