import { readFile } from 'node:fs/promises'
import { endOfCodePoints } from '../../shared/code-points.ts'
import type { DocumentFormat } from '../../shared/document-types.ts'
import { detectFormat, PROTECTED } from './detect.ts'
import type { FormatReader } from './formats/format-reader.ts'
import { tidyText } from './tidy-text.ts'
import { DocumentError, type DocumentMetadata, type DocumentRequest, type DocumentText } from './types.ts'

interface KnownFormat {
  /** Begins the sentence about a failure. */
  failure: string
  load: () => Promise<FormatReader>
}

const sheets: KnownFormat = {
  failure: 'Unable to open spreadsheet',
  load: async () => (await import('./formats/sheets.ts')).readSheets,
}
const loadPlain = () => import('./formats/plain.ts')
const loadDelimited = async () => (await import('./formats/delimited.ts')).readDelimited

/** Loaded when it is used: the libraries are large, and a process reads one document. */
const formats: Record<Exclude<DocumentFormat, 'ppt'>, KnownFormat> = {
  pdf: { failure: 'Unable to parse PDF', load: async () => (await import('./formats/pdf.ts')).readPdf },
  docx: { failure: 'Unable to parse DOCX', load: async () => (await import('./formats/docx.ts')).readDocx },
  doc: { failure: 'Unable to parse DOC', load: async () => (await import('./formats/doc.ts')).readDoc },
  odt: { failure: 'Unable to parse ODT', load: async () => (await import('./formats/open-document.ts')).readOdt },
  odp: { failure: 'Unable to parse ODP', load: async () => (await import('./formats/open-document.ts')).readOdp },
  rtf: { failure: 'Unable to parse RTF', load: async () => (await import('./formats/rtf.ts')).readRtf },
  pptx: { failure: 'Unable to parse PPTX', load: async () => (await import('./formats/pptx.ts')).readPptx },
  xlsx: sheets,
  xls: sheets,
  ods: sheets,
  csv: { failure: 'Unable to parse CSV', load: loadDelimited },
  tsv: { failure: 'Unable to parse CSV', load: loadDelimited },
  txt: { failure: 'Unable to read text', load: async () => (await loadPlain()).readPlain },
  md: { failure: 'Unable to read text', load: async () => (await loadPlain()).readPlain },
  html: { failure: 'Unable to parse HTML', load: async () => (await loadPlain()).readHtml },
  xml: { failure: 'Unable to parse XML', load: async () => (await loadPlain()).readXml },
  json: { failure: 'Unable to parse JSON', load: async () => (await loadPlain()).readJson },
  eml: { failure: 'Unable to parse email', load: async () => (await import('./formats/email.ts')).readEmail },
  epub: { failure: 'Unable to parse EPUB', load: async () => (await import('./formats/epub.ts')).readEpub },
}

const MAX_REASON = 200
const MAX_WARNINGS = 200
/** A title or the name of a sheet may be as long as its document. */
const MAX_LABEL = 1000

const cut = (label: string): string => label.toWellFormed().slice(0, endOfCodePoints(label, MAX_LABEL))

const cutMetadata = (metadata: DocumentMetadata): DocumentMetadata =>
  Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => {
      if (typeof value === 'number') return [name, value]
      return [name, typeof value === 'string' ? cut(value) : value.map(cut)]
    }),
  )

const DAMAGED = 'it is damaged or incomplete'

/** What a library says, as the end of a sentence that a client may see. What it stumbled over tells nobody anything. */
const toReason = (error: unknown): string => {
  if (!(error instanceof Error) || error instanceof TypeError) return DAMAGED
  if (error instanceof RangeError) return /stack/.test(error.message) ? 'it is nested too deeply' : DAMAGED
  return error.message.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_REASON) || DAMAGED
}

const unreadable = (message: string, cause?: unknown) => new DocumentError('unreadable', message, { cause })

/** Reads a document in this very process. Throws `DocumentError` for whatever a document can be the reason of. */
export const readDocument = async (request: DocumentRequest): Promise<DocumentText> => {
  const bytes = await readFile(request.path)
  const detected = await detectFormat(bytes, request)
  if (!detected) throw new DocumentError('unsupported', 'Unsupported or unknown file type')
  if (detected === PROTECTED) throw unreadable('Unable to parse document: it is protected by a password')
  const { format, recognisedType } = detected
  if (format === 'ppt') throw unreadable('Unable to parse PPT: the old format is not supported, save it as .pptx')
  const { failure, load } = formats[format]
  try {
    const read = await load()
    const { text, metadata, warnings = [] } = await read({ ...request, bytes })
    const tidy = tidyText(text)
    return {
      format,
      recognisedType,
      text: tidy.text,
      metadata: cutMetadata(metadata),
      warnings: [...warnings.slice(0, MAX_WARNINGS).map(cut), ...tidy.warnings],
    }
  } catch (error) {
    throw unreadable(`${failure}: ${toReason(error)}`, error)
  }
}
