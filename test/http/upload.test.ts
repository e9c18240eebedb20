import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Elysia, t } from 'elysia'
import { jsonBody } from '../../src/http/body.ts'
import { errorEnvelope } from '../../src/http/error-envelope.ts'
import { frame } from '../../src/http/frame.ts'
import { readFiles, readUpload, type UploadTarget } from '../../src/http/upload.ts'
import { AppError } from '../../src/shared/app-error.ts'
import { openUpload } from '../support/raw-upload.ts'
import { testApp } from '../support/test-app.ts'

const maxFileBytes = 200_000
const path = join(tmpdir(), `braindrive-upload-${crypto.randomUUID()}`)
const limits: Partial<UploadTarget> = {}
const server = testApp({ logLevel: 'debug' })
const Fields = t.Object({ method: t.String({ maxLength: 10 }), note: t.Optional(t.String()) })
const fileTooLarge = (bytes: number) => new AppError({ status: 400, code: 'test.large', message: `${bytes}` })

const app = new Elysia()
app
  .use(errorEnvelope(server.deps, () => undefined))
  .use(frame(server.deps))
  .use(jsonBody(server.deps, () => app.routes))
  .post(
    '/upload',
    async ({ request }) => {
      const { fields, file } = await readUpload(request, Fields, { path, maxFileBytes, fileTooLarge, ...limits })
      const text = file ? await Bun.file(path).text() : null
      return {
        fields,
        file: file ? { name: file.name, bytes: file.bytes } : null,
        hash: text === null ? null : Bun.hash(text).toString(),
      }
    },
    { parse: 'none' },
  )
  .post(
    '/files',
    async ({ request }) => {
      const several = { max: 3, tooMany: () => new AppError({ status: 400, code: 'test.many', message: 'many' }) }
      const files = await readFiles(request, { path, maxFileBytes, fileTooLarge, field: 'files', several, ...limits })
      const contents = await Promise.all(files.map((file) => Bun.file(file.path).text()))
      return {
        files: files.map(({ name, type, bytes, isCut }) => ({ name, type, bytes, isCut })),
        contents: contents.map((text) => text.slice(0, 20)),
      }
    },
    { parse: 'none' },
  )
  .listen({ port: 0, hostname: '127.0.0.1' })
const url = `http://127.0.0.1:${app.server?.port}`

const removeFiles = () => {
  for (const file of [path, `${path}-1`, `${path}-2`]) rmSync(file, { force: true })
}
beforeEach(() => {
  removeFiles()
  delete limits.idleMs
  delete limits.timeMs
})
afterAll(async () => {
  await app.stop(true)
  await server.stop()
  rmSync(path, { force: true })
})

