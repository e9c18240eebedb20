const singleEscapes: Record<string, string> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

const escape = /\\(?:([\n\\'"abfnrtv])|([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(N\{))/g

/** What a piece of a literal stands for, or undefined for what needs Python's own tables or is no character. */
const decodeEscapes = (text: string): string | undefined => {
  let isKnown = true
  const decoded = text.replaceAll(escape, (match, single, octal, ...rest: string[]) => {
    if (typeof single === 'string') return singleEscapes[single] ?? match
    if (typeof octal === 'string') return String.fromCodePoint(Number.parseInt(octal, 8))
    const hex = rest.slice(0, 3).find((one) => typeof one === 'string')
    const codePoint = hex === undefined ? Number.NaN : Number.parseInt(hex, 16)
    if (codePoint <= 0x10ffff) return String.fromCodePoint(codePoint)
    isKnown = false
    return match
  })
  return isKnown ? decoded : undefined
}

interface StringParts {
  /** Lower case: of `r`, `f`, `b`, `u`. */
  prefix: string
  /** Positions of the text between the quotes, from the beginning of the literal. */
  start: number
  end: number
}

/** How a string literal is put together, or undefined when its end is missing. */
const partsOfString = (literal: string): StringParts | undefined => {
  const [opening, prefix = '', quotes = ''] = /^([a-zA-Z]{0,3})('''|"""|'|")/.exec(literal) ?? []
  const start = opening?.length ?? 0
  const end = literal.length - quotes.length
  if (opening === undefined || end < start || !literal.endsWith(quotes)) return undefined
  return { prefix: prefix.toLowerCase(), start, end }
}

/** A piece of text between the quotes of a literal with that prefix, or undefined when it is not known what it stands for. */
const decodeText = (text: string, prefix: string): string | undefined => {
  const plain = prefix.includes('f') ? text.replaceAll(/\{\{|\}\}/g, ([brace]) => brace ?? '') : text
  return prefix.includes('r') ? plain : decodeEscapes(plain)
}

/** The value of a literal without replacement fields. Bytes are no text. */
export const decodeString = (literal: string): string | undefined => {
  const parts = partsOfString(literal)
  if (!parts || parts.prefix.includes('b')) return undefined
  return decodeText(literal.slice(parts.start, parts.end), parts.prefix)
}

/** The texts before, between and after the replacement fields of an f-string, whose positions count from its beginning. */
export const textsAround = (
  literal: string,
  fields: { from: number; to: number }[],
): (string | undefined)[] | undefined => {
  const parts = partsOfString(literal)
  if (!parts || parts.prefix.includes('b')) return undefined
  const starts = [parts.start, ...fields.map(({ to }) => to)]
  const ends = [...fields.map(({ from }) => from), parts.end]
  return starts.map((start, index) => decodeText(literal.slice(start, ends[index]), parts.prefix))
}
