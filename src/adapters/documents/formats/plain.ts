import { htmlToText } from '../html-text.ts'
import { createDecoder, decodeText, type DecodedText } from '../decode-text.ts'
import { scanXml } from '../scan-xml.ts'
import type { FormatReader } from './format-reader.ts'

/** Text and Markdown as they are: a model reads the marks as well. */
export const readPlain: FormatReader = async ({ bytes }) => {
  const { text, encoding } = decodeText(bytes)
  return { text, metadata: { encoding } }
}

/** What a page says of its own encoding, in its first bytes. */
const findDeclared = (bytes: Buffer): string | undefined =>
  /<meta[^>]{0,200}charset\s{0,9}=\s{0,9}["']?([\w-]{1,40})/i.exec(bytes.toString('latin1', 0, 2048))?.[1] ??
  /^\s{0,9}<\?xml[^>]{0,200}encoding\s{0,9}=\s{0,9}["']([\w-]{1,40})/i.exec(bytes.toString('latin1', 0, 512))?.[1]

const decodeMarkup = (bytes: Buffer): DecodedText => {
  const guessed = decodeText(bytes)
  const declared = findDeclared(bytes)
  if (declared === undefined || /^(ascii|utf_)/.test(guessed.encoding)) return guessed
  try {
    return { text: createDecoder(declared).decode(bytes), encoding: declared.toLowerCase() }
  } catch {
    return guessed
  }
}

export const readHtml: FormatReader = async ({ bytes, stripBoilerplate }) => {
  const { title, text } = htmlToText(decodeMarkup(bytes).text, { stripBoilerplate })
  return { text, metadata: title === undefined ? {} : { title } }
}

/** The texts of all elements, one on each line. */
export const readXml: FormatReader = async ({ bytes }) => {
  const texts: string[] = []
  let text = ''
  const end = () => {
    if (text.trim() !== '') texts.push(text.trim())
    text = ''
  }
  scanXml(decodeMarkup(bytes).text, { open: end, close: end, text: (piece) => void (text += piece) })
  end()
  return { text: texts.join('\n'), metadata: { root: '[document]' } }
}

const MAX_KEYS = 200

const describe = (value: unknown): Record<string, string | number | string[]> => {
  if (Array.isArray(value)) return { type: 'list', items: value.length }
  if (typeof value === 'object' && value !== null) return { type: 'dict', keys: Object.keys(value).slice(0, MAX_KEYS) }
  const names: Record<string, string> = { string: 'str', boolean: 'bool', number: 'float' }
  if (value === null) return { type: 'NoneType' }
  return { type: Number.isInteger(value) ? 'int' : (names[typeof value] ?? 'str') }
}

interface RawJson {
  rawJSON: (text: string) => unknown
}
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** Numbers keep their digits, which a number of this language would round. */
const keepDigits: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined ? (JSON as unknown as RawJson).rawJSON(source) : value

const parse = (text: string, reviver?: Reviver): unknown =>
  (JSON.parse as (text: string, reviver?: Reviver) => unknown)(text, reviver)

/** Printed anew with an indent of two. */
export const readJson: FormatReader = async ({ bytes }) => {
  const { text } = decodeText(bytes)
  const value = parse(text)
  return { text: JSON.stringify(parse(text, keepDigits), null, 2), metadata: describe(value) }
}
