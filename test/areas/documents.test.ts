import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Deps } from '../../src/deps.ts'
import { corpusPath } from '../support/corpus/corpus.ts'
import { pdfOf } from '../support/hostile-documents.ts'
import { fileOf, toFile, uploadDocuments } from '../support/documents.ts'
import { openUpload } from '../support/raw-upload.ts'
import { readResponse, testApp, type TestServer } from '../support/test-app.ts'

const server = testApp()
afterAll(() => server.stop())

const process = (file: File, query = '') => uploadDocuments(server, `process${query}`, [file])
const context = (file: File) => uploadDocuments(server, 'process-text-context', [file])
const several = (files: File[], query = '') =>
  uploadDocuments(server, `process-multiple${query}`, files, { field: 'files' })

/** No file stays behind, whatever happened. */
const leftFiles = ({ dataPath }: TestServer): string[] => {
  const folder = join(dataPath, 'documents')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('GET /supported-types', () => {
  test('answers strangers with all that the contract names, and more formats', async () => {
    const { status, body } = await server.call('GET', '/api/v1/documents/supported-types')
    expect(status).toBe(200)
    expect(body.supported_types).toMatchObject({
      'application/pdf': 'pdf',
      'application/msword': 'docx',
      'application/vnd.ms-powerpoint': 'pptx',
      'application/vnd.ms-excel': 'xlsx',
      'application/vnd.oasis.opendocument.spreadsheet': 'xlsx',
      'application/vnd.oasis.opendocument.text': 'odt',
      'text/rtf': 'rtf',
      'text/x-markdown': 'md',
      'text/json': 'json',
      'application/xhtml+xml': 'html',
      'message/rfc822': 'eml',
      'application/epub+zip': 'epub',
    })
    const extensions =
      'csv doc docx eml epub htm html json log markdown md odp ods odt pdf ppt pptx rtf text tsv txt xhtml xls xlsx xml'
    expect(body.extensions).toEqual(extensions.split(' '))
    const types = 'csv docx eml epub html json md odp ods odt pdf pptx rtf txt xls xlsx xml'
    expect(body).toMatchObject({
      canonical_types: types.split(' '),
      max_file_size_mb: 10,
      max_files_per_request: 10,
    })
    expect(body).not.toHaveProperty('data')
  })

  test('says what size is allowed here', async () => {
    await using other = testApp({ env: { MAX_DOCUMENT_SIZE: '2621440' } })
    const { body } = await other.call('GET', '/api/v1/documents/supported-types')
    expect(body.max_file_size_mb).toBe(2.5)
  })
})

describe('POST /process', () => {
  test('a text: every field, none that was not asked for', async () => {
    expect(
      await process(toFile('Notiz ü.txt', 'One\r\n\r\n\r\n\r\nTwo 🚀  \n', 'text/plain; charset=utf-8')),
    ).toMatchObject({
      status: 200,
      body: {
        filename: 'Notiz ü.txt',
        file_type: 'txt',
        content_type: 'text/plain',
        file_size: 22,
        extracted_text: 'One\n\nTwo 🚀',
        text_length: 10,
        processing_success: true,
        detected_type: 'txt',
        metadata: { encoding: 'utf_8' },
      },
    })
    const { body } = await process(toFile('a.html', '<p>x'))
    expect(Object.keys(body).toSorted()).toEqual(
      'content_type detected_type extracted_text file_size file_type filename processing_success text_length'.split(
        ' ',
      ),
    )
  })

  test('include_chunks, in several words for yes and no; no chunks where there is no text', async () => {
    const text = 'First\n\nSecond'
    for (const query of ['?include_chunks=true', '?include_chunks=1', '?include_chunks=yes']) {
      const { body } = await process(toFile('a.txt', text), query)
      expect(body).toMatchObject({
        chunks: [{ index: 1, text, char_count: 13 }],
        chunk_metadata: { truncated: false, total_chars: 13, segment_count: 1 },
      })
    }
    for (const [content, query] of [
      [text, '?include_chunks=false'],
      ['', '?include_chunks=true'],
    ] as const) {
      const { status, body } = await process(toFile('a.txt', content), query)
      expect(status).toBe(200)
      expect(body).not.toHaveProperty('chunks')
      expect(body).not.toHaveProperty('chunk_metadata')
    }
  })

  test('max_chars counts code points, and says that it cut', async () => {
    const rocket = toFile('a.txt', '🚀🚀🚀end')
    expect((await process(rocket, '?max_chars=2')).body).toMatchObject({
      extracted_text: '🚀🚀',
      text_length: 2,
      warnings: ['Text truncated to 2 characters per request limit'],
    })
    const whole = await process(rocket, '?max_chars=6')
    expect(whole.body).toMatchObject({ extracted_text: '🚀🚀🚀end', text_length: 6 })
    expect(whole.body).not.toHaveProperty('warnings')
  })

  test('422 for options out of bounds, before the upload is looked at', async () => {
    for (const query of ['max_chars=0', 'max_chars=500001', 'max_chars=x', 'max_chars=1.5', 'include_chunks=perhaps'])
      expect({ query, ...(await process(toFile('a.txt', 'x'), `?${query}`)) }).toMatchObject({ query, status: 422 })
  })

  test('preserve_layout keeps the lines and columns of a PDF', async () => {
    const { body } = await process(await fileOf(corpusPath('report.pdf')), '?preserve_layout=true')
    expect(body.extracted_text).toMatch(/\nShip {5,}Berth {5,}Cargo\nAurora {5,}12 {5,}Timber\n/)
  })

  test('strip_boilerplate is on unless it is switched off', async () => {
    const page = toFile(
      'a.html',
      '<title> A  page </title><nav>Menu</nav><p>Body</p><script>x()</script><footer>End</footer>',
    )
    expect((await process(page)).body).toMatchObject({ extracted_text: 'Body', metadata: { title: 'A page' } })
    expect((await process(page, '?strip_boilerplate=false')).body.extracted_text).toBe('Menu\n\nBody\n\nEnd')
  })

  test('400 with the reason: unknown, damaged, mislabelled, protected', async () => {
    const failures: [File, string][] = [
      [
        toFile('a.png', new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 0, 1, 44, 10, 44]), 'image/png'),
        'Unsupported or unknown file type',
      ],
      [toFile('a.txt', new Uint8Array([0, 1, 2, 3, 44, 10, 0])), 'Unsupported or unknown file type'],
      [toFile('a.pdf', 'no pdf'), 'Unable to parse PDF: Invalid PDF structure'],
      [toFile('a.docx', 'no zip'), 'Unable to parse DOCX: File is not a zip file, or it is incomplete'],
      [toFile('a.json', '{"a":'), 'Unable to parse JSON: '],
      [toFile('a.csv', ''), 'Unable to parse CSV: No columns to parse from file'],
      [toFile('a.csv', 'a,b\n1,2\n1,2,3'), 'Unable to parse CSV: Expected 2 fields in line 3, saw 3'],
    ]
    for (const [file, detail] of failures) {
      const answer = await process(file)
      expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(detail) } })
    }
  })

  test('422 without a file, and with one that has no name', async () => {
    const missing = { detail: [{ type: 'missing', loc: ['body', 'file'], msg: 'Field required' }] }
    expect(await uploadDocuments(server, 'process', [])).toMatchObject({ status: 422, body: missing })
    const form = '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n'
    const headers = {
      'content-type': 'multipart/form-data; boundary=x',
      authorization: `Bearer ${await server.tokenOf('ada')}`,
    }
    const response = await fetch(`${server.url}/api/v1/documents/process`, { method: 'POST', body: form, headers })
    expect(await readResponse(response)).toMatchObject({ status: 422, body: missing })
  })

  test('400 for a broken form, another field, two files; 415 for no form', async () => {
    const headers = { authorization: `Bearer ${await server.tokenOf('ada')}` }
    const post = async (body: string, type: string) =>
      readResponse(
        await fetch(`${server.url}/api/v1/documents/process`, {
          method: 'POST',
          body,
          headers: { ...headers, 'content-type': type },
        }),
      )
    expect(await post('x', 'multipart/form-data')).toMatchObject({ status: 400 })
    expect(await post('{}', 'application/json')).toMatchObject({ status: 415 })
    expect(await uploadDocuments(server, 'process', [toFile('a.txt', 'x')], { field: 'other' })).toMatchObject({
      status: 400,
    })
    const two = [toFile('a.txt', 'x'), toFile('b.txt', 'y')]
    expect(await uploadDocuments(server, 'process', two, { field: 'file' })).toMatchObject({ status: 400 })
  })

  test('413 above the limit, whether it is announced or found out', async () => {
    const large = toFile('a.txt', 'x'.repeat(10_485_761))
    const refused = {
      status: 413,
      body: { detail: 'File too large. Maximum size is 10MB', code: 'documents.file_too_large' },
    }
    expect(await process(large)).toMatchObject(refused)
    expect(await context(large)).toMatchObject(refused)
    const upload = await openUpload(server.url)
    upload.write(
      `POST /api/v1/documents/process HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await server.tokenOf('ada')}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 99000000\r\n\r\n`,
    )
    expect((await upload.answer()).status).toBe(413)
    expect(await process(toFile('a.txt', 'x'.repeat(10_485_760)))).toMatchObject({
      status: 200,
      body: { file_size: 10_485_760 },
    })
  }, 20_000)

  test('no file stays behind', async () => {
    await process(toFile('a.pdf', 'no pdf'))
    expect(leftFiles(server)).toEqual([])
  })
})

