import { afterAll, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import manifest from '../package.json'
import { startFakeOllama } from './support/fake-ollama.ts'
import { followSse, readSse } from './support/sse.ts'
import { chatBody, ollamaServers } from './support/chat.ts'
import { account, type ServerProcess, startServerProcess, temporaryFolder } from './support/server-process.ts'
import { copySource, findRegistryProblem, pathWith } from './support/source-copy.ts'

/**
 * The built executable as its users meet it: in an empty folder, with no module in reach and no environment but PATH.
 */
const executable = resolve(import.meta.dir, '../dist/braindrive')
const folders: string[] = []
const emptyFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'braindrive-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const run = (args: string[], folder: string, env: Record<string, string> = {}) =>
  Bun.spawn([executable, ...args], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })

const finish = async (child: ReturnType<typeof run>) => {
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { stdout, stderr, code }
}

const startServer = (folder: string) => startServerProcess([executable, 'serve'], folder)

const saveOllama = (server: ServerProcess, url: string) =>
  server.call('POST', '/api/v1/settings/instances', {
    definition_id: 'ollama_servers_settings',
    name: 'Ollama Servers Settings',
    value: ollamaServers(url),
    scope: 'user',
    user_id: 'current',
  })

const messagesOf = async (server: ServerProcess, id: string) =>
  (await server.call('GET', `/api/v1/conversations/${id}/with-messages`)).body.messages

