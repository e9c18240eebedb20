import { type Compound, openCompound } from '../compound.ts'
import type { FormatReader } from './format-reader.ts'

/** Offsets in the header of a Word 97 document ([MS-DOC] 2.5). */
const FLAGS = 0x0a
const MAIN_LENGTH = 0x4c
const PIECES_OFFSET = 0x01a2
const PIECES_LENGTH = 0x01a6
const ENCRYPTED = 0x0100
const TABLE_1 = 0x0200

/** The parts of the text behind the body in their order: notes, headers, macros, comments, endnotes, text boxes. */
const partNames = ['body', 'footnotes', 'headers', 'macros', 'comments', 'endnotes', 'textBoxes'] as const

const readStream = (file: Compound, name: string): Buffer => {
  const stream = file.read(name)
  if (!stream) throw new Error('it has no Word document in it')
  return stream
}

interface Piece {
  start: number
  end: number
  offset: number
  isWide: boolean
}

/** The table of pieces lies behind as many blocks of properties as there are. */
const readPieces = (table: Buffer, offset: number, length: number): Piece[] => {
  let at = offset
  const end = offset + length
  while (at < end && table[at] === 1) at += 3 + table.readInt16LE(at + 1)
  if (at >= end || table[at] !== 2) throw new Error('its text cannot be found')
  const size = table.readUInt32LE(at + 1)
  const count = Math.floor((size - 4) / 12)
  const first = at + 5
  return Array.from({ length: count }, (_, index) => {
    const place = table.readUInt32LE(first + (count + 1) * 4 + index * 8 + 2)
    const isWide = (place & 0x4000_0000) === 0
    return {
      start: table.readUInt32LE(first + index * 4),
      end: table.readUInt32LE(first + (index + 1) * 4),
      offset: isWide ? place : (place & ~0x4000_0000) / 2,
      isWide,
    }
  })
}

const decodePiece = (document: Buffer, { start, end, offset, isWide }: Piece): string => {
  const bytes = document.subarray(offset, offset + Math.max(end - start, 0) * (isWide ? 2 : 1))
  return new TextDecoder(isWide ? 'utf-16le' : 'windows-1252').decode(bytes)
}

/** Fields show what is behind their separator; cells, breaks and special hyphens become what they look like. */
const toPlain = (text: string): string => {
  const parts: string[] = []
  const fields: boolean[] = []
  for (const piece of text.split(/([\x13-\x15])/)) {
    if (piece === '\x13') fields.push(true)
    else if (piece === '\x14') fields.splice(-1, 1, false)
    else if (piece === '\x15') fields.pop()
    else if (!fields.includes(true)) parts.push(piece)
  }
  return (
    parts
      .join('')
      .replaceAll(/[\x0c\r]/g, '\n\n')
      .replaceAll('\x0b', '\n')
      .replaceAll('\x07\x07', '\n')
      .replaceAll('\x07', ' | ')
      .replaceAll('\x1e', '-')
      // oxlint-disable-next-line no-control-regex -- marks of pictures, notes and the like
      .replaceAll(/[\x00-\x08\x0e-\x1f]/g, '')
  )
}

/** Word 97 to 2003: headers, body, notes, comments, text boxes. */
export const readDoc: FormatReader = async ({ bytes }) => {
  const file = openCompound(bytes)
  const document = readStream(file, 'WordDocument')
  const flags = document.readUInt16LE(FLAGS)
  if (flags & ENCRYPTED) throw new Error('it is protected by a password')
  const table = readStream(file, flags & TABLE_1 ? '1Table' : '0Table')
  const pieces = readPieces(table, document.readUInt32LE(PIECES_OFFSET), document.readUInt32LE(PIECES_LENGTH))
  const text = pieces.map((piece) => decodePiece(document, piece)).join('')
  let at = 0
  const parts = partNames.map((_, index) => {
    const start = at
    at += document.readUInt32LE(MAIN_LENGTH + index * 4)
    return text.slice(start, at)
  })
  const [body = '', footnotes = '', headers = '', , comments = '', endnotes = '', textBoxes = ''] = parts
  const main = toPlain(body)
  const rest = [footnotes, endnotes, comments, textBoxes, headers].map((part) => toPlain(part).trim())
  return {
    text: [main.trim(), ...rest].filter((part) => part !== '').join('\n\n'),
    metadata: { paragraphs: main.split('\n\n').filter((one) => one.trim() !== '').length },
  }
}
