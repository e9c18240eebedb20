import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocument } from '../../src/adapters/documents/read-document.ts'
import type { ReadOptions } from '../../src/adapters/documents/types.ts'
import { docxOf, odsOf, pdfOf, xlsxOf } from '../support/hostile-documents.ts'
import { zipBytes } from '../support/zip-bytes.ts'
import { failureOf } from '../support/failure-of.ts'

/** What the corpus has no file for. */
const folder = mkdtempSync(join(tmpdir(), 'braindrive-formats-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (name: string, bytes: string | Uint8Array, options: Partial<ReadOptions> = {}) => {
  const path = join(folder, 'file')
  writeFileSync(path, bytes)
  return readDocument({ path, name, contentType: null, preserveLayout: false, stripBoilerplate: true, ...options })
}
const textOf = async (name: string, bytes: string | Uint8Array) => (await read(name, bytes)).text
/** What only the first characters of a code page have in common. */
const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('encodings', () => {
  const cases: [string, Uint8Array, string, string][] = [
    ['plain', Buffer.from('only ASCII'), 'only ASCII', 'ascii'],
    ['UTF-8', Buffer.from('Grüße 🚀'), 'Grüße 🚀', 'utf_8'],
    ['UTF-8 with a mark', Buffer.from('\ufeffGrüße'), 'Grüße', 'utf_8'],
    [
      'UTF-16 with a mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Grüße', 'utf16le')]),
      'Grüße',
      'utf_16',
    ],
    ['UTF-16 without one', Buffer.from('Grüße vom Hafen', 'utf16le'), 'Grüße vom Hafen', 'utf_16'],
    ['big-endian', Buffer.from('\ufeffGrüße', 'utf16le').swap16(), 'Grüße', 'utf_16'],
    ['Western', latin1('Gr\xfc\xdfe aus K\xf6ln, \x80 5'), 'Grüße aus Köln, € 5', 'cp1252'],
  ]
  for (const [name, bytes, text, encoding] of cases)
    test(name, async () => {
      expect(await read('a.txt', bytes)).toMatchObject({ text, metadata: { encoding } })
    })

  test('Cyrillic and Japanese, as older programs wrote them', async () => {
    const cyrillic = [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0x20, 0xec, 0xe8, 0xf0, 0x21, 0x20]
    const bytes = Uint8Array.from(Array.from({ length: 5 }, () => cyrillic).flat())
    expect(await textOf('a.txt', bytes)).toStartWith('Привет, мир!')
    const japanese = [0x82, 0xb1, 0x82, 0xf1, 0x82, 0xc9, 0x82, 0xbf, 0x82, 0xcd, 0x90, 0xa2, 0x8a, 0x45, 0x81, 0x42]
    const wide = Uint8Array.from(Array.from({ length: 5 }, () => japanese).flat())
    expect(await textOf('a.txt', wide)).toStartWith('こんにちは世界。')
  })

  test('what a page declares', async () => {
    const page = Buffer.concat([latin1('<meta charset="windows-1251"><p>'), Buffer.from([0xcf, 0xf0, 0xe8])])
    expect(await textOf('a.html', page)).toBe('При')
  })
})

test('line ends, spaces at their ends, blank lines; nothing that is no text', async () => {
  expect(await textOf('a.txt', '\n\n a\r\nb \t\rc\u2028d\n\n\n\n\ne\n')).toBe('a\nb\nc\nd\n\ne')
})

test('300,000 characters are enough; a pair is never cut', async () => {
  const { text, warnings } = await read('a.txt', `${'x'.repeat(299_999)}🚀🚀`)
  expect(text.length).toBe(300_001)
  expect(text.endsWith('x🚀')).toBe(true)
  expect(warnings).toEqual(['Extracted text truncated to 300000 characters to protect downstream processing.'])
  expect((await read('a.txt', '🚀'.repeat(300_000))).warnings).toEqual([])
})

describe('delimited text', () => {
  test('quotes, line breaks in them, and every usual delimiter', async () => {
    const table = 'name       note\nAda, "A."  two lines\nBob        NaN'
    expect(await textOf('a.csv', 'name,note\n"Ada, ""A.""","two\nlines"\nBob,\n')).toBe(table)
    for (const delimiter of [';', '\t', '|'])
      expect(await textOf('a.csv', `a${delimiter}b\r\n1,5${delimiter}2\r\n`)).toBe('a    b\n1,5  2')
    expect(await read('a.tsv', 'a\tb\n1\t2')).toMatchObject({ format: 'tsv', metadata: { rows: 1, columns: 2 } })
  })

  test('200 rows are shown, with a warning only when there are more', async () => {
    const rows = (count: number) => `n,m\n${Array.from({ length: count }, (_, at) => `r${at},x`).join('\n')}\n`
    const whole = await read('a.csv', rows(200))
    expect(whole).toMatchObject({ metadata: { rows: 200, columns: 2, encoding: 'ascii' }, warnings: [] })
    const cut = await read('a.csv', rows(201))
    expect(cut).toMatchObject({ metadata: { rows: 200 }, warnings: ['CSV truncated to first 200 rows for preview'] })
    expect(cut.text.split('\n').at(-1)).toStartWith('r199')
  })
})