describe('the executable', () => {
  test('--version and --help answer; an unknown flag is exit code 2; bad configuration lists every problem, exit code 3', async () => {
    const folder = emptyFolder()
    expect(await finish(run(['--version'], folder))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
    expect(await finish(run(['--help'], folder))).toMatchObject({ code: 0, stdout: expect.stringContaining('serve') })
    expect(await finish(run(['serve', '--nonsense'], folder))).toMatchObject({ code: 2 })
    const bad = await finish(run([], folder, { PORT: 'x', SECRET_KEY: 'your-secret-key-here', LOG_LEVEL: 'loud' }))
    expect(bad.code).toBe(3)
    for (const name of ['PORT', 'SECRET_KEY', 'LOG_LEVEL']) expect(bad.stderr).toContain(name)
    expect(bad.stderr).not.toContain('your-secret-key-here')
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  test('the journey: register, sign in, save a server, list models, chat, restart, still there', async () => {
    const folder = emptyFolder()
    await using model = { ...startFakeOllama({ pieces: ['Hel', 'lo ', '🚀'] }), [Symbol.asyncDispose]: async () => {} }
    const server = await startServer(folder)
    expect(await server.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
    expect(await server.call('POST', '/api/v1/auth/register', account)).toMatchObject({ status: 200 })
    await server.signIn()
    expect(await saveOllama(server, model.url)).toMatchObject({ status: 200 })
    const { body: list } = await server.call('GET', '/api/v1/ai/providers/all-models')
    expect(list.models[0]).toMatchObject({ provider: 'ollama', server_id: 'srv1', server_name: 'Home' })
    const reading = await readSse(
      await server.send('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { model: list.models[0].name })),
    )
    expect(reading).toMatchObject({ isDone: true, text: 'Hello 🚀' })
    const conversationId = reading.events[0].conversation_id
    expect(await server.kill('SIGTERM')).toBe(0)

    const again = await startServer(folder)
    await again.signIn()
    expect(await messagesOf(again, conversationId)).toMatchObject([
      { sender: 'user', message: 'Hi' },
      { sender: 'llm', message: 'Hello 🚀' },
    ])
    expect(await again.kill('SIGINT')).toBe(0)
    await model.stop()
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    for (const key of ['signing', 'encryption'])
      expect(statSync(join(folder, 'data/keys', `${key}.key`)).mode & 0o777).toBe(0o600)
    // The database is one complete file: what is left of the log is empty.
    expect(Bun.file(join(folder, 'data/braindrive.db-wal')).size).toBe(0)
  }, 30_000)

  test('kill -9 in mid-answer: the text so far is there after the restart, marked interrupted, and the server is ready', async () => {
    const folder = emptyFolder()
    const model = startFakeOllama({ pieces: ['first ', 'second ', 'third'], fault: { kind: 'hang', after: 2 } })
    const server = await startServer(folder)
    await server.call('POST', '/api/v1/auth/register', account)
    await server.signIn()
    await saveOllama(server, model.url)
    const stream = followSse(await server.send('POST', '/api/v1/ai/providers/chat', chatBody('Hi')))
    const { events } = await stream.until(({ text }) => text === 'first second ')
    await Bun.sleep(1100)
    await server.kill('SIGKILL')
    await stream.leave().catch(() => {})

    const again = await startServer(folder)
    await again.signIn()
    const messages = await messagesOf(again, events[0].conversation_id)
    expect(messages).toMatchObject([
      { sender: 'user', message: 'Hi' },
      { sender: 'llm', message: 'first second ', message_metadata: { incomplete: true, error: 'interrupted' } },
    ])
    while ((await again.call('GET', '/health/ready')).status !== 200) await Bun.sleep(20)
    await again.kill('SIGTERM')
    await model.stop()
  }, 30_000)

  test('SIGTERM: open streams end with an error event and [DONE], the partial is stored, exit code 0 within 10 s', async () => {
    const folder = emptyFolder()
    const model = startFakeOllama({ pieces: ['half '], fault: { kind: 'hang', after: 1 } })
    const server = await startServer(folder)
    await server.call('POST', '/api/v1/auth/register', account)
    await server.signIn()
    await saveOllama(server, model.url)
    const stream = followSse(await server.send('POST', '/api/v1/ai/providers/chat', chatBody('Hi')))
    const { events } = await stream.until(({ text }) => text === 'half ')
    const startedAt = performance.now()
    const stopped = server.kill('SIGTERM')
    const reading = await stream.until(() => false)
    expect(reading.isDone).toBe(true)
    expect(reading.events.at(-1)).toMatchObject({ error: true, message: expect.stringContaining('restarted') })
    expect(await stopped).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    const again = await startServer(folder)
    await again.signIn()
    expect((await messagesOf(again, events[0].conversation_id)).at(-1)).toMatchObject({
      sender: 'llm',
      message: 'half ',
    })
    await again.kill('SIGTERM')
    await model.stop()
  }, 30_000)

  test('the worker thread runs: it removes an expired session, and /health/ready sees it', async () => {
    const folder = emptyFolder()
    const first = await startServer(folder)
    await first.call('POST', '/api/v1/auth/register', account)
    await first.signIn()
    await first.kill('SIGTERM')
    const path = join(folder, 'data/braindrive.db')
    const before = new Database(path)
    before.run('UPDATE sessions SET expires_at = 1')
    before.close()
    const server = await startServer(folder)
    while ((await server.call('GET', '/health/ready')).body.checks.worker !== 'ok') await Bun.sleep(20)
    const database = new Database(path, { readonly: true })
    const count = () => (database.query('SELECT count(*) AS n FROM sessions').get() as { n: number }).n
    while (count() > 0) await Bun.sleep(20)
    database.close()
    expect(await server.kill('SIGTERM')).toBe(0)
  }, 30_000)

  test('a second server on the same folder is refused; so are a newer schema and a folder that cannot be written', async () => {
    const folder = emptyFolder()
    const server = await startServer(folder)
    const second = await finish(run(['serve', '--port', '0'], folder))
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('Another BrainDrive Server is running') })
    const taken = await finish(run(['serve', '--port', new URL(server.url).port, '--dir', 'other'], folder))
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('port') })
    await server.kill('SIGTERM')
    const database = new Database(join(folder, 'data/braindrive.db'))
    database.run("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)")
    database.close()
    expect(await finish(run([], folder, { PORT: '0' }))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('newer version'),
    })
    await Bun.write(join(folder, 'file'), '')
    chmodSync(join(folder, 'file'), 0o400)
    expect(await finish(run(['--dir', 'file/data'], folder, { PORT: '0' }))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('data folder'),
    })
  }, 30_000)

  test('the schemas hold in the executable, too: minifying names once switched the bounds of queries off', async () => {
    const server = await startServer(emptyFolder())
    const { body: user } = await server.call('POST', '/api/v1/auth/register', account)
    await server.signIn()
    for (const query of ['limit=101', 'limit=0', 'limit=abc', 'skip=-1', 'skip=9223372036854775808']) {
      const { status } = await server.call('GET', `/api/v1/users/${user.id}/conversations?${query}`)
      expect({ query, status }).toEqual({ query, status: 422 })
    }
    for (const body of [{}, [], { title: 'x'.repeat(501) }, { title: 7 }, { page_id: 'x'.repeat(200) }]) {
      const { status } = await server.call('POST', '/api/v1/conversations', body)
      expect(status).toBe(JSON.stringify(body) === '{}' ? 200 : 422)
    }
    expect((await server.call('POST', '/api/v1/auth/register', { ...account, username: 'ab' })).status).toBe(422)
    expect((await server.call('POST', '/api/v1/ai/providers/chat', chatBody('Hi', { messages: [] }))).status).toBe(422)
    await server.kill('SIGTERM')
  }, 30_000)

  test('the API page is served from the executable alone', async () => {
    const server = await startServer(emptyFolder())
    const page = await (await fetch(`${server.url}/api/v1/docs`)).text()
    const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(assets.length).toBeGreaterThan(1)
    for (const asset of assets) expect((await fetch(new URL(asset, `${server.url}/api/v1/docs`))).status).toBe(200)
    expect((await server.call('GET', '/openapi.json')).body.openapi).toStartWith('3.')
    await server.kill('SIGTERM')
  }, 30_000)
})

const registryProblem = await findRegistryProblem('bun')
if (registryProblem) console.log(`"make run" is not tested: npm cannot reach its registry: ${registryProblem}`)

describe('make run', () => {
  test.skipIf(registryProblem !== undefined)(
    'on a machine without Bun: fetches the pinned one, installs, starts the server; SIGTERM stops it in order',
    async () => {
      using folder = temporaryFolder()
      copySource(folder.path)
      const PATH = pathWith(join(folder.path, 'bin'), { node: Bun.which('node'), npm: Bun.which('npm') })
      expect(Bun.which('bun', { PATH })).toBeNull()
      // The rest of the environment stays, since it may say how npm reaches its registry.
      const env = { ...process.env, PATH, NODE_ENV: undefined, MAKEFLAGS: undefined, DATA_DIR: undefined, PORT: '0' }
      await using server = await startServerProcess(['make', 'run'], folder.path, env)
      expect(await server.call('GET', '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
      const fetched = Bun.spawnSync([join(folder.path, '.bun/node_modules/.bin/bun'), '--version'])
      expect(`bun@${fetched.stdout.toString().trim()}`).toBe(manifest.packageManager)
      expect(existsSync(join(folder.path, 'data/braindrive.db'))).toBe(true)
      await server.kill('SIGTERM')
      expect(server.output()).toContain('"message":"stopped"')
    },
    300_000,
  )
})
