import type { FormatReader } from './format-reader.ts'
import { CELL, characters, charsets, decoderOf, silent, spoken, toLabel } from './rtf-words.ts'

/** No program nests so many. */
const MAX_DEPTH = 10_000

interface Group {
  isSilent: boolean
  /** How many characters stand behind each `\u` for readers that do not know it. */
  fallbackLength: number
  encoding: string
}

const token = /\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([\r\n]+)|([^\\{}\r\n]+)/gy

/** The text so far, and the groups that are open around it. */
const createGroups = () => {
  const parts: string[] = []
  const outer: Group[] = []
  let group: Group = { isSilent: false, fallbackLength: 1, encoding: 'windows-1252' }
  let pendingBytes: number[] = []
  const flush = () => {
    if (pendingBytes.length === 0) return
    parts.push(decoderOf(group.encoding).decode(Uint8Array.from(pendingBytes)))
    pendingBytes = []
  }
  return {
    current: () => group,
    isOuterSilent: () => outer.at(-1)?.isSilent ?? false,
    put: (text: string) => {
      flush()
      if (!group.isSilent) parts.push(text)
    },
    /** A byte in the group's encoding, of which a character may need several. */
    putByte: (byte: number) => {
      if (!group.isSilent) pendingBytes.push(byte)
    },
    setEncoding: (encoding: string) => {
      flush()
      group.encoding = encoding
    },
    open: () => {
      flush()
      if (outer.length === MAX_DEPTH) throw new Error('its groups are nested too deeply')
      outer.push(group)
      group = { ...group }
    },
    close: () => {
      flush()
      group = outer.pop() ?? group
    },
    join: () => {
      flush()
      return parts.join('')
    },
  }
}

type Groups = ReturnType<typeof createGroups>

/** Words that change how the text behind them is read. `skip` passes over so many characters. */
const createCommands = (groups: Groups, skip: (count: number) => void) => {
  const fonts = new Map<string, string>()
  let defaultEncoding = 'windows-1252'
  let isFontTable = false
  let font = ''
  const setDefault = (encoding: string) => {
    defaultEncoding = encoding
    groups.setEncoding(encoding)
  }
  const commands: Record<string, (parameter: string) => void> = {
    ansicpg: (parameter) => setDefault(toLabel(Number(parameter))),
    mac: () => setDefault('macintosh'),
    uc: (parameter) => {
      groups.current().fallbackLength = Math.min(Math.max(Number(parameter), 0), 16)
    },
    fonttbl: () => {
      isFontTable = true
    },
    fcharset: (parameter) => {
      if (isFontTable) fonts.set(font, charsets[parameter] ?? defaultEncoding)
    },
    f: (parameter) => {
      if (isFontTable) font = parameter
      else groups.setEncoding(fonts.get(parameter) ?? defaultEncoding)
    },
    plain: () => groups.setEncoding(defaultEncoding),
    u: (parameter) => {
      groups.put(String.fromCharCode(Number(parameter) & 0xffff))
      skip(groups.current().fallbackLength)
    },
  }
  return {
    run: (name: string, parameter: string) => {
      if (Object.hasOwn(commands, name)) commands[name]?.(parameter)
      else if (Object.hasOwn(characters, name)) groups.put(characters[name] ?? '')
    },
    closeGroup: () => {
      groups.close()
      if (!groups.current().isSilent) isFontTable = false
    },
  }
}

/** What RTF says, row by row where it has tables. */
const createState = () => {
  const groups = createGroups()
  let toSkip = 0
  let isFirst = false
  /** Behind `\\*`. */
  let isMarked = false
  const { run, closeGroup } = createCommands(groups, (count) => {
    toSkip = count
  })
  const skip = (): boolean => {
    if (toSkip === 0) return false
    toSkip--
    return true
  }
  return {
    /** How many bytes behind the word are no text. */
    word: (name: string, parameter: string): number => {
      if (isMarked && spoken.has(name)) groups.current().isSilent = groups.isOuterSilent()
      if (silent.has(name)) groups.current().isSilent = true
      isFirst = isMarked = false
      if (name === 'bin') return Math.max(Number(parameter), 0)
      run(name, parameter)
      return 0
    },
    byte: (hex: string) => {
      if (!skip()) groups.putByte(Number.parseInt(hex, 16))
    },
    symbol: (character: string) => {
      if (character === '*' && isFirst) isMarked = groups.current().isSilent = true
      else if (character === '\r' || character === '\n') groups.put('\n')
      else if ('\\{}'.includes(character)) {
        if (!skip()) groups.put(character)
      } else if (Object.hasOwn(characters, character)) groups.put(characters[character] ?? '')
    },
    brace: (brace: string) => {
      toSkip = 0
      isFirst = brace === '{'
      if (isFirst) groups.open()
      else closeGroup()
    },
    text: (text: string) => {
      isFirst = false
      const skipped = Math.min(toSkip, text.length)
      toSkip -= skipped
      if (skipped < text.length) groups.put(text.slice(skipped))
    },
    join: groups.join,
  }
}

/** Cells with ` | ` between them; the last one of a row ends with it. Breaks at the end of a cell are no text. */
const joinCells = (text: string): string => {
  const [first = '', ...cells] = text.split(CELL)
  if (cells.length === 0) return text
  const parts = [first.trimEnd()]
  for (const [at, cell] of cells.entries()) {
    const isEndOfRow = /^[ \t]*[\r\n]/.test(cell)
    parts.push(isEndOfRow ? '' : ' | ', at === cells.length - 1 ? cell : cell.trimEnd())
  }
  return parts.join('')
}

/** Rich text: groups, code pages of fonts, Unicode, table rows. */
export const readRtf: FormatReader = async ({ bytes, name }) => {
  const source = bytes.toString('latin1')
  if (!source.trimStart().startsWith('{\\rtf')) throw new Error('it does not begin as rich text')
  const state = createState()
  token.lastIndex = 0
  for (let match = token.exec(source); match; match = token.exec(source)) {
    const [, word, parameter = '', hex, symbol, brace, , text] = match
    if (word !== undefined) token.lastIndex += state.word(word, parameter)
    else if (hex !== undefined) state.byte(hex)
    else if (symbol !== undefined) state.symbol(symbol)
    else if (brace !== undefined) state.brace(brace)
    else if (text !== undefined) state.text(text)
  }
  const text = joinCells(state.join()).replaceAll('\n', '\n\n').replaceAll('\r', '\n')
  const paragraphs = text.split(/\n{2,}/).map((paragraph) => paragraph.trim())
  return { text: paragraphs.join('\n\n'), metadata: { source: name || 'upload' } }
}