const post = async (body: Bun.BodyInit, type?: string, route = 'upload') => {
  const headers = type === undefined ? {} : { 'content-type': type }
  const response = await fetch(`${url}/${route}`, { method: 'POST', body, headers })
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies freely
  return { status: response.status, body: (await response.json()) as any }
}
const multipart = 'multipart/form-data; boundary=xyz'
const field = (name: string, value: string) =>
  `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const part = (disposition: string, content: string, type = 'application/zip') =>
  `--xyz\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`
const end = '--xyz--\r\n'
const method = field('method', 'x')
const form = (...parts: string[]) => post([...parts, end].join(''), multipart)
const refused = (status: number, code: string) => ({ status, body: { code } })
const hashOf = (text: string) => Bun.hash(text).toString()

describe('a form', () => {
  test('its fields and its file, in any order', async () => {
    const file = part('name="file"; filename="a.zip"', 'content')
    const expected = {
      status: 200,
      body: { fields: { method: 'x' }, file: { name: 'a.zip', bytes: 7 }, hash: hashOf('content') },
    }
    expect(await form(method, file)).toEqual(expected)
    rmSync(path)
    expect(await form(file, method)).toEqual(expected)
  })

  test('without a file', async () => {
    expect(await form(method, field('note', 'ä 🎉'))).toMatchObject({
      body: { fields: { method: 'x', note: 'ä 🎉' }, file: null },
    })
    expect(existsSync(path)).toBe(false)
  })

  test('an empty file input of a browser is no file', async () => {
    expect(await form(method, part('name="file"; filename=""', '', 'application/octet-stream'))).toMatchObject({
      status: 200,
      body: { file: null },
    })
  })

  test('an empty file with a name is a file', async () => {
    expect(await form(method, part('name="file"; filename="e.zip"', ''))).toMatchObject({
      body: { file: { name: 'e.zip', bytes: 0 } },
    })
  })

  test('names of files: none, Unicode, quoted, encoded, with folders', async () => {
    const names: [string, string][] = [
      ['name="file"', ''],
      ['name="file"; filename="naïve 🎉.zip"', 'naïve 🎉.zip'],
      ['name="file"; filename="a\\"b.zip"', 'a"b.zip'],
      ['name="file"; filename*=UTF-8\'\'n%C3%A4%20b.zip', 'nä b.zip'],
      ['name="file"; filename="../../etc/passwd.zip"', 'passwd.zip'],
      ['name="file"; filename="C:\\\\temp\\\\w.zip"', 'w.zip'],
    ]
    for (const [disposition, name] of names) {
      rmSync(path, { force: true })
      expect(await form(method, part(disposition, 'zip'))).toMatchObject({
        status: 200,
        body: { file: { name, bytes: 3 } },
      })
    }
  })

  test('any content comes through byte by byte, lines that look like boundaries included', async () => {
    const content = `\r\n--xy\r\n--\r\n--xy z--${'\u0000\r\n-'.repeat(20_000)}\r\n--xy`
    expect(await form(method, part('name="file"; filename="a.zip"', content))).toMatchObject({
      status: 200,
      body: { hash: hashOf(content) },
    })
  })

  test('any boundary that is allowed, a preamble and an epilogue', async () => {
    for (const boundary of ["'()+_,-./:=?", 'a'.repeat(70), '----WebKitFormBoundary7MA4YWxkTrZu0gW']) {
      const body = `preamble\r\n--${boundary}\r\nContent-Disposition: form-data; name="method"\r\n\r\nx\r\n--${boundary}--\r\nepilogue`
      expect(await post(body, `multipart/form-data; boundary="${boundary}"`)).toMatchObject({ status: 200 })
    }
  })

  test('a name of an inherited property is a field like others, and left out', async () => {
    const answer = await form(method, field('__proto__', '{"note":"1"}'), field('constructor', 'x'))
    expect(answer).toMatchObject({ status: 200 })
    expect(Object.hasOwn(answer.body.fields, 'note')).toBe(false)
  })

  test('422: a missing field, one that is too long; nothing of it is echoed', async () => {
    expect(await form(field('note', 'x'))).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'missing', loc: ['body', 'method'], msg: 'Field required' }] },
    })
    const long = await form(field('method', 'secret-secret'))
    expect(long).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'string_too_long', loc: ['body', 'method'] }] },
    })
    expect(JSON.stringify(long.body)).not.toContain('secret')
    expect(await post(end, multipart)).toMatchObject({ status: 422 })
  })
})

describe('what is refused', () => {
  test('400: a body that is no form', async () => {
    const bad = refused(400, 'http.bad_form')
    expect(await post(end, 'multipart/form-data')).toMatchObject(bad)
    expect(await post(end, 'multipart/form-data; boundary=')).toMatchObject(bad)
    expect(await post('', multipart)).toMatchObject(bad)
    expect(await post('no form at all', multipart)).toMatchObject(bad)
    expect(await post(method, multipart)).toMatchObject(bad)
    expect(await post(`${method}--xyz`, multipart)).toMatchObject(bad)
    expect(await post(`${method}${end}`, 'multipart/form-data; boundary=abc')).toMatchObject(bad)
    expect(await post(`${method}${end}`.replaceAll('\r', ''), multipart)).toMatchObject(bad)
    expect(await post(`${method}--xyz\r\nContent-Disposition: form-`, multipart)).toMatchObject(bad)
  })

  test('400: a file that is cut off', async () => {
    const cut = `${method}${part('name="file"; filename="a.zip"', 'z'.repeat(100_000)).slice(0, -20)}`
    expect(await post(cut, multipart)).toMatchObject(refused(400, 'http.bad_form'))
  })

  test('400: a field twice, a file in another field, two files', async () => {
    const file = part('name="file"; filename="a.zip"', 'z')
    expect(await form(method, method)).toMatchObject(refused(400, 'http.bad_form'))
    expect(await form(method, part('name="other"; filename="a.zip"', 'z'))).toMatchObject(refused(400, 'http.bad_form'))
    expect(await form(method, file, file)).toMatchObject(refused(400, 'http.too_many_files'))
  })

  test('413: a field of more than 64 KB, more than 20 parts', async () => {
    const tooLarge = refused(413, 'http.form_too_large')
    expect(await form(method, field('note', 'n'.repeat(65_536)))).toMatchObject({ status: 200 })
    expect(await form(method, field('note', 'n'.repeat(65_537)))).toMatchObject(tooLarge)
    const many = Array.from({ length: 20 }, (_, index) => field(`f${index}`, ''))
    expect(await form(method, ...many.slice(1))).toMatchObject({ status: 200 })
    expect(await form(method, ...many)).toMatchObject(tooLarge)
  })

  test('parts without a name are passed over, also large ones', async () => {
    for (const size of [10, 70_000, 1_000_000]) {
      const nameless = `--xyz\r\nContent-Disposition: attachment\r\n\r\n${'z'.repeat(size)}\r\n`
      const bare = `--xyz\r\n\r\n${'z'.repeat(size / 10)}\r\n`
      expect(await form(nameless, bare, method)).toMatchObject({ status: 200, body: { fields: { method: 'x' } } })
    }
  })

  test('headers without end are not kept', async () => {
    const huge = `--xyz\r\nX-Fill: ${'h'.repeat(150_000)}\r\nContent-Disposition: form-data; name="method"\r\n\r\nx\r\n`
    expect((await form(huge)).status).toBe(422)
    const many = `--xyz\r\n${'X-A: b\r\n'.repeat(5000)}Content-Disposition: form-data; name="method"\r\n\r\nx\r\n`
    expect((await form(many)).status).toBe(422)
    const endless = `--xyz\r\nContent-Disposition: form-data; name="method"\r\nX: ${'h'.repeat(1_000_000)}`
    expect((await post(endless, multipart)).status).toBe(400)
  })

  test('the largest file, and one byte more', async () => {
    const file = (bytes: number) => part('name="file"; filename="a.zip"', 'z'.repeat(bytes))
    expect(await form(method, file(maxFileBytes))).toMatchObject({
      status: 200,
      body: { file: { bytes: maxFileBytes } },
    })
    rmSync(path)
    expect(await form(method, file(maxFileBytes + 1))).toMatchObject(refused(400, 'test.large'))
  })

  test('415: other types of bodies', async () => {
    const unsupported = refused(415, 'http.unsupported_form')
    expect(await post('method=x', 'application/x-www-form-urlencoded')).toMatchObject(unsupported)
    expect(await post('{"method":"x"}', 'text/plain')).toMatchObject(unsupported)
    expect(await post(new Blob(['x']))).toMatchObject(unsupported)
    expect(await post(end, 'multipart/mixed; boundary=xyz')).toMatchObject(unsupported)
  })
})

/** Pieces of forms, to be put together in ways that nobody would. */
const scraps = [
  '--xyz\r\n',
  '--xyz--',
  '--xyz--\r\n',
  '\r\n',
  '\r\n\r\n',
  '--',
  '\r',
  '\n',
  '\0',
  ':',
  ' folded',
  '"',
  method,
  part('name="file"; filename="a.zip"', 'z'),
  'Content-Disposition: form-data; name="method"',
  'Content-Disposition: form-data; name="file"; filename="a.zip"',
  'Content-Disposition: form-data; name=',
  "Content-Disposition: form-data; name*=UTF-8''%",
  'Content-Disposition: form-data; name="file"; filename*=x\'y\'%zz',
  'Content-Disposition: attachment',
  'Content-Type: application/octet-stream',
  'Content-Type: text/plain; charset=utf-7',
  'Content-Type: text/plain; charset=base64',
  'z'.repeat(70_000),
]

const createRandom = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff
    return (state >> 8) % below
  }
}

test('a thousand forms made of scraps: each is answered at once, none with a 500', async () => {
  const random = createRandom(42)
  limits.idleMs = 1000
  const statuses = new Set<number>()
  for (let round = 0; round < 1000; round++) {
    const pieces = Array.from({ length: random(14) }, () => scraps[random(scraps.length)] ?? '')
    const body = `${random(3) ? '--xyz\r\n' : ''}${pieces.join(random(2) ? '\r\n' : '')}${random(2) ? `\r\n${end}` : ''}`
    rmSync(path, { force: true })
    const answer = await post(body, multipart)
    if (answer.status >= 500 || answer.body.code === 'http.upload_too_slow') throw new Error(JSON.stringify(body))
    statuses.add(answer.status)
  }
  expect([...statuses].toSorted()).toEqual([200, 400, 413, 422])
}, 20_000)

describe('JSON instead of a form', () => {
  const json = (body: string) => post(body, 'application/json; charset=utf-8')

  test('the same fields', async () => {
    expect(await json('{"method":"x","more":[1]}')).toMatchObject({
      status: 200,
      body: { fields: { method: 'x' }, file: null },
    })
  })

  test('422: what breaks the schema, or is no JSON', async () => {
    for (const body of [
      '[]',
      'null',
      '7',
      '"x"',
      '{}',
      '{"method":7}',
      '{"method":null}',
      '{',
      '',
      '['.repeat(30_000),
    ]) {
      expect((await json(body)).status).toBe(422)
    }
  })

  test('413: more than 64 KB', async () => {
    expect(await json(JSON.stringify({ method: 'x', note: 'n'.repeat(65_536) }))).toMatchObject(
      refused(413, 'http.body_too_large'),
    )
  })
})

const openFiles = () =>
  readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`)
    } catch {
      return ''
    }
  })

