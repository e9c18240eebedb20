import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocument } from '../../src/adapters/documents/read-document.ts'
import { DocumentError } from '../../src/adapters/documents/types.ts'
import { corpusPath } from '../support/corpus/corpus.ts'
import { cutsOf, docxOf, flipsOf, pdfOf, xlsxOf } from '../support/hostile-documents.ts'
import { zipBytes } from '../support/zip-bytes.ts'

/** In this process, which any crash or endless loop would end or hold up: `document-process.test.ts` is about those. */
const folder = mkdtempSync(join(tmpdir(), 'braindrive-hostile-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = async (name: string, bytes: string | Uint8Array) => {
  const path = join(folder, 'file')
  writeFileSync(path, bytes)
  const startedAt = performance.now()
  const result = await readDocument({
    path,
    name,
    contentType: null,
    preserveLayout: false,
    stripBoilerplate: true,
  }).catch((error: unknown) => error)
  return { result, ms: performance.now() - startedAt }
}
const isClear = (result: unknown) =>
  result instanceof DocumentError
    ? /^[A-Z][^\n]{10,300}$/.test(result.message) && !/undefined|evaluating|\n/.test(result.message)
    : typeof (result as { text: unknown }).text === 'string'

/** The slides of PowerPoint 97 are refused as a whole. */
const names = readdirSync(corpusPath('.')).filter((name) => name !== 'slides.ppt')

describe('damaged files: text or a clear sentence, in no time', () => {
  for (const name of names) {
    test(`${name}, cut at 20 places and with flipped bits`, async () => {
      const bytes = readFileSync(corpusPath(name))
      for (const damaged of [...cutsOf(bytes, 20), ...flipsOf(bytes, 12)]) {
        const { result, ms } = await read(name, damaged)
        if (!isClear(result)) throw new Error(`${name}: ${String(result)}`)
        expect(ms).toBeLessThan(5000)
      }
    }, 20_000)
  }

  test('empty files of every kind', async () => {
    for (const name of names) expect(isClear((await read(name, '')).result)).toBe(true)
  })

  test('every kind under the name of every other', async () => {
    const suffixes = [...new Set(names.map((name) => name.slice(name.lastIndexOf('.'))))]
    for (const name of names.filter((one) => one.startsWith('report')))
      for (const suffix of suffixes) {
        const { result } = await read(`x${suffix}`, readFileSync(corpusPath(name)))
        if (!isClear(result)) throw new Error(`${name} as ${suffix}: ${String(result)}`)
      }
  }, 20_000)
})

describe('bombs', () => {
  const messageOf = async (name: string, bytes: string | Uint8Array) => {
    const { result, ms } = await read(name, bytes)
    expect(ms).toBeLessThan(5000)
    return result instanceof DocumentError ? result.message : (result as { text: string }).text.slice(0, 200)
  }

  test('a zip that unpacks to more than 100 MB, whatever its directory says', async () => {
    const zeros = Buffer.alloc(150_000_000, ' ')
    expect(await messageOf('a.docx', docxOf(zeros))).toBe('Unable to parse DOCX: it unpacks to more than 100 MB')
    const entry = { name: 'word/document.xml', data: zeros, declaredSize: 1000 }
    expect(await messageOf('a.docx', zipBytes([entry]))).toBe(
      'Unable to parse DOCX: its part word/document.xml is damaged',
    )
  }, 20_000)

  test('a zip with too many parts', async () => {
    const entries = Array.from({ length: 20_000 }, (_, at) => ({ name: `${at}`, data: 'x' }))
    expect(await messageOf('a.xlsx', zipBytes(entries))).toBe(
      'Unable to open spreadsheet: it has more than 10000 parts',
    )
  })

  test('entities that would grow to gigabytes', async () => {
    const entities = Array.from({ length: 9 }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`).join('')
    const xml = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "bomb">${entities}]><x>text &e9;</x>`
    expect(await messageOf('a.xml', xml)).toBe('text &e9;')
    expect(await messageOf('a.docx', docxOf(xml.replace('<x>', '<x><w:p><w:t>')))).not.toContain('bombbomb')
    const secret = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
    expect(await messageOf('a.xml', secret)).toBe('&f;')
  })

  test('what is nested a million times', async () => {
    const deep = 1_000_000
    expect(await messageOf('a.xml', '<a>'.repeat(deep))).toContain('nested more than 1000 deep')
    expect(await messageOf('a.html', '<div>'.repeat(deep))).toContain('nested more than 2000 deep')
    expect(await messageOf('a.docx', docxOf('<w:tbl><w:tr><w:tc>'.repeat(deep / 10)))).toContain('nested more than')
    expect(await messageOf('a.json', '['.repeat(deep) + ']'.repeat(deep))).toContain('Unable to parse JSON: ')
    expect(await messageOf('a.rtf', `{\\rtf1 ${'{'.repeat(deep)}`)).toContain('nested too deeply')
  })

  test('a PDF of 10,000 pages: the first 1000, and it says so', async () => {
    const { result, ms } = await read('a.pdf', pdfOf(10_000, { textOf: (page) => `${page}` }))
    expect(result).toMatchObject({
      metadata: { pages: 10_000 },
      warnings: ['Only the first 1000 of 10000 pages were read.'],
      text: expect.stringContaining('--- Page 1000 ---'),
    })
    expect(ms).toBeLessThan(20_000)
  }, 30_000)

  test('sheets that claim a million rows and columns', async () => {
    const one =
      '<row r="1"><c r="A1" t="str"><v>Name</v></c></row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>${one}</sheetData></worksheet>`
    expect(await messageOf('a.xlsx', xlsxOf(sheet))).toContain('--- Sheet: S (1048575 rows, 16384 columns) ---\nName')
  }, 20_000)

  test('a spaces element that asks for a billion', async () => {
    const odt = zipBytes([
      { name: 'mimetype', data: 'application/vnd.oasis.opendocument.text', method: 0 },
      { name: 'content.xml', data: '<o><text:p>a<text:s text:c="1000000000"/>b</text:p></o>' },
    ])
    expect((await messageOf('a.odt', odt)).length).toBe(200)
  })
})

test('bait for slow patterns: a few megabytes of what looks like the beginning of something', async () => {
  const many = 1_000_000
  const baits: [string, string][] = [
    ['a.txt', ' '.repeat(many * 5)],
    ['a.txt', '\n'.repeat(many * 5)],
    ['a.txt', `x${'\n '.repeat(many)}x`],
    ['a.md', '['.repeat(many)],
    ['a.html', '<'.repeat(many)],
    ['a.html', '<!--'.repeat(many)],
    ['a.html', '<a href='.repeat(many / 4)],
    ['a.html', `<p>${'&'.repeat(many)}`],
    ['a.html', `<meta ${' charset'.repeat(many / 4)}`],
    ['a.xml', '<![CDATA['.repeat(many / 4)],
    ['a.rtf', `{\\rtf1 ${'\\'.repeat(many)}`],
    ['a.rtf', `{\\rtf1 ${"\\'".repeat(many)}`],
    ['a.rtf', `{\\rtf1 ${'\\cell '.repeat(many / 4)}`],
    ['a.csv', '"'.repeat(many)],
    ['a.csv', ','.repeat(many / 4)],
    ['a.csv', `a,b\n${'"'.repeat(many)}`],
    ['a.json', `"${' '.repeat(many)}`],
    ['a.eml', `Subject: ${'=?utf-8?q?'.repeat(many / 4)}\n\nx`],
    ['a.eml', `${'A:\n '.repeat(many / 8)}\n\nx`],
    ['a.eml', `Content-Type: multipart/mixed; boundary=x\n\n${'--x\n'.repeat(many / 8)}`],
  ]
  for (const [name, content] of baits) {
    const { result, ms } = await read(name, content)
    if (!isClear(result)) throw new Error(`${name} ${content.slice(0, 20)}: ${String(result)}`)
    if (ms > 10_000) throw new Error(`${name} ${content.slice(0, 20)}: ${ms.toFixed(0)} ms`)
  }
}, 60_000)
