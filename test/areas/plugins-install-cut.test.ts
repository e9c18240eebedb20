import { describe, expect, test } from 'bun:test'
import { advertisement, commitObject, packAnswer, packBytes, packObject, treeObject } from '../support/pack-bytes.ts'
import { pluginRows, settledFolders, storedFolders } from '../support/plugin-installs.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { openUpload } from '../support/raw-upload.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const types = {
  list: { 'content-type': 'application/x-git-upload-pack-advertisement' },
  result: { 'content-type': 'application/x-git-upload-pack-result' },
}

const lampRepository = () => {
  const { 'dist/remoteEntry.js': entry = '', ...others } = pluginPackage()
  const toFile = (name: string, content: string | Uint8Array) => {
    const blob = packObject('blob', content)
    return { blob, line: { mode: '100644', name, oid: blob.oid } }
  }
  const inside = toFile('remoteEntry.js', entry)
  const outside = Object.entries(others).map(([name, content]) => toFile(name, content))
  const dist = treeObject([inside.line])
  const root = treeObject([...outside.map(({ line }) => line), { mode: '40000', name: 'dist', oid: dist.oid }])
  const commit = commitObject(root)
  return { commit, pack: packBytes([commit, root, dist, inside.blob, ...outside.map(({ blob }) => blob)]) }
}

/** A Git server with one plugin, which stops in the middle of the pack while it is told to stall. */
const stallingGit = () => {
  const { commit, pack } = lampRepository()
  const state = { isStalling: true, stalled: 0, left: 0 }
  const answer = packAnswer(pack, commit.oid)
  const stall = () => {
    state.stalled += 1
    return new ReadableStream({
      start: (controller) => controller.enqueue(answer.subarray(0, 200)),
      cancel: () => {
        state.left += 1
      },
    })
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: ({ method }) =>
      method === 'GET'
        ? new Response(advertisement({ HEAD: commit.oid, 'refs/heads/main': commit.oid }), { headers: types.list })
        : new Response(state.isStalling ? stall() : answer, { headers: types.result }),
  })
  const host = `127.0.0.1:${server.port}`
  return { host, url: `http://${host}/lamp`, state, [Symbol.asyncDispose]: () => server.stop(true) }
}

const until = async (isReached: () => boolean) => {
  for (let tries = 0; !isReached(); tries++) {
    if (tries > 500) throw new Error('did not happen within 5 s')
    await Bun.sleep(10)
  }
}

/** Sends the request on a connection that the test can cut. */
const sendRaw = async (server: TestServer, path: string, body: string, type = 'application/json') => {
  const connection = await openUpload(server.url)
  const headers = [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${await server.tokenOf('ada')}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  connection.write(`${headers.join('\r\n')}\r\n\r\n${body}`)
  return connection
}

describe('a client that hangs up', () => {
  test.each(['install-from-url', 'install'])('ends its installation (%s)', async (route) => {
    await using git = stallingGit()
    await using server = testApp({ env: { PRIVATE_HOSTS: git.host } })
    const body = JSON.stringify({ method: 'github', repo_url: git.url })
    const path = `/api/v1/plugins/${route}`
    const connection = await sendRaw(server, path, body)
    await until(() => git.state.stalled === 1)
    expect(storedFolders(server.dataPath).staging).not.toEqual([])
    connection.cut()
    await until(() => git.state.left === 1)
    await until(() => storedFolders(server.dataPath).staging.length === 0)
    expect(pluginRows(server.database)).toEqual([])
    expect(server.logged()).not.toContain('request failed')
    git.state.isStalling = false
    const { status } = await server.as('ada')('POST', '/api/v1/plugins/install-from-url', { repo_url: git.url })
    expect(status).toBe(200)
  })

  test('ends its update, and the old version stays', async () => {
    await using git = stallingGit()
    await using server = testApp({ env: { PRIVATE_HOSTS: git.host } })
    git.state.isStalling = false
    const call = server.as('ada')
    expect((await call('POST', '/api/v1/plugins/install-from-url', { repo_url: git.url })).status).toBe(200)
    const before = pluginRows(server.database)
    const { contents } = storedFolders(server.dataPath)
    git.state.isStalling = true
    const connection = await sendRaw(server, '/api/v1/plugins/Lamp/update', '')
    await until(() => git.state.stalled === 1)
    connection.cut()
    await until(() => git.state.left === 1)
    await until(() => storedFolders(server.dataPath).staging.length === 0)
    expect(pluginRows(server.database)).toEqual(before)
    expect(await settledFolders(server.dataPath)).toEqual({ staging: [], trash: [], contents })
    expect(server.logged()).not.toContain('request failed')
    git.state.isStalling = false
    expect((await call('POST', '/api/v1/plugins/Lamp/update')).status).toBe(200)
  })

  test('gives up its place in the line', async () => {
    await using git = stallingGit()
    await using server = testApp({ env: { PRIVATE_HOSTS: git.host } })
    const body = JSON.stringify({ repo_url: git.url })
    const first = await sendRaw(server, '/api/v1/plugins/install-from-url', body)
    await until(() => git.state.stalled === 1)
    const second = await sendRaw(server, '/api/v1/plugins/install-from-url', body)
    await until(() => storedFolders(server.dataPath).staging.length === 2)
    second.cut()
    // The first one still waits for its server.
    await until(() => storedFolders(server.dataPath).staging.length === 1)
    expect(git.state).toMatchObject({ stalled: 1, left: 0 })
    first.cut()
    await until(() => storedFolders(server.dataPath).staging.length === 0)
  })
})