describe('the type', () => {
  const typeOf = async (file: File) => {
    const { body } = await process(file)
    return body.detected_type ?? body.detail
  }

  test('content comes before name and type', async () => {
    const docx = await Bun.file(corpusPath('report.docx')).bytes()
    expect(await typeOf(toFile('report.pdf', docx, 'application/pdf'))).toBe('docx')
    expect(await typeOf(toFile('noname', docx))).toBe('docx')
    expect(await typeOf(toFile('a.txt', await Bun.file(corpusPath('note.pdf')).bytes(), 'text/plain'))).toBe('pdf')
    expect(await typeOf(toFile('a', await Bun.file(corpusPath('slides.odp')).bytes()))).toBe('odp')
  })

  test('the name wins over types that are given to anything, and only over those', async () => {
    const csv = 'a,b\n1,2\n'
    expect(await typeOf(toFile('a.csv', csv, 'application/vnd.ms-excel'))).toBe('csv')
    expect(await typeOf(toFile('a.md', '# A', 'text/plain'))).toBe('md')
    expect(await typeOf(toFile('a.csv', csv, 'application/octet-stream'))).toBe('csv')
    expect(await typeOf(toFile('a.txt', '{"a":1}', 'application/json; charset=utf-8'))).toBe('json')
    expect(await typeOf(toFile('A.CSV', csv))).toBe('csv')
  })

  test('without both, what the text looks like', async () => {
    expect(await typeOf(toFile('a', '[1, {"b": 2}]'))).toBe('json')
    expect(await typeOf(toFile('a', 'x,y\n1,2\n3,4'))).toBe('csv')
    expect(await typeOf(toFile('a', 'Well, this is prose,\nand so is this.\n'))).toBe('txt')
    expect(await typeOf(toFile('a', '<!DOCTYPE html><p>x'))).toBe('html')
    expect(await typeOf(toFile('a', new Uint8Array([0xff, 0x00, 0x80, 44, 10, 44])))).toBe(
      'Unsupported or unknown file type',
    )
  })
})

