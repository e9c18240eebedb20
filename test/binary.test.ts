import { afterAll, describe, expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import manifest from '../package.json'
import { articlePage, paragraphs } from './support/article.ts'
import { corpus, corpusPath, findMissing } from './support/corpus/corpus.ts'
import { listenForDatagrams } from './support/datagram-listener.ts'
import { startFakeOllama } from './support/fake-ollama.ts'
import { runImportJourney } from './support/import-journey.ts'
import { runOllamaJourney } from './support/ollama-journey.ts'
import { followSse, readSse } from './support/sse.ts'
import { killServers } from './support/job-crashes.ts'
import { chatBody, ollamaServers } from './support/chat.ts'
import { account, type ServerProcess, startServerProcess, temporaryFolder } from './support/server-process.ts'
import { clientFiles, script, writeFiles } from './support/web-client.ts'
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
  test('brings an old installation in, which then lives on', () => runImportJourney([executable]), 30_000)

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

  test('backs up by itself beside the running server, and brings that back', async () => {
    const folder = emptyFolder()
    const env = { BACKUP_EVERY: '24', BACKUP_PASSPHRASE: 'correct horse battery' }
    const server = await startServerProcess([executable, 'serve'], folder, env)
    await server.call('POST', '/api/v1/auth/register', account)
    await server.untilOutput(/scheduled backup made/)
    const made = await finish(run(['backup', 'create', '--with-keys', '--json'], folder, env))
    expect(made.code).toBe(0)
    const { name } = JSON.parse(made.stdout) as { name: string }
    expect((await finish(run(['backup', 'restore', name], folder, env))).stderr).toContain('is running')
    await server.kill('SIGTERM')
    rmSync(join(folder, 'data/braindrive.db'))
    rmSync(join(folder, 'data/keys'), { recursive: true })
    expect(await finish(run(['backup', 'restore', name], folder, env))).toMatchObject({ code: 0, stderr: '' })
    await using again = await startServer(folder)
    await again.signIn()
    expect((await again.call('GET', '/api/v1/auth/me')).status).toBe(200)
  }, 60_000)

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
    // As an upload that was being read leaves it.
    mkdirSync(join(folder, 'data', 'documents', 'upload-x'), { recursive: true })

    const again = await startServer(folder)
    expect(existsSync(join(folder, 'data', 'documents'))).toBe(false)
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

  test('a model is pulled by the worker thread, also across a SIGKILL', async () => {
    const folder = emptyFolder()
    await runOllamaJourney(() => startServer(folder))
  }, 30_000)

  test('kill -9 a hundred times while jobs are created and run: none is lost, none runs twice at once, all are taken up within 2 s', async () => {
    const folder = emptyFolder()
    const env = { MAX_JOBS_PER_USER: '100000', JOB_CONCURRENCY: '8', JOBS_PER_USER: '8' }
    const start = () => startServerProcess([executable, 'serve'], folder, env)
    const { outcomes, slowestRecoveryMs } = await killServers(folder, start, 100)
    expect(outcomes['completed']).toBeGreaterThan(100)
    expect(outcomes['failed interrupted']).toBeGreaterThan(0)
    expect(slowestRecoveryMs).toBeLessThan(2000)
  }, 180_000)

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

  test('a web page is read by a thread of its own', async () => {
    const html = articlePage('Bees of the north', paragraphs(6))
    const site = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(html, { headers: { 'content-type': 'text/html' } }),
    })
    const server = await startServerProcess([executable, 'serve'], emptyFolder(), {
      PRIVATE_HOSTS: `localhost:${site.port}`,
    })
    await server.call('POST', '/api/v1/auth/register', account)
    await server.signIn()
    const urls = [`http://localhost:${site.port}/`]
    for (const format of ['text', 'markdown']) {
      const { body } = await server.call('POST', `/api/v1/searxng/scrape?format=${format}`, { urls })
      expect(body.results[0]).toMatchObject({ success: true })
      expect(body.results[0].content).toContain('Paragraph 5 tells of bumblebees')
    }
    await server.kill('SIGTERM')
    await site.stop(true)
  }, 30_000)

  const uploadDocuments = async (server: ServerProcess, files: File[]) => {
    await server.call('POST', '/api/v1/auth/register', account)
    const { body } = await server.call('POST', '/api/v1/auth/login', account)
    const form = new FormData()
    for (const file of files) form.append('files', file)
    const headers = { authorization: `Bearer ${body.access_token}` }
    const url = `${server.url}/api/v1/documents/process-multiple`
    const answer = await (await fetch(url, { method: 'POST', body: form, headers })).json()
    return (answer as { results: { filename: string; extracted_text?: string }[] }).results
  }

  test('documents of every library are read, each by a process that ends', async () => {
    const server = await startServer(emptyFolder())
    const kinds = 'report.docx report.doc report.pdf report.odt report.rtf letter.epub budget.xls mail-nested.eml'
    const names = [...kinds.split(' '), 'budget.xlsx', 'slides.pptx']
    const files = names.map(async (name) => new File([await Bun.file(corpusPath(name)).bytes()], name))
    for (const { filename, extracted_text = '' } of await uploadDocuments(server, await Promise.all(files)))
      expect({ filename, missing: findMissing(extracted_text, corpus[filename]?.sentences ?? ['?']) }).toEqual({
        filename,
        missing: undefined,
      })
    const children = Bun.spawnSync(['pgrep', '-P', String(server.child.pid)])
      .stdout.toString()
      .trim()
    expect(children).toBe('')
    await server.kill('SIGTERM')
  }, 30_000)

  test.skipIf(process.platform !== 'linux')(
    'documents are still read when an update has taken the executable away',
    async () => {
      const folder = emptyFolder()
      const copy = join(folder, 'braindrive')
      copyFileSync(executable, copy)
      const server = await startServerProcess([copy, 'serve'], folder)
      rmSync(copy)
      const results = await uploadDocuments(server, [new File(['still read'], 'a.txt')])
      expect(results).toMatchObject([{ extracted_text: 'still read' }])
      await server.kill('SIGTERM')
    },
    30_000,
  )

  test('it serves a web client below a path, has metrics, and tells a supervisor how it is', async () => {
    const folder = emptyFolder()
    writeFiles(join(folder, 'web'), clientFiles)
    const socket = join(folder, 'notify')
    using supervisor = listenForDatagrams(socket)
    const server = await startServerProcess([executable, 'serve', '--web', 'web'], folder, {
      BASE_PATH: '/brain',
      METRICS_TOKEN: 'a token of the executable',
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: '300000',
    })
    expect(await supervisor.until((messages) => messages.length > 0)).toEqual(['READY=1'])
    const page = await fetch(`${server.url}/brain/pages/x`, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('<base href="/brain/">')
    expect((await fetch(`${server.url}/brain/${script}`)).headers.get('cache-control')).toContain('immutable')
    const metrics = await fetch(`${server.url}/metrics`, {
      headers: { authorization: 'Bearer a token of the executable' },
    })
    expect(await metrics.text()).toContain('http_requests_total{method="GET",route="/*",status="2xx"} 2')
    await supervisor.until((messages) => messages.includes('READY=1\nWATCHDOG=1'))
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(supervisor.read().at(-1)).toBe('STOPPING=1')
    expect(await finish(run(['systemd'], folder))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`ExecStart=${executable} serve\n`),
    })
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

test('accounts, keys and a look at everything, without a server', async () => {
  const folder = emptyFolder()
  const env = { DEFAULT_PLUGINS: '', PORT: '0' }
  await Bun.write(join(folder, 'password'), account.password)
  const create = ['user', 'create', account.email, '--username', account.username, '--password-file', 'password']
  expect((await finish(run(create, folder, env))).stdout).toContain('as an administrator')
  expect((await finish(run(['secret', 'rotate'], folder, env))).stdout).toContain('New encryption key')
  const { code, stdout } = await finish(run(['doctor', '--json'], folder, env))
  expect([code, JSON.parse(stdout).ok]).toEqual([0, true])
  await using server = await startServer(folder)
  await server.signIn()
  expect((await server.call('GET', '/api/v1/auth/me')).status).toBe(200)
})