describe('the connection', () => {
  const head = (...lines: string[]) =>
    ['POST /upload HTTP/1.1', 'Host: localhost', `Content-Type: ${multipart}`, ...lines, '', ''].join('\r\n')
  const fileHead = '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'

  test('a size beyond all limits is refused before anything is read', async () => {
    const upload = await openUpload(url)
    upload.write(head('Content-Length: 100000000'))
    const { status, text } = await upload.answer()
    expect(status).toBe(400)
    expect(text).toContain('"detail":"100000000"')
    upload.cut()
  })

  test('an endless body is not read to its end', async () => {
    const upload = await openUpload(url)
    const piece = fileHead + 'z'.repeat(3_000_000)
    upload.write(`${head('Transfer-Encoding: chunked')}${piece.length.toString(16)}\r\n${piece}\r\n`)
    expect(await upload.answer()).toMatchObject({ status: 400 })
    upload.cut()
  })

  test('an endless row of empty parts is not read to its end', async () => {
    const upload = await openUpload(url)
    const piece = '--xyz\r\n\r\n\r\n'.repeat(300_000)
    upload.write(`${head('Transfer-Encoding: chunked')}${piece.length.toString(16)}\r\n${piece}\r\n`)
    expect(await upload.answer()).toMatchObject({ status: 413 })
    upload.cut()
  })

  test('one that is cut leaves no open file and no error of ours', async () => {
    const before = server.logged()
    const upload = await openUpload(url)
    upload.write(`${head('Content-Length: 150000')}${fileHead}${'z'.repeat(50_000)}`)
    while (!existsSync(path) || Bun.file(path).size < 40_000) await Bun.sleep(5)
    upload.cut()
    await Bun.sleep(100)
    expect(server.logged()).toBe(before)
    expect(openFiles()).not.toContain(path)
  })

  test('one that stands still is ended', async () => {
    limits.idleMs = 100
    const upload = await openUpload(url)
    upload.write(`${head('Content-Length: 150000')}${fileHead}${'z'.repeat(50_000)}`)
    expect((await upload.answer()).text).toContain('http.upload_too_slow')
    upload.cut()
  })

  test('one that drips is ended', async () => {
    limits.timeMs = 300
    const upload = await openUpload(url)
    upload.write(`${head('Content-Length: 150000')}${fileHead}`)
    const drip = setInterval(() => upload.write('z'), 20)
    expect((await upload.answer()).text).toContain('http.upload_too_slow')
    clearInterval(drip)
    upload.cut()
  })

  test('a connection serves the next request after a refusal', async () => {
    for (let index = 0; index < 20; index++) {
      const file = part('name="file"; filename="a.zip"', 'z'.repeat(maxFileBytes * 3))
      const answer = await form(file, method).catch(() => undefined)
      if (answer) expect(answer.status).toBe(400)
      rmSync(path, { force: true })
      expect(await form(method)).toMatchObject({ status: 200 })
    }
  })
})