describe('POST /process-multiple', () => {
  test('each file for itself, in their order; failures have three fields', async () => {
    const files = [toFile('a.txt', 'A'), toFile('b.bin', new Uint8Array([0, 1])), toFile('c.md', '# C')]
    const { status, body } = await several(files, '?include_chunks=true')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      results: [
        { filename: 'a.txt', extracted_text: 'A', processing_success: true, chunks: [{ text: 'A' }] },
        { filename: 'b.bin', error: 'Unsupported or unknown file type', processing_success: false },
        { filename: 'c.md', extracted_text: '# C', processing_success: true },
      ],
      total_files: 3,
      successful_files: 2,
      failed_files: 1,
    })
    expect(Object.keys(body.results[1])).toEqual(['filename', 'error', 'processing_success'])
    expect(leftFiles(server)).toEqual([])
  })

  test('one that is too large does not spoil the others', async () => {
    await using small = testApp({ env: { MAX_DOCUMENT_SIZE: '2000' } })
    const files = [toFile('a.txt', 'x'.repeat(50_000)), toFile('b.txt', 'B')]
    const { status, body } = await uploadDocuments(small, 'process-multiple', files)
    expect({ status, results: body.results }).toMatchObject({
      status: 200,
      results: [
        { filename: 'a.txt', error: 'File too large. Maximum size is 0MB', processing_success: false },
        { filename: 'b.txt', extracted_text: 'B' },
      ],
    })
  })

  test('one is enough, ten are allowed, eleven are 400; none is 422', async () => {
    expect(await several([toFile('a.txt', 'A')])).toMatchObject({ status: 200, body: { total_files: 1 } })
    const many = Array.from({ length: 11 }, (_, at) => toFile(`${at}.txt`, `${at}`))
    const ten = await several(many.slice(1))
    expect(ten.body.results.map(({ filename }: { filename: string }) => filename)).toEqual(
      many.slice(1).map(({ name }) => name),
    )
    expect(await several(many)).toMatchObject({
      status: 400,
      body: { detail: 'Too many files. Maximum is 10 files', code: 'documents.too_many_files' },
    })
    expect(await several([])).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'files'] }] } })
  })
})

