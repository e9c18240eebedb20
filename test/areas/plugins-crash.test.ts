import { describe, expect, test } from 'bun:test'
import { cp, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { hashAndFlush, hashOfTree } from '../../src/areas/plugins/packages/package-hash.ts'
import { listTree } from '../../src/areas/plugins/packages/package-tree.ts'
import { recoverPackages, recoverWorkerPackages } from '../../src/areas/plugins/package-upkeep.service.ts'
import { migrate } from '../../src/db/migrate.ts'
import { git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { changePlugin, openParts } from '../support/plugin-change.ts'
import { moduleRows, pluginRows, settledFolders, storedFolders, uploadOf } from '../support/plugin-installs.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'

const userId = 'a'.repeat(32)
const script = fileURLToPath(import.meta.resolve('../support/crashing-plugin-change.ts'))

const text = 'let lamp = "on";\n'.repeat(100)
const versionOne = pluginPackage({ files: { 'dist/a.js': text } })
const versionTwo = pluginPackage({ version: '2.0.0', modules: ['LampNew', 'LampOn'], files: { 'dist/b.js': text } })

/** A data folder with one user, and a plugin if `url` names its repository. */
const makeTemplate = async (dataPath: string, privateHosts: string, url?: string) => {
  await mkdir(dataPath)
  const { database, deps } = openParts(dataPath, privateHosts)
  migrate(database.sqlite)
  const columns = database.sqlite
    .query<{ name: string; notnull: number; type: string }, []>("PRAGMA table_info('users')")
    .all()
  const needed = columns.filter(({ notnull }) => notnull === 1)
  const valueOf = ({ name, type }: { name: string; type: string }) =>
    name === 'id' ? userId : type.toLowerCase() === 'text' ? name : 1
  database.sqlite
    .prepare(`INSERT INTO users (${needed.map(({ name }) => name).join()}) VALUES (${needed.map(() => '?').join()})`)
    .run(...needed.map(valueOf))
  if (url) await installPlugin(deps, userId, { kind: 'repository', url, version: 'latest' })
  database.close()
}

/** Runs the change in a process of its own that is killed before its n-th operation. Returns whether it was. */
const crash = async (dataPath: string, killAt: number, change: string[], privateHosts: string): Promise<boolean> => {
  const child = Bun.spawn([process.execPath, script, dataPath, userId, String(killAt), ...change], {
    env: { ...process.env, PRIVATE_HOSTS: privateHosts },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const problems = await child.stderr.text()
  await child.exited
  if (child.signalCode !== 'SIGKILL' && child.exitCode !== 0) throw new Error(problems)
  return child.signalCode === 'SIGKILL'
}

/** The same in a thread, which is terminated there while it does nothing. */
const crashThread: typeof crash = async (dataPath, killAt, change, privateHosts) => {
  const thread = new Worker(script, { env: { ...process.env, PRIVATE_HOSTS: privateHosts } })
  const { promise: told, resolve, reject } = Promise.withResolvers<string>()
  const closed = new Promise((onClose) => thread.addEventListener('close', onClose))
  thread.onmessage = ({ data }: MessageEvent<string>) => resolve(data)
  thread.onerror = ({ message }) => reject(new Error(message))
  thread.postMessage([dataPath, userId, String(killAt), ...change])
  const outcome = await told
  thread.terminate()
  await closed
  return outcome === 'reached'
}

const isWhole = async (root: string, contentHash: string): Promise<boolean> => {
  const { files } = await listTree(root)
  const hashed = await Promise.all(files.map(async (path) => ({ path, hash: await hashAndFlush(join(root, path)) })))
  return hashOfTree(hashed) === contentHash
}

type Parts = ReturnType<typeof openParts>

const recoverServer = ({ deps }: Parts) => Promise.resolve(recoverPackages(deps))

/** What the thread does that takes the place of the one that ended, while the server is at an installation of its own. */
const recoverThread = async ({ deps, database }: Parts, dataPath: string) => {
  await using staging = await deps.packageStore.stage()
  recoverWorkerPackages(database, dataPath)
  expect(await settledFolders(dataPath)).toMatchObject({ staging: [basename(staging.path)], trash: [] })
}

/** What is found after a restart: the version and the modules, after checking that files and rows fit each other. */
const restart = async (dataPath: string, recover: typeof recoverThread = recoverServer): Promise<string> => {
  const parts = openParts(dataPath, '')
  const { database, deps } = parts
  await recover(parts, dataPath)
  const [plugin, ...others] = pluginRows(database)
  const modules = moduleRows(database).map(({ name }) => name)
  const broken = database.sqlite.query('PRAGMA foreign_key_check').all()
  database.close()
  expect([others, broken]).toEqual([[], []])
  const used = plugin ? [plugin.content_hash] : []
  expect(storedFolders(dataPath)).toEqual({ staging: [], trash: [], contents: used })
  for (const hash of used) expect(await isWhole(deps.packageStore.filesOf(hash), hash)).toBe(true)
  return plugin ? `${plugin.version} ${modules.join()}` : `none${modules.join()}`
}

interface Scenario {
  folder: string
  change: string[]
  privateHosts: string
  /** States that a crash may leave; the last one is where the change leads to. */
  states: string[]
  crash?: typeof crash
  recover?: typeof recoverThread
  /** 2 for every other operation. */
  stride?: number
}

/** Kills the change before each of its operations, two processes at a time, and looks what a restart finds. */
const crashEverywhere = async (scenario: Scenario): Promise<number> => {
  const { folder, change, privateHosts, states, crash: crashOnce = crash, recover, stride = 1 } = scenario
  const template = join(folder, 'template')
  const final = states.at(-1)
  const seen = new Set<string>()
  let next = 1
  let isDone = false
  const runPlace = async () => {
    while (!isDone) {
      const killAt = next
      next += stride
      const dataPath = join(folder, `killed-${killAt}`)
      await cp(template, dataPath, { recursive: true })
      const wasKilled = await crashOnce(dataPath, killAt, change, privateHosts)
      if (!wasKilled) isDone = true
      const state = await restart(dataPath, recover)
      expect(states).toContain(state)
      seen.add(state)
      if (state === final) continue
      const [action = '', argument = ''] = change
      await changePlugin({ dataPath, userId, action, argument, privateHosts })
      expect(await restart(dataPath, recover)).toBe(final ?? '')
    }
  }
  await Promise.all([runPlace(), runPlace()])
  expect([...seen].toSorted()).toEqual(states.toSorted())
  return next - 1
}

const one = '1.0.0 LampOn,LampOff'
const two = '2.0.0 LampNew,LampOn'

test('an installation that is killed at any step leaves nothing or the plugin', async () => {
  await using folder = await tempFolder()
  await makeTemplate(join(folder.path, 'template'), '')
  const { file } = await uploadOf(folder.path, versionOne)
  const scenario = { folder: folder.path, change: ['install', file], privateHosts: '', states: ['none', one] }
  expect(await crashEverywhere(scenario)).toBeGreaterThan(30)
}, 120_000)

/** Both begin with a plugin that was installed from Git, where a newer version lies now. */
const withOldPlugin = async () => {
  const folder = await tempFolder()
  const repository = join(folder.path, 'git', 'lamp')
  await makeRepository(repository, versionOne)
  await git(repository, 'tag', 'v1.0.0')
  const gits = gitServer(join(folder.path, 'git'))
  await makeTemplate(join(folder.path, 'template'), gits.host, `${gits.url}/lamp`)
  await makeRepository(repository, versionTwo)
  await git(repository, 'tag', 'v2.0.0')
  return {
    folder: folder.path,
    privateHosts: gits.host,
    async [Symbol.asyncDispose]() {
      await gits[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test.skipIf(!hasGit)(
  'an update that is killed at any step leaves the old or the new plugin',
  async () => {
    await using old = await withOldPlugin()
    expect(await crashEverywhere({ ...old, change: ['update'], states: [one, two] })).toBeGreaterThan(30)
  },
  120_000,
)

test.skipIf(!hasGit)(
  'an uninstallation that is killed at any step leaves the plugin or nothing',
  async () => {
    await using old = await withOldPlugin()
    expect(await crashEverywhere({ ...old, change: ['uninstall'], states: [one, 'none'] })).toBeGreaterThan(5)
  },
  120_000,
)

/** Every other one: the operations are those of the process above, where each has its turn. */
const inThread = { crash: crashThread, recover: recoverThread, stride: 2 }

describe('a thread that is terminated at any step', () => {
  test('of an installation leaves nothing or the plugin, and the server its own work', async () => {
    await using folder = await tempFolder()
    await makeTemplate(join(folder.path, 'template'), '')
    const { file } = await uploadOf(folder.path, versionOne)
    const scenario = { folder: folder.path, change: ['install', file], privateHosts: '', states: ['none', one] }
    expect(await crashEverywhere({ ...scenario, ...inThread })).toBeGreaterThan(30)
  }, 120_000)

  test.skipIf(!hasGit)(
    'of an update leaves the old or the new plugin',
    async () => {
      await using old = await withOldPlugin()
      const scenario = { ...old, change: ['update'], states: [one, two] }
      expect(await crashEverywhere({ ...scenario, ...inThread })).toBeGreaterThan(30)
    },
    120_000,
  )
})
