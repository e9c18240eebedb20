import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { knownPlugins } from '../src/areas/plugins/registry/known-plugins.ts'
import { startFakeOllama } from './support/fake-ollama.ts'
import { startFakeSearxng } from './support/fake-searxng.ts'
import type { FakeModelServer } from './support/fake-model-server.ts'
import { oldHousehold } from './support/old-household.ts'
import { oldMasterKey } from './support/old-installation.ts'
import { pluginPackage, zipOf } from './support/plugin-packages.ts'
import { startReleases } from './support/plugin-source.ts'
import { type ReadmeBlock, readmeBlocks } from './support/readme.ts'
import { findSyntaxError, startShell } from './support/readme-shell.ts'
import { freePort } from './support/reverse-proxies.ts'
import { type ServerProcess, startServerProcess, temporaryFolder } from './support/server-process.ts'

/*
 * A newcomer with the executable and an empty folder types what the README says, from its beginning to its end. A block is
 * run as it stands unless it is marked:
 *   server   it runs until it is stopped: the blocks below talk to it
 *   stopped  the server is stopped for it, and started again
 *   any of `reasons`: it is only read by a shell
 */
const reasons: Record<string, string> = {
  root: 'it changes the system',
  source: 'it works on the source',
  network: 'it needs the internet',
  docker: 'it needs Docker',
}

const executable = resolve(import.meta.dir, '../dist/braindrive')
const blocks = readmeBlocks()
const shellBlocks = blocks.filter(({ language }) => language === 'sh')

const corpus = resolve(import.meta.dir, 'support/corpus/files')
const repositoryOf = (slug: string): string =>
  new URL(knownPlugins.find((one) => one.slug === slug)?.repo_url ?? '').pathname.slice(1)

/** Files that the README uploads, and what there is of their kind. */
const samples = { 'report.docx': 'report.docx', 'a.pdf': 'note.pdf', 'b.xlsx': 'budget.xlsx' }

/** On a GitHub of our own: what new accounts get, and what the README installs. */
const plugins = Object.fromEntries(
  ['Settings', 'Chat', 'Ollama', 'OpenRouter', 'ChatWithDocs'].map((name) => [
    repositoryOf(`BrainDrive${name}`),
    { slug: `BrainDrive${name}`, versions: ['1.0.0'] },
  ]),
)

const folder = temporaryFolder()
const home = (name: string) => join(folder.path, name)
let model: FakeModelServer
let search: ReturnType<typeof startFakeSearxng>
let shell: ReturnType<typeof startShell>
let releases: ReturnType<typeof startReleases>
let old: Awaited<ReturnType<typeof oldHousehold>>
let server: ServerProcess | undefined
let port = 0

// For the shell, since the backup is made by a command above, perhaps of the same block.
const newestBackup = '$(ls -d data/backups/backup-* | tail -n 1)'

/** What the README names and this machine has elsewhere, and what readers put in. */
const toHere = (block: ReadmeBlock): ReadmeBlock => ({
  ...block,
  text: block.text
    .replaceAll('127.0.0.1:8005', `127.0.0.1:${port}`)
    .replaceAll('http://localhost:11434', model.url)
    .replaceAll('http://search.home:8888', search.url)
    .replaceAll(/\bBACKUP\b/g, () => newestBackup),
})

const environment = () => ({
  PATH: `${home('bin')}:/usr/local/bin:/usr/bin:/bin`,
  HOME: folder.path,
  PORT: String(port),
  ...releases.env,
  // Asked for on a terminal.
  BACKUP_PASSPHRASE: 'a bee in the bonnet',
})

let startCommand: string[] = []
const startServer = async (block?: ReadmeBlock) => {
  if (block) startCommand = ['bash', '-c', toHere(block).text]
  server = await startServerProcess(startCommand, folder.path, {
    ...environment(),
    // As they are for everybody: other tests switch them off.
    RATE_LIMIT: undefined,
    DEFAULT_PLUGINS: undefined,
  })
  while ((await server.call('GET', '/health/ready')).status !== 200) await Bun.sleep(20)
}
const stopServer = async () => {
  if (server) expect(await server.kill('SIGTERM')).toBe(0)
  server = undefined
}

const runBlock = async (block: ReadmeBlock): Promise<string> => {
  if (block.mark === 'server') {
    await stopServer()
    await startServer(block)
    return ''
  }
  if (block.mark === 'stopped') await stopServer()
  const output = await shell.run(toHere(block))
  if (block.mark === 'stopped') await startServer()
  return output
}

describe('the README', () => {
  beforeAll(async () => {
    await Bun.write(home('plugin.zip'), zipOf(pluginPackage()))
    for (const [name, sample] of Object.entries(samples)) await Bun.write(home(name), Bun.file(join(corpus, sample)))
    await Bun.write(home('bin/.keep'), '')
    symlinkSync(executable, home('bin/braindrive'))
    old = await oldHousehold('http://localhost:1')
    symlinkSync(old.folder, home('OLD'))
    await Bun.write(home('KEY'), `${oldMasterKey}\n`)
    releases = startReleases(plugins)
    model = startFakeOllama({ pieces: ['Hello ', 'yourself'] })
    search = startFakeSearxng()
    port = await freePort()
    shell = startShell(folder.path, environment())
  })
  afterAll(async () => {
    await server?.kill('SIGTERM')
    await shell[Symbol.asyncDispose]()
    await releases[Symbol.asyncDispose]()
    await model.stop()
    await search[Symbol.asyncDispose]()
    old[Symbol.dispose]()
    folder[Symbol.dispose]()
  })

  test('marks blocks only with words that this test knows', () => {
    const known = ['', 'server', 'stopped', ...Object.keys(reasons)]
    expect(shellBlocks.filter(({ mark }) => !known.includes(mark))).toEqual([])
    expect(shellBlocks.length).toBeGreaterThan(5)
  })

  for (const block of shellBlocks) {
    const reason = reasons[block.mark]
    const command = block.text.split('\n')[0]
    if (reason !== undefined)
      console.log(`README.md:${block.line} is only read, not run, because ${reason}: ${command}`)
    test(`line ${block.line}: ${command}`, async () => {
      expect(findSyntaxError(block)).toBeUndefined()
      if (reason === undefined) await runBlock(block)
    }, 120_000)
  }

  test('its first run leaves a conversation of two messages and the plugins', async () => {
    const left = await shell.run({
      language: 'sh',
      mark: '',
      line: 1,
      text: 'curl -s $api/conversations/$conversation/with-messages -H "$auth"; curl -s $api/plugins/manifest -H "$auth"\n',
    })
    expect(left).toContain('"message":"Hello!"')
    expect(left).toContain('"message":"Hello yourself"')
    for (const slug of ['Lamp', ...Object.values(plugins).map((one) => one.slug)]) expect(left).toContain(`"${slug}"`)
  })

  test('has no JSON that is none', () => {
    const broken = blocks.filter(({ language, text }) => {
      if (language !== 'json') return false
      try {
        JSON.parse(text)
        return false
      } catch {
        return true
      }
    })
    expect(broken).toEqual([])
  })
})
