import { createDecoder, decodeText, findMark } from '../decode-text.ts'

/** Where a page must declare its encoding is the first kilobyte; many do so somewhat later. */
const DECLARED_WITHIN_BYTES = 4096

const fromHeader = (contentType: string): string | undefined =>
  /;\s*charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType)?.[1]

const fromMeta = (bytes: Uint8Array): string | undefined => {
  const head = Buffer.from(bytes.subarray(0, DECLARED_WITHIN_BYTES)).toString('latin1')
  const label =
    /<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(head)?.[1] ??
    /^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})/i.exec(head)?.[1]
  // It was read as single bytes, so it cannot be true (HTML, "prescan a byte stream").
  return label && /^utf-?16/i.test(label) ? 'utf-8' : label
}

const tryDecode = (bytes: Uint8Array, label: string | undefined): string | undefined => {
  if (label === undefined) return undefined
  try {
    return createDecoder(label).decode(bytes)
  } catch {
    // Nobody knows an encoding of that name.
    return undefined
  }
}

/** The text of a page, by the rules of browsers: byte order mark, header, `<meta>`, else what the bytes look like. Never throws. */
export const decodePage = (bytes: Uint8Array, contentType: string): string =>
  tryDecode(bytes, findMark(bytes)) ??
  tryDecode(bytes, fromHeader(contentType)) ??
  tryDecode(bytes, fromMeta(bytes)) ??
  decodeText(bytes).text
