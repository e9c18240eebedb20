/** What documents are called on the wire. */
const mediaTypes = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/msword': 'doc',
  'application/vnd.oasis.opendocument.text': 'odt',
  'text/rtf': 'rtf',
  'application/rtf': 'rtf',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.oasis.opendocument.presentation': 'odp',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/json': 'json',
  'text/json': 'json',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/x-markdown': 'md',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'message/rfc822': 'eml',
  'application/epub+zip': 'epub',
} as const

export type DocumentFormat = (typeof mediaTypes)[keyof typeof mediaTypes]

const extensions: Record<string, DocumentFormat> = {
  csv: 'csv',
  doc: 'doc',
  docx: 'docx',
  eml: 'eml',
  epub: 'epub',
  htm: 'html',
  html: 'html',
  json: 'json',
  log: 'txt',
  markdown: 'md',
  md: 'md',
  odp: 'odp',
  ods: 'ods',
  odt: 'odt',
  pdf: 'pdf',
  ppt: 'ppt',
  pptx: 'pptx',
  rtf: 'rtf',
  text: 'txt',
  tsv: 'tsv',
  txt: 'txt',
  xhtml: 'html',
  xls: 'xls',
  xlsx: 'xlsx',
  xml: 'xml',
}

/** `file_type` of answers: sheets, texts and slides of older programs go by the name of the newer one. */
const canonical: Record<DocumentFormat, string> = {
  pdf: 'pdf',
  docx: 'docx',
  doc: 'docx',
  odt: 'odt',
  rtf: 'rtf',
  pptx: 'pptx',
  ppt: 'pptx',
  odp: 'odp',
  xlsx: 'xlsx',
  xls: 'xlsx',
  ods: 'xlsx',
  csv: 'csv',
  tsv: 'csv',
  txt: 'txt',
  md: 'md',
  html: 'html',
  xml: 'xml',
  json: 'json',
  eml: 'eml',
  epub: 'epub',
}

export const toCanonical = (format: DocumentFormat): string => canonical[format]

/** By media type; browsers ask this list whether a file may be sent. */
export const supportedTypes: Record<string, string> = Object.fromEntries(
  Object.entries(mediaTypes).map(([type, format]) => [type, canonical[format]]),
)
/** Without a dot. */
export const supportedExtensions = Object.keys(extensions)
/** As the contract lists them: two of them are no `file_type`. */
export const canonicalTypes = [...new Set([...Object.values(canonical), 'ods', 'xls'])].toSorted()

/** The first of its types. */
export const mediaTypeOf = (format: DocumentFormat): string =>
  Object.entries(mediaTypes).find(([, one]) => one === format)?.[0] ?? 'application/octet-stream'

const withoutParameters = (type: string | null): string => (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

export const formatOfType = (type: string | null): DocumentFormat | undefined =>
  Object.entries(mediaTypes).find(([known]) => known === withoutParameters(type))?.[1]

export const formatOfExtension = (name: string): DocumentFormat | undefined => {
  const extension = /\.([^./\\]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(extensions, extension) ? extensions[extension] : undefined
}

/** Types that programs give to files of many kinds. */
const generic = new Set(['text/plain', 'application/vnd.ms-excel', 'application/octet-stream', ''])

export const isGenericType = (type: string | null): boolean => generic.has(withoutParameters(type))
