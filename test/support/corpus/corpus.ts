import { join } from 'node:path'

export const corpusPath = (file: string): string => join(import.meta.dir, 'files', file)

interface Expected {
  file_type: string
  detected_type: string
  metadata: Record<string, unknown>
  /** Must stand in the text one after the other. */
  sentences: string[]
}

const body = [
  'Harbour report',
  'The grey heron waits beside the lock.',
  'Umlauts äöüß, Greek Ωμέγα, Cyrillic Привет and an emoji 🚀 survive.',
  'First point of the list',
  'Second point of the list',
]
const table = ['Ship | Berth | Cargo', 'Aurora | 12 | Timber', 'Borealis | 7 | Coffee beans']
const end = ['One line\nand the next after a soft break.', 'The last sentence closes the report.']
const note = 'A note about the heron at low tide.'
const header = 'Header of the harbour report'
const footer = 'Footer with number 4711'
const letter = [
  'Harbour letters',
  'First letter',
  'about fog and 42 ships.',
  'Ship | Flag\nCygnus | Oslo',
  'Second letter',
]
const sheets = [
  '--- Sheet: Budget (3 rows, 3 columns) ---\nItem         Price  Day\nRope, 20 m   12.5   2026-03-01',
  'Grüne Farbe  7      NaN',
  'Sum          19.5',
  'Note on A2: Ordered twice by mistake',
  '\n\n--- Sheet: Crew (30 rows, 2 columns) ---\nName       Number\nSailor 1   100\n',
  'Sailor 20  2000\n... (truncated) ...\nSailor 28  2800\nSailor 29  2900\nSailor 30  3000',
]
const slides = [
  '--- Slide 1 ---\nTides of the north',
  'Inside a group: ebb\nInside a group: flow',
  'Notes: Remember to thank the harbour master.\n\n--- Slide 2 ---\nSecond slide über Ebbe',
  'Place | Metres\nBristol | 14.5',
]
const note2 = [
  '--- Page 1 ---\nGroff note',
  'the quiet harbour and its unmistakable lamps.\n\n--- Page 2 ---',
  'The second page',
]