describe('JSON', () => {
  test('indented, digits and letters as they were', async () => {
    const source = '\ufeff{"b":[1,2.50,12345678901234567890],"ä":"ü","__proto__":{"x":1}}'
    const { text, metadata } = await read('a.json', source)
    expect(text).toBe(
      '{\n  "b": [\n    1,\n    2.50,\n    12345678901234567890\n  ],\n  "ä": "ü",\n  "__proto__": {\n    "x": 1\n  }\n}',
    )
    expect(metadata).toEqual({ type: 'dict', keys: ['b', 'ä', '__proto__'] })
  })

  test('what it is', async () => {
    const types: [string, object][] = [
      ['[1,2]', { type: 'list', items: 2 }],
      ['"x"', { type: 'str' }],
      ['1', { type: 'int' }],
      ['1.5', { type: 'float' }],
      ['true', { type: 'bool' }],
      ['null', { type: 'NoneType' }],
    ]
    for (const [source, metadata] of types) expect((await read('a.json', source)).metadata).toEqual(metadata as never)
  })
})

describe('markup', () => {
  test('a page: headings, lists, links, tables, preformatted text', async () => {
    const page = `<html><head><title>T</title><style>p{}</style></head><body><h2>A &amp; B</h2><p>See <a href="https://x.test/a">this</a>,
      <a href="#in">that</a> <a href="javascript:x()">not this</a><br>next<img alt=no></p><ol><li>one<ul><li>inner</ul><li>two</ol>
      <table><tr><th>H</th><td></td></tr><tr><td><p>1</p></td><td>2</td></tr></table><pre>a\n  b</pre></body></html>`
    expect(await textOf('a.html', page)).toBe(
      '## A & B\n\nSee [this](https://x.test/a), that not this\nnext\n\n  1. one\n    * inner\n  2. two\n\nH |\n1 | 2\n\na\n  b',
    )
  })

  test('neighbours that are blocks are not glued together', async () => {
    expect(await textOf('a.html', '<h1>T</h1><div>one</div><div>two</div>')).toBe('# T\n\none\n\ntwo')
  })

  test('XML: the texts of all elements; broken and empty XML is what can be read', async () => {
    expect(await read('a.xml', '<a><b>one</b><b><![CDATA[two < three]]></b>tail</a>')).toMatchObject({
      text: 'one\ntwo < three\ntail',
      metadata: { root: '[document]' },
    })
    expect(await textOf('a.xml', '<a><b>one')).toBe('one')
    expect(await textOf('a.xml', '')).toBe('')
  })

  test('Markdown stays as it is', async () => {
    const source = '# A\n\n```js\nlet x = 1\n```\n\n| a | b |\n|---|---|'
    expect(await textOf('a.md', source)).toBe(source)
  })
})

describe('rich text', () => {
  test('code pages of fonts, Unicode with its fallback, symbols, hidden groups', async () => {
    const source =
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset204 Arial Cyr;}}{\\colortbl;\\red0;}{\\*\\generator x;}{\\info{\\title Secret}}\\f0 Gr\\'fc\\'dfe \\u8364 ?\\emdash\\f1 \\'cf\\'f0\\'e8\\f0\\par\\uc0\\u128640\\uc1 a\\{b\\}\\tab c\\~d\\line e}"
    expect(await textOf('a.rtf', source)).toBe('Grüße €—При\n\n\uf680a{b}\tc d\ne'.replace('\uf680', '\u{f680}'))
  })

  test('pairs of surrogates, and binary pictures that are skipped', async () => {
    const source = '{\\rtf1 a\\u-10179?\\u-8576?b{\\pict\\bin5 }}}}}c}'
    expect(await textOf('a.rtf', source)).toBe('a🚀b')
  })
})

describe('Word', () => {
  test('deleted text and the copy for older programs are left out; text boxes, tabs and breaks are not', async () => {
    const xml = `<w:document><w:body><w:p><w:r><w:t>One</w:t><w:tab/><w:t xml:space="preserve"> two</w:t><w:br/><w:t>three</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>
      <w:p><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>
      <w:tbl><w:tr><w:tc><w:p><w:r><w:t>A</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>inner</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl></w:body></w:document>`
    expect(await read('a.docx', docxOf(xml))).toMatchObject({
      text: 'One\t two\nthree\n\nBox\n\nA inner |',
      metadata: { paragraphs: 2, tables: 1 },
    })
  })
})

