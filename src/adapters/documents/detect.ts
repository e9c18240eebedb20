import {
  type DocumentFormat,
  formatOfExtension,
  formatOfType,
  isGenericType,
  mediaTypeOf,
} from '../../shared/document-types.ts'
import { decodeText, isBinary } from './decode-text.ts'
import { isCompound, isZip } from './signatures.ts'
import type { DocumentRequest } from './types.ts'
import { openZip } from './zip-parts.ts'

export interface Detected {
  format: DocumentFormat
  /** The media type, when the content itself told. */
  recognisedType: string | null
}

const textual = new Set<DocumentFormat>(['csv', 'tsv', 'txt', 'md', 'html', 'xml', 'json', 'eml', 'rtf'])

const officeParts: [RegExp, DocumentFormat][] = [
  [/^word\/document\d*\.xml$/, 'docx'],
  [/^xl\/workbook\d*\.(xml|bin)$/, 'xlsx'],
  [/^ppt\/presentation\d*\.xml$/, 'pptx'],
]

const declaredFormats: [RegExp, DocumentFormat][] = [
  [/^application\/epub\+zip/, 'epub'],
  [/^application\/vnd\.oasis\.opendocument\.text/, 'odt'],
  [/^application\/vnd\.oasis\.opendocument\.spreadsheet/, 'ods'],
  [/^application\/vnd\.oasis\.opendocument\.presentation/, 'odp'],
]

export const PROTECTED = 'protected'
/** A file of files that holds no document. */
const UNKNOWN = 'unknown'
/** It cannot be opened: its name tells whose failure that is. */
const DAMAGED = 'damaged'

type Contained = DocumentFormat | typeof PROTECTED | typeof UNKNOWN | typeof DAMAGED

const detectZip = async (bytes: Buffer): Promise<Contained> => {
  try {
    const parts = await openZip(bytes)
    const office = officeParts.find(([pattern]) => parts.names.some((name) => pattern.test(name)))
    if (office) return office[1]
    const declared = (await parts.readText('mimetype')) ?? ''
    return declaredFormats.find(([pattern]) => pattern.test(declared))?.[1] ?? UNKNOWN
  } catch {
    return DAMAGED
  }
}

const detectCompound = async (bytes: Buffer): Promise<Contained> => {
  const { openCompound } = await import('./compound.ts')
  try {
    const names = openCompound(bytes).names
    if (names.includes('EncryptedPackage')) return PROTECTED
    if (names.includes('WordDocument')) return 'doc'
    if (names.includes('Workbook') || names.includes('Book')) return 'xls'
    return names.includes('PowerPoint Document') ? 'ppt' : UNKNOWN
  } catch {
    return DAMAGED
  }
}

const detectContainer = async (bytes: Buffer): Promise<Contained | undefined> => {
  if (isZip(bytes)) return await detectZip(bytes)
  return isCompound(bytes) ? await detectCompound(bytes) : undefined
}

const formatOfLabels = (name: string, contentType: string | null): DocumentFormat | undefined => {
  const byName = formatOfExtension(name)
  const byType = formatOfType(contentType)
  return isGenericType(contentType) ? (byName ?? byType) : (byType ?? byName)
}

/** Each of the first lines has the same number of commas. */
const looksDelimited = (text: string): boolean => {
  const lines = text
    .split('\n', 6)
    .slice(0, 5)
    .filter((line) => line.trim() !== '')
  const counts = lines.map((line) => line.split(',').length)
  return lines.length >= 2 && (counts[0] ?? 1) > 1 && counts.every((count) => count === counts[0])
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const sniffText = (bytes: Buffer): DocumentFormat | undefined => {
  if (isBinary(bytes)) return undefined
  const { text, encoding } = decodeText(bytes)
  const head = text.slice(0, 1024).trimStart().toLowerCase()
  if (/^(<!doctype html|<html[\s>])/.test(head)) return 'html'
  if (head.startsWith('<?xml')) return 'xml'
  if (/^[[{]/.test(head) && isJson(text)) return 'json'
  if (looksDelimited(text.slice(0, 8192))) return 'csv'
  return /^(ascii|utf_)/.test(encoding) ? 'txt' : undefined
}

/** Programs of the web save pages under the names of Word, which opens them. */
const unlessPage = (named: DocumentFormat | undefined, bytes: Buffer): DocumentFormat | undefined => {
  const isWord = named === 'doc' || named === 'docx'
  return isWord && !isBinary(bytes) && sniffText(bytes) === 'html' ? 'html' : named
}

/**
 * Tells what a file is: by its content where that says it, else by type or name, of which the name wins over types that
 * programs give to anything. `undefined` is what is not read here.
 */
export const detectFormat = async (
  bytes: Buffer,
  { name, contentType }: Pick<DocumentRequest, 'name' | 'contentType'>,
): Promise<Detected | typeof PROTECTED | undefined> => {
  const recognised = (format: DocumentFormat): Detected => ({ format, recognisedType: mediaTypeOf(format) })
  if (bytes.subarray(0, 1024).includes('%PDF-')) return recognised('pdf')
  if (bytes.subarray(0, 5).equals(Buffer.from('{\\rtf'))) return recognised('rtf')
  const inside = await detectContainer(bytes)
  if (inside === PROTECTED) return PROTECTED
  if (inside === UNKNOWN) return undefined
  if (inside !== undefined && inside !== DAMAGED) return recognised(inside)
  const named = unlessPage(formatOfLabels(name, contentType), bytes)
  const isText = named === undefined || textual.has(named)
  if (isText && (inside === DAMAGED || isBinary(bytes))) return undefined
  const format = named ?? sniffText(bytes)
  return format === undefined ? undefined : { format, recognisedType: null }
}