/** What the programs of `make.sh` were given to write, file by file. */
export const corpus: Record<string, Expected> = {
  'report.doc': {
    file_type: 'docx',
    detected_type: 'doc',
    metadata: { paragraphs: 7 },
    sentences: [...body, ...table, ...end, note, header, footer],
  },
  'report.docx': {
    file_type: 'docx',
    detected_type: 'docx',
    metadata: { paragraphs: 7, tables: 1 },
    sentences: [header, ...body, ...table, ...end, note, footer],
  },
  'report.odt': {
    file_type: 'odt',
    detected_type: 'odt',
    metadata: { paragraphs: 7, tables: 1 },
    sentences: [header, ...body, ...table, ...end, note, footer],
  },
  'report.rtf': {
    file_type: 'rtf',
    detected_type: 'rtf',
    metadata: { source: 'report.rtf' },
    sentences: [header, footer, body[0] ?? '', body[1] ?? '', note, ...body.slice(2), ...table, ...end],
  },
  'report.html': {
    file_type: 'html',
    detected_type: 'html',
    metadata: {},
    sentences: [header, '# Harbour report', ...body.slice(1, 3), '  * First point', ...table, ...end, note, footer],
  },
  'report.pdf': {
    file_type: 'pdf',
    detected_type: 'pdf',
    metadata: { pages: 1 },
    sentences: [
      `--- Page 1 ---\n${header}`,
      ...body,
      'Aurora 12 Timber Borealis 7 Coffee beans One line and the next after a soft break.',
      note,
      footer,
    ],
  },
  'report.epub': {
    file_type: 'epub',
    detected_type: 'epub',
    metadata: { chapters: 1 },
    sentences: [...body, ...table.slice(0, 1), ...end, note],
  },
  'budget.xls': { file_type: 'xlsx', detected_type: 'xls', metadata: { sheets: 2 }, sentences: sheets },
  'budget.xlsx': { file_type: 'xlsx', detected_type: 'xlsx', metadata: { sheets: 2 }, sentences: sheets },
  'budget.ods': { file_type: 'xlsx', detected_type: 'ods', metadata: { sheets: 2 }, sentences: sheets },
  'budget.csv': {
    file_type: 'csv',
    detected_type: 'csv',
    metadata: { rows: 3, columns: 3, encoding: 'cp1252' },
    sentences: ['Item         Price  Day', 'Rope, 20 m   12.5   2026-03-01', 'Grüne Farbe  7      NaN'],
  },
  'slides.pptx': { file_type: 'pptx', detected_type: 'pptx', metadata: { slides: 2 }, sentences: slides },
  'slides.odp': { file_type: 'odp', detected_type: 'odp', metadata: { slides: 2 }, sentences: slides },
  'slides.pdf': {
    file_type: 'pdf',
    detected_type: 'pdf',
    metadata: { pages: 2 },
    sentences: ['--- Page 1 ---\nTides of the north', '--- Page 2 ---\nSecond slide über Ebbe', 'Bristol 14.5'],
  },
  'letter.docx': {
    file_type: 'docx',
    detected_type: 'docx',
    metadata: { paragraphs: 6, tables: 1 },
    sentences: letter,
  },
  'letter.odt': { file_type: 'odt', detected_type: 'odt', metadata: { paragraphs: 6, tables: 1 }, sentences: letter },
  'letter.rtf': { file_type: 'rtf', detected_type: 'rtf', metadata: { source: 'letter.rtf' }, sentences: letter },
  'letter.pptx': {
    file_type: 'pptx',
    detected_type: 'pptx',
    metadata: { slides: 3 },
    sentences: ['--- Slide 1 ---\nHarbour letters', ...letter.slice(1)],
  },
  'letter.epub': {
    file_type: 'epub',
    detected_type: 'epub',
    metadata: { chapters: 3 },
    sentences: [...letter, 'A link to [the pilot](https://pilot.example/).'],
  },
  'note.pdf': { file_type: 'pdf', detected_type: 'pdf', metadata: { pages: 2 }, sentences: note2 },
  'note-packed.pdf': { file_type: 'pdf', detected_type: 'pdf', metadata: { pages: 2 }, sentences: note2 },
  'note-owner.pdf': { file_type: 'pdf', detected_type: 'pdf', metadata: { pages: 2 }, sentences: note2 },
  'mail-nested.eml': {
    file_type: 'eml',
    detected_type: 'eml',
    metadata: {
      subject: 'Grüße vom Hafen',
      from: 'Ada Lovelace <ada@home.test>',
      to: 'Bob <bob@home.test>, carol@home.test',
      attachments: 1,
    },
    sentences: ['Dear Bob,\nthe plain text of the mail mentions the tide table.\nGrüße, Ada'],
  },
  'mail-page.eml': {
    file_type: 'eml',
    detected_type: 'eml',
    metadata: { subject: 'Only a page', from: 'news@home.test', to: 'bob@home.test', attachments: 0 },
    sentences: ['Storm warning for the bay', 'Wind | 9'],
  },
}

/** What no reader can read, and the reason that it gives. */
export const refused: Record<string, string> = {
  'note-locked.pdf': 'Unable to parse PDF: File has not been decrypted',
  'slides.ppt': 'Unable to parse PPT: the old format is not supported, save it as .pptx',
  'locked.doc': 'Unable to parse DOC: it is protected by a password',
  'locked.docx': 'Unable to parse document: it is protected by a password',
  'locked.odt': 'Unable to parse ODT: it is protected by a password',
  'locked.ods': 'Unable to open spreadsheet: it is protected by a password',
  'locked.xls': 'Unable to open spreadsheet: it is protected by a password',
  'locked.xlsx': 'Unable to parse document: it is protected by a password',
}

/** The first sentence that does not follow the ones before it, or undefined when all do. */
export const findMissing = (text: string, sentences: string[]): string | undefined => {
  let at = 0
  return sentences.find((sentence) => {
    const found = text.indexOf(sentence, at)
    at = found + sentence.length
    return found < 0
  })
}