describe('a form with several files', () => {
  const send = (...parts: string[]) => {
    removeFiles()
    return post([...parts, end].join(''), multipart, 'files')
  }
  const fileOf = (name: string, content: string) => part(`name="files"; filename="${name}"`, content, 'text/plain')

  test('they come in their order, whatever their size', async () => {
    const answer = await send(fileOf('a.txt', 'a'.repeat(150_000)), fileOf('b.txt', ''), fileOf('c.txt', 'c'))
    expect(answer).toMatchObject({
      status: 200,
      body: {
        files: [
          { name: 'a.txt', type: 'text/plain', bytes: 150_000, isCut: false },
          { name: 'b.txt', bytes: 0 },
          { name: 'c.txt', bytes: 1 },
        ],
        contents: ['a'.repeat(20), '', 'c'],
      },
    })
  })

  test('one that is too large is marked and cut, the others are whole', async () => {
    const answer = await send(fileOf('a.txt', 'a'.repeat(250_000)), fileOf('b.txt', 'b'))
    expect(answer).toMatchObject({
      status: 200,
      body: {
        files: [
          { name: 'a.txt', bytes: maxFileBytes, isCut: true },
          { name: 'b.txt', isCut: false },
        ],
      },
    })
  })

  test('too many, none, without a name, in another field, all together too large', async () => {
    expect(await send(...['a', 'b', 'c', 'd'].map((name) => fileOf(name, 'x')))).toMatchObject(
      refused(400, 'test.many'),
    )
    expect(await send(field('note', 'x'))).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'files'] }] },
    })
    expect(await send(part('name="files"', 'x'))).toMatchObject({ status: 422 })
    expect(await send(part('name="file"; filename="a"', 'x'))).toMatchObject(refused(400, 'http.bad_form'))
    const huge = fileOf('a.txt', 'a'.repeat(maxFileBytes * 20))
    expect(await send(huge).catch(() => refused(400, 'test.large'))).toMatchObject(refused(400, 'test.large'))
  })
})