describe('sheets', () => {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const sheetOf = (rows: string) => xlsxOf(`<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`)
  const rowsOf = (count: number) =>
    Array.from(
      { length: count },
      (_, at) => `<row r="${at + 1}"><c r="A${at + 1}" t="str"><v>r${at}</v></c></row>`,
    ).join('')

  test('twenty rows below the header are shown, of more the last three', async () => {
    const whole = await read('a.xlsx', sheetOf(rowsOf(21)))
    expect(whole.warnings).toEqual([])
    expect(whole.text).toBe(
      ['--- Sheet: S (20 rows, 1 columns) ---', ...Array.from({ length: 21 }, (_, at) => `r${at}`)].join('\n'),
    )
    const cut = await read('a.xlsx', sheetOf(rowsOf(60)))
    expect(cut.warnings).toEqual(['Sheet S truncated to first 20 rows'])
    expect(cut.text).toContain('\nr20\n... (truncated) ...\nr57\nr58\nr59')
  })

  test('empty cells, columns without a name, empty sheets', async () => {
    const rows = '<row r="1"><c r="B1" t="str"><v>Name</v></c></row><row r="2"><c r="A2"><v>1.5</v></c></row>'
    expect(await textOf('a.xlsx', sheetOf(rows))).toBe(
      '--- Sheet: S (1 rows, 2 columns) ---\nUnnamed: 0  Name\n1.5         NaN',
    )
    expect(await textOf('a.xlsx', sheetOf(''))).toBe('--- Sheet: S (0 rows, 0 columns) ---\n(empty)')
    expect(await textOf('a.ods', odsOf(''))).toContain('--- Sheet: S (')
  })
})

describe('PDF', () => {
  test('a scanned one has no text, and is no failure', async () => {
    const { text, metadata } = await read('a.pdf', pdfOf(2, { textOf: () => '' }))
    expect({ text, metadata }).toEqual({ text: '', metadata: { pages: 2 } })
  })

  test('pages without text are passed over', async () => {
    const { text } = await read('a.pdf', pdfOf(3, { textOf: (page) => (page === 2 ? '' : `P${page}`) }))
    expect(text).toBe('--- Page 1 ---\nP1\n\n--- Page 3 ---\nP3')
  })
})

test('no mail, no book: said plainly', async () => {
  expect(await failureOf(read('a.eml', '\n\njust text'))).toMatchObject({
    message: 'Unable to parse email: it has no headers',
  })
  const book = zipBytes([{ name: 'mimetype', data: 'application/epub+zip', method: 0 }])
  expect(await failureOf(read('a.epub', book))).toMatchObject({ message: 'Unable to parse EPUB: it has no book in it' })
})

test('what a document says of itself is cut to a thousand characters', async () => {
  const long = '🐝'.repeat(100_000)
  const titleOf = async (name: string, text: string) => (await read(name, text)).metadata
  expect(await titleOf('a.html', `<title>${long}</title><p>x`)).toEqual({ title: '🐝'.repeat(1000) })
  expect(await titleOf('a.json', `{"${long}":1}`)).toEqual({ type: 'dict', keys: ['🐝'.repeat(1000)] })
})

test('mails that are attached to a mail, and in those; not without an end', async () => {
  const mailOf = (depth: number): string =>
    depth === 0
      ? 'Subject: innermost\nContent-Type: text/html\n\n<p>The <b>tide</b> table'
      : `Subject: m${depth}\nContent-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n\nText ${depth}\n--b${depth}\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=a.eml\n\n${mailOf(depth - 1)}\n--b${depth}--\n`
  const { text, metadata } = await read('a.eml', mailOf(2))
  expect(text).toBe(
    'Text 2\n\n--- Attached mail: m1 ---\n\nText 1\n\n--- Attached mail: innermost ---\n\nThe tide table',
  )
  expect(metadata).toMatchObject({ subject: 'm2', attachments: 1 })
  expect(await textOf('a.eml', mailOf(100))).toEndWith('Text 95')
})

test('what programs save under the names of others: pages as Word, lists as Excel', async () => {
  for (const name of ['a.doc', 'a.docx'])
    expect(await read(name, '<html><body><h1>Tides</h1></body></html>')).toMatchObject({
      format: 'html',
      text: '# Tides',
    })
  expect(await textOf('a.xls', 'Price,Item\n7,Rope\n')).toContain('Price  Item\n7      Rope')
  expect(await failureOf(read('a.doc', 'no document'))).toMatchObject({
    message: 'Unable to parse DOC: it is no file of Office 97 to 2003',
  })
})

test('a PDF that claims less than no pages has none', async () => {
  const pdf = Buffer.from(pdfOf(1))
    .toString('latin1')
    .replace(/\/Count \d+/, '/Count -5')
  const { metadata } = await read('a.pdf', Buffer.from(pdf, 'latin1'))
  expect(metadata['pages']).toBeGreaterThanOrEqual(0)
})

test('a header that a document names a hundred thousand times is read once', async () => {
  const relations = '<Relationship Type="x/header" Target="h.xml"/>'.repeat(100_000)
  const startedAt = performance.now()
  const docx = zipBytes([
    { name: 'word/document.xml', data: '<w:d><w:p><w:r><w:t>body</w:t></w:r></w:p></w:d>' },
    { name: 'word/_rels/document.xml.rels', data: `<Relationships>${relations}</Relationships>` },
    { name: 'word/h.xml', data: '<w:h><w:p><w:r><w:t>head</w:t></w:r></w:p></w:h>' },
  ])
  expect(await textOf('a.docx', docx)).toBe('head\n\nbody')
  expect(performance.now() - startedAt).toBeLessThan(3000)
})
