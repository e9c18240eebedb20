import { afterAll, describe, expect, test } from 'bun:test'
import { storedFolders } from '../support/plugin-installs.ts'
import { pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { archiveFile, postForm } from '../support/plugin-source.ts'
import { openUpload } from '../support/raw-upload.ts'
import { testApp } from '../support/test-app.ts'

const maxBytes = 1_048_576
const server = testApp({ env: { MAX_PLUGIN_SIZE: String(maxBytes) } })
afterAll(server.stop)

const staged = () => storedFolders(server.dataPath).staging
const untilStaged = async (count: number) => {
  const giveUpAt = Date.now() + 5000
  while (staged().length !== count) {
    if (Date.now() > giveUpAt) throw new Error(`${staged().length} folders are staged`)
    await Bun.sleep(5)
  }
}
const filePart = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
const head = async (user: string | undefined, length: number) =>
  [
    'POST /api/v1/plugins/install HTTP/1.1',
    'Host: localhost',
    'Content-Type: multipart/form-data; boundary=x',
    `Content-Length: ${length}`,
    ...(user ? [`Authorization: Bearer ${await server.tokenOf(user)}`] : []),
    '',
    '',
  ].join('\r\n')

describe('an upload', () => {
  test('401 before anything of it is read: no folder is made', async () => {
    const upload = await openUpload(server.url)
    upload.write(`${await head(undefined, 500_000_000)}${filePart}${'z'.repeat(100_000)}`)
    expect((await upload.answer()).status).toBe(401)
    expect(staged()).toEqual([])
    upload.cut()
  })

  test('may be larger than MAX_REQUEST_SIZE, up to MAX_PLUGIN_SIZE', async () => {
    await using small = testApp({ env: { MAX_REQUEST_SIZE: '1024' } })
    const noise = crypto.getRandomValues(new Uint8Array(60_000))
    const archive = zipOf(pluginPackage({ files: { 'dist/noise.bin': noise } }))
    const answer = await postForm(small, 'ada', { method: 'upload', file: archiveFile(archive, 'a.zip') })
    expect(answer).toMatchObject({ status: 200, body: { data: { file_size: archive.byteLength } } })
  })

  test('400: larger than the limit, announced or not, with the size', async () => {
    const announced = await openUpload(server.url)
    announced.write(await head('ada', 300_000_000))
    const { status, text } = await announced.answer()
    expect(status).toBe(400)
    expect(text).toContain('"detail":"File size (300000000 bytes) exceeds maximum allowed size (1048576 bytes)"')
    announced.cut()
    const file = archiveFile(new Uint8Array(maxBytes + 1), 'a.zip')
    expect(await postForm(server, 'ada', { method: 'upload', file })).toMatchObject({
      status: 400,
      body: { code: 'plugins.file_too_large', detail: expect.stringMatching(/^File size \(10\d{5} bytes\) exceeds/) },
    })
    const exact = archiveFile(new Uint8Array(maxBytes), 'a.zip')
    expect(await postForm(server, 'ada', { method: 'upload', file: exact })).toMatchObject({
      body: { code: 'plugins.file_extraction_failed' },
    })
    expect(staged()).toEqual([])
  })

  test('that is cut leaves nothing', async () => {
    const upload = await openUpload(server.url)
    upload.write(`${await head('ada', 900_000)}${filePart}${'z'.repeat(300_000)}`)
    await untilStaged(1)
    upload.cut()
    await untilStaged(0)
    expect(server.logged()).toBe('')
  })

  test('429: a fifth one of the same user at the same time; others may', async () => {
    const uploads = await Promise.all([1, 2, 3, 4].map(() => openUpload(server.url)))
    for (const upload of uploads) upload.write(`${await head('ada', 900_000)}${filePart}${'z'.repeat(100_000)}`)
    await untilStaged(4)
    expect(await postForm(server, 'ada', { method: 'ftp' })).toMatchObject({
      status: 429,
      body: { code: 'plugins.too_many_own_installs' },
    })
    expect((await postForm(server, 'bob', { method: 'ftp' })).status).toBe(400)
    for (const upload of uploads) upload.cut()
    await untilStaged(0)
    expect((await postForm(server, 'ada', { method: 'ftp' })).status).toBe(400)
  })

  test('403: a form of a foreign page, which the browser sends with the cookie', async () => {
    const form = new FormData()
    form.append('method', 'url')
    const headers = { cookie: `access_token=${await server.tokenOf('ada')}`, origin: 'https://evil.test' }
    const response = await fetch(`${server.url}/api/v1/plugins/install`, { method: 'POST', body: form, headers })
    expect(response.status).toBe(403)
  })

  test('the same plugin twice at once: one is installed, the other refused', async () => {
    const archive = zipOf(pluginPackage({ slug: 'Same' }))
    const install = () => postForm(server, 'twin', { method: 'upload', file: archiveFile(archive, 'a.zip') })
    const answers = await Promise.all([install(), install()])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    expect(answers.find(({ status }) => status === 400)?.body.code).toBe('plugins.lifecycle_manager_install_failed')
  })

  test('ten at once by ten users: each gets its own', async () => {
    const users = Array.from({ length: 10 }, (_, index) => `user${index}`)
    const answers = await Promise.all(
      users.map((user) => {
        const archive = zipOf(pluginPackage({ slug: `Of_${user}` }))
        return postForm(server, user, { method: 'upload', file: archiveFile(archive, 'same-name.zip') })
      }),
    )
    expect(answers.map(({ body }) => body.data?.plugin_slug)).toEqual(users.map((user) => `Of_${user}`))
    expect(staged()).toEqual([])
  })
})
