import { detect } from 'chardet'

export interface DecodedText {
  text: string
  /** As the contract spells it: `ascii`, `utf_8`, `utf_16`, `cp1252`… */
  encoding: string
}

/** Enough to tell an encoding; a detector's time grows with the size. */
const SAMPLE_BYTES = 65_536

const marks: [number[], string][] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
]

/** The encoding that the first bytes name. */
export const findMark = (bytes: Uint8Array): string | undefined =>
  marks.find(([head]) => head.every((byte, at) => bytes[at] === byte))?.[1]

/** Knows more encodings than its type says. Throws for one that it does not know. */
export const createDecoder = (label: string): TextDecoder => new TextDecoder(label as Bun.Encoding)

const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const decodeAs = (bytes: Uint8Array, label: string): DecodedText => {
  const encoding = label.toLowerCase().replace('windows-', 'cp').replaceAll('-', '_')
  try {
    return { text: createDecoder(label).decode(bytes), encoding }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'cp1252' }
  }
}

/** Half of the bytes of UTF-16 without a mark are zero in most languages of Europe, always on the same side. */
const findWideEncoding = (bytes: Uint8Array): string | undefined => {
  if (bytes.length < 8) return undefined
  const sample = bytes.subarray(0, 1024)
  const enough = sample.length / 4
  const zerosAt = (side: number) => sample.filter((byte, at) => byte === 0 && at % 2 === side).length
  const [even, odd] = [zerosAt(0), zerosAt(1)]
  if (odd > enough && even === 0) return 'utf-16le'
  return even > enough && odd === 0 ? 'utf-16be' : undefined
}

const isAscii = (bytes: Uint8Array) => bytes.every((byte) => byte < 0x80)

/** Reads text in whatever encoding it is: a mark or UTF-8 first, else what the bytes look like most. Never throws. */
export const decodeText = (bytes: Uint8Array): DecodedText => {
  const mark = findMark(bytes)
  if (mark) return { ...decodeAs(bytes, mark), encoding: mark === 'utf-8' ? 'utf_8' : 'utf_16' }
  const wide = findWideEncoding(bytes)
  if (wide) return { ...decodeAs(bytes, wide), encoding: 'utf_16' }
  const text = decodeUtf8(bytes)
  if (text !== undefined) return { text, encoding: isAscii(bytes) ? 'ascii' : 'utf_8' }
  const likely = detect(bytes.subarray(0, SAMPLE_BYTES)) ?? 'windows-1252'
  // ISO 8859-1 is a part of what browsers and Windows mean by it; UTF-8 has failed already.
  const label = /^(iso-8859-1|utf-8|ascii)$/i.test(likely) ? 'windows-1252' : likely
  return decodeAs(bytes, label)
}

/** Whether bytes are no text at all, whatever the encoding. */
export const isBinary = (bytes: Uint8Array): boolean => {
  const sample = bytes.subarray(0, SAMPLE_BYTES)
  return findMark(bytes) === undefined && findWideEncoding(bytes) === undefined && sample.includes(0)
}
