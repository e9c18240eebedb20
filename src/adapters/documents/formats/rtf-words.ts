import { createDecoder } from '../decode-text.ts'

/** Groups whose content is no text of the document. */
export const silent = new Set(
  'fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore listtable listoverridetable generator rsidtbl xmlnstbl latentstyles pgdsctbl fldinst filetbl revtbl bkmkstart bkmkend nonshppict shpinst sp mmathPr'.split(
    ' ',
  ),
)
/** What a reader of text wants to know, although readers that do not know it shall pass it over. */
export const spoken = new Set(['footnote', 'annotation', 'shptxt', 'nesttableprops'])
/** Ends a cell until rows are put together. */
export const CELL = '\x07'
export const characters: Record<string, string> = {
  par: '\n',
  line: '\r',
  sect: '\n\n',
  page: '\n\n',
  row: '\r',
  nestrow: '\r',
  cell: CELL,
  nestcell: CELL,
  tab: '\t',
  emdash: '—',
  endash: '–',
  emspace: ' ',
  enspace: ' ',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  '~': ' ',
  _: '-',
}
export const charsets: Record<string, string> = {
  0: 'windows-1252',
  77: 'macintosh',
  128: 'shift_jis',
  129: 'euc-kr',
  134: 'gb18030',
  136: 'big5',
  161: 'windows-1253',
  162: 'windows-1254',
  163: 'windows-1258',
  177: 'windows-1255',
  178: 'windows-1256',
  186: 'windows-1257',
  204: 'windows-1251',
  222: 'windows-874',
  238: 'windows-1250',
}
const codePages: Record<string, string> = {
  437: 'ibm866',
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gb18030',
  949: 'euc-kr',
  950: 'big5',
  10000: 'macintosh',
}
export const toLabel = (codePage: number) => codePages[codePage] ?? `windows-${codePage}`

/** A decoder for a code page; what is not known is taken for the one of western Europe. */
export const decoderOf = (label: string): TextDecoder => {
  try {
    return createDecoder(label)
  } catch {
    return new TextDecoder('windows-1252')
  }
}
