import { deflateSync } from 'node:zlib'
import { zipBytes } from './zip-bytes.ts'

const contentTypes = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
const rels = (target: string) =>
  `<Relationships><Relationship Id="r" Type="http://x/officeDocument" Target="${target}"/></Relationships>`

/** A Word document around this XML. */
export const docxOf = (document: string | Uint8Array): Buffer =>
  zipBytes([
    { name: '[Content_Types].xml', data: contentTypes },
    { name: '_rels/.rels', data: rels('word/document.xml') },
    { name: 'word/document.xml', data: document },
  ])

/** A sheet whose only worksheet is this XML. */
export const xlsxOf = (sheet: string): Buffer =>
  zipBytes([
    {
      name: '[Content_Types].xml',
      data: '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    },
    { name: '_rels/.rels', data: rels('xl/workbook.xml') },
    {
      name: 'xl/workbook.xml',
      data: '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      data: '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    },
    { name: 'xl/worksheets/sheet1.xml', data: sheet },
  ])

/** An OpenDocument sheet around this XML of its table. */
export const odsOf = (rows: string): Buffer =>
  zipBytes([
    { name: 'mimetype', data: 'application/vnd.oasis.opendocument.spreadsheet', method: 0 },
    {
      name: 'META-INF/manifest.xml',
      data: '<manifest:manifest><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    },
    { name: 'styles.xml', data: '<office:document-styles/>' },
    {
      name: 'content.xml',
      data: `<office:document-content><office:body><office:spreadsheet><table:table table:name="S">${rows}</table:table></office:spreadsheet></office:body></office:document-content>`,
    },
  ])

/** A PDF with so many pages, each with its own line of text; `padding` bytes of pictures that nobody draws. */
export const pdfOf = (
  pages: number,
  { textOf = (page: number) => `Page number ${page}`, padding = 0 } = {},
): Buffer => {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const push = (bytes: Buffer) => {
    parts.push(bytes)
    length += bytes.length
  }
  const add = (number: number, ...content: (string | Buffer)[]) => {
    offsets[number] = length
    push(Buffer.concat([`${number} 0 obj\n`, ...content, '\nendobj\n'].map((one) => Buffer.from(one as string))))
  }
  const stream = (data: Buffer, fields = '') =>
    [`<< /Length ${data.length}${fields} >>\nstream\n`, data, '\nendstream'] as const
  const pageIds = Array.from({ length: pages }, (_, at) => 4 + at * 2)
  add(1, '<< /Type /Catalog /Pages 2 0 R >>')
  add(2, `<< /Type /Pages /Count ${pages} /Kids [${pageIds.map((id) => `${id} 0 R`).join(' ')}] >>`)
  add(3, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>')
  for (const [at, id] of pageIds.entries()) {
    add(
      id,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${id + 1} 0 R /Resources << /Font << /F 3 0 R >> >> >>`,
    )
    const text = `BT /F 12 Tf 72 720 Td (${textOf(at + 1)}) Tj ET`
    add(id + 1, ...stream(deflateSync(text), ' /Filter /FlateDecode'))
  }
  let next = 4 + pages * 2
  for (let left = padding; left > 0; left -= 1_000_000) {
    const data = Buffer.alloc(Math.min(left, 1_000_000))
    for (let at = 0; at < data.length; at += 65_536) crypto.getRandomValues(data.subarray(at, at + 65_536))
    add(next++, ...stream(data))
  }
  const start = length
  const rows = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`)
  push(Buffer.from(`xref\n0 ${next}\n0000000000 65535 f \n${rows.join('')}`))
  push(Buffer.from(`trailer\n<< /Size ${next} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`))
  return Buffer.concat(parts)
}

/** The file cut at so many places, from nothing to nearly all of it. */
export const cutsOf = (bytes: Buffer, count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => bytes.subarray(0, Math.floor((bytes.length * at) / count)))

/** The file with ever more flipped bits, the same ones each time. */
export const flipsOf = (bytes: Buffer, count: number): Buffer[] => {
  let seed = 20_261_123
  const below = (max: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return Math.floor((seed / 0x8000_0000) * max)
  }
  return Array.from({ length: count }, (_, flips) => {
    const copy = Buffer.from(bytes)
    for (let flip = 0; flip <= flips; flip++) {
      const at = below(copy.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << below(8))
    }
    return copy
  })
}