describe('POST /process-text-context', () => {
  test('every field', async () => {
    expect(await context(toFile('a.txt', 'One\n\nTwo', 'text/plain'))).toMatchObject({ status: 200 })
    const { body } = await context(toFile('a.txt', 'One\n\nTwo'))
    expect(body).toEqual({
      filename: 'a.txt',
      file_type: 'txt',
      content_type: expect.any(String),
      file_size: 8,
      total_input_chars: 8,
      segments: [{ index: 1, text: 'One\n\nTwo', char_count: 8 }],
      segment_count: 1,
      truncated: false,
      max_total_chars: 60_000,
      max_segments: 25,
      max_chars_per_segment: 2000,
      overlap_chars: 200,
      processing_success: true,
    })
  })

  test('says what was left out', async () => {
    const { body } = await context(toFile('a.txt', 'word '.repeat(20_000)))
    expect(body).toMatchObject({
      segment_count: 25,
      truncated: true,
      truncation_notice: 'Document was truncated to fit context limits. Only the first segments are included.',
    })
  })

  test('any format; its own words for what it does not know', async () => {
    expect((await context(await fileOf(corpusPath('slides.pptx')))).body).toMatchObject({
      file_type: 'pptx',
      segment_count: 1,
    })
    expect(await context(toFile('a.bin', new Uint8Array([0, 1])))).toMatchObject({
      status: 400,
      body: { detail: 'Unsupported file type for context seeding.' },
    })
    expect(await context(toFile('a.pdf', 'x'))).toMatchObject({
      status: 400,
      body: { detail: 'Unable to parse PDF: Invalid PDF structure' },
    })
  })
})

describe('documents that take long', () => {
  const slow = (name = 'slow.pdf') => toFile(name, pdfOf(20_000))

  test('400 when the time is over; the next one is read', async () => {
    await using hasty = testApp({ env: { DOCUMENT_TIMEOUT: '1' } })
    expect(await uploadDocuments(hasty, 'process', [slow()])).toMatchObject({
      status: 400,
      body: { detail: 'The document takes longer than 1 seconds to read', code: 'documents.too_much' },
    })
    expect(await uploadDocuments(hasty, 'process', [toFile('a.txt', 'x')])).toMatchObject({ status: 200 })
    expect(leftFiles(hasty)).toEqual([])
  }, 10_000)

  test('the long documents of one user do not hold up another', async () => {
    await using other = testApp({ env: { DOCUMENT_TIMEOUT: '20' } })
    const controller = new AbortController()
    const many = Array.from({ length: 10 }, (_, at) => slow(`${at}.pdf`))
    const options = { user: 'ada', signal: controller.signal }
    const adas = uploadDocuments(other, 'process-multiple', many, options).catch((error: Error) => error.name)
    while (leftFiles(other).length === 0) await Bun.sleep(5)
    await Bun.sleep(200)
    const startedAt = performance.now()
    expect(await uploadDocuments(other, 'process', [toFile('b.txt', 'Bob')], { user: 'bob' })).toMatchObject({
      status: 200,
    })
    expect(performance.now() - startedAt).toBeLessThan(3000)
    controller.abort()
    expect(await adas).toBe('AbortError')
  }, 20_000)

  test('users take turns; what is read for a client that left ends with it', async () => {
    await using other = testApp({ env: { DOCUMENT_TIMEOUT: '2' } })
    const controller = new AbortController()
    const many = Array.from({ length: 10 }, (_, at) => slow(`${at}.pdf`))
    const options = { user: 'ada', signal: controller.signal }
    const adas = uploadDocuments(other, 'process-multiple', many, options).catch((error: Error) => error.name)
    while (leftFiles(other).length === 0) await Bun.sleep(5)
    await Bun.sleep(200)
    const bobs = uploadDocuments(other, 'process', [toFile('a.txt', 'Bob')], { user: 'bob' })
    expect(await bobs).toMatchObject({ status: 200, body: { extracted_text: 'Bob' } })
    controller.abort()
    expect(await adas).toBe('AbortError')
    const giveUpAt = performance.now() + 1500
    while (leftFiles(other).length > 0 && performance.now() < giveUpAt) await Bun.sleep(5)
    expect(leftFiles(other)).toEqual([])
  }, 20_000)
})

