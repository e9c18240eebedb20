import { countCodePoints, endOfCodePoints } from '../../shared/code-points.ts'

export const chunkLimits = { maxTotal: 60_000, maxSegments: 25, maxPerSegment: 2000, overlap: 200 }

export interface Chunk {
  /** From 1. */
  index: number
  text: string
  char_count: number
}

export interface Chunks {
  chunks: Chunk[]
  /** Whether text was left out. */
  truncated: boolean
}

/** A paragraph too long for one segment as pieces, each of which begins with the end of the one before. */
function* cutParagraph(paragraph: string): Generator<string> {
  const { maxPerSegment, overlap } = chunkLimits
  for (let start = 0; ; start = endOfCodePoints(paragraph, maxPerSegment - overlap, start)) {
    const end = endOfCodePoints(paragraph, maxPerSegment, start)
    yield paragraph.slice(start, end)
    if (end === paragraph.length) return
  }
}

/** Whole paragraphs, as many as fit into a segment. */
function* packParagraphs(text: string): Generator<string> {
  const { maxPerSegment } = chunkLimits
  let packed = ''
  let length = 0
  for (const untrimmed of text.split(/\n\s*\n/)) {
    const paragraph = untrimmed.trim()
    if (paragraph === '') continue
    const size = countCodePoints(paragraph)
    if (packed !== '' && length + 2 + size <= maxPerSegment) {
      packed += `\n\n${paragraph}`
      length += 2 + size
      continue
    }
    if (packed !== '') yield packed
    packed = size <= maxPerSegment ? paragraph : ''
    length = packed === '' ? 0 : size
    if (size > maxPerSegment) yield* cutParagraph(paragraph)
  }
  if (packed !== '') yield packed
}

/**
 * The beginning of a text in segments (work.md 3.4): paragraphs are packed, not one by one, so that forty short ones are
 * not cut down to twenty-five.
 */
export const toChunks = (text: string): Chunks => {
  const chunks: Chunk[] = []
  let total = 0
  for (const segment of packParagraphs(text)) {
    const char_count = countCodePoints(segment)
    total += char_count
    if (chunks.length === chunkLimits.maxSegments || total > chunkLimits.maxTotal) return { chunks, truncated: true }
    chunks.push({ index: chunks.length + 1, text: segment, char_count })
  }
  return { chunks, truncated: false }
}