test('500 for a mistake of ours: one plain sentence, the reason in the log; in a batch only its own file', async () => {
  const documentReader: Deps['documentReader'] = {
    ...server.deps.documentReader,
    read: () => Promise.reject(new Error('no process to be had')),
  }
  await using broken = testApp({ overrides: { documentReader }, logLevel: 'warn' })
  const file = toFile('a.txt', 'x')
  expect(await uploadDocuments(broken, 'process', [file])).toMatchObject({
    status: 500,
    body: { detail: 'Error processing document', code: 'documents.failed' },
  })
  expect(broken.logged()).toContain('no process to be had')
  expect(await uploadDocuments(broken, 'process-multiple', [file], { field: 'files' })).toMatchObject({
    status: 200,
    body: { results: [{ filename: 'a.txt', error: 'Error processing document', processing_success: false }] },
  })
})

describe('who may', () => {
  test('401 for strangers before anything of the body is read', async () => {
    for (const route of ['process', 'process-multiple', 'process-text-context']) {
      const upload = await openUpload(server.url)
      upload.write(
        `POST /api/v1/documents/${route} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n\r\n`,
      )
      expect((await upload.answer()).status).toBe(401)
    }
  })

  test('429: twenty at a time, ten for several files, each route by itself', async () => {
    await using limited = testApp({ env: { RATE_LIMIT: 'on' } })
    const bad = [toFile('a.txt', 'x')]
    const statuses = async (route: string, count: number) => {
      const answers = []
      for (let at = 0; at < count; at++) answers.push(await uploadDocuments(limited, route, bad, { field: 'wrong' }))
      return answers.map(({ status }) => status)
    }
    expect((await statuses('process', 21)).lastIndexOf(400)).toBe(19)
    expect((await statuses('process-multiple', 11)).lastIndexOf(400)).toBe(9)
    expect((await statuses('process-text-context', 21)).lastIndexOf(400)).toBe(19)
    const refused = await uploadDocuments(limited, 'process', bad)
    expect(refused).toMatchObject({ status: 429, body: { detail: 'Rate limit exceeded. Please try again later.' } })
    expect(refused.headers.get('retry-after')).toBe('60')
  })

  test('429 for a ninth upload at once of one user; others get through', async () => {
    const uploads = []
    for (let at = 0; at < 8; at++) {
      const upload = await openUpload(server.url)
      upload.write(
        `POST /api/v1/documents/process HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await server.tokenOf('ada')}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 500\r\n\r\n--x\r\n`,
      )
      uploads.push(upload)
    }
    while (leftFiles(server).length < 8) await Bun.sleep(5)
    expect(await process(toFile('a.txt', 'x'))).toMatchObject({ status: 429, body: { code: 'documents.too_many_own' } })
    expect(await uploadDocuments(server, 'process', [toFile('a.txt', 'x')], { user: 'bob' })).toMatchObject({
      status: 200,
    })
    for (const upload of uploads) upload.cut()
    while (leftFiles(server).length > 0) await Bun.sleep(5)
  })
})
