import { endOfCodePoints } from '../../shared/code-points.ts'

const MAX_CHARACTERS = 300_000

const cutWarning = `Extracted text truncated to ${MAX_CHARACTERS} characters to protect downstream processing.`

/** Whether so much text is there that what follows would be cut anyhow, even if every other character is a space. */
export const isEnough = (length: number): boolean => length > MAX_CHARACTERS * 4

/** Line ends as `\n`, none with spaces before it, never two blank lines, and not more than the limit. */
export const tidyText = (text: string): { text: string; warnings: string[] } => {
  const lines = text
    .toWellFormed()
    .replaceAll('\0', '')
    // Symbol fonts have their bullets anywhere among the characters without a meaning.
    .replaceAll(/[\ue000-\uf8ff](?=\s)/g, '•')
    .split(/\r\n|[\n\r\u2028\u2029\u0085]/)
    .map((line) => line.trimEnd())
  const kept = lines.filter((line, at) => line !== '' || lines[at - 1] !== '')
  const tidy = kept.join('\n').trim()
  if (tidy.length <= MAX_CHARACTERS) return { text: tidy, warnings: [] }
  const end = endOfCodePoints(tidy, MAX_CHARACTERS)
  if (end === tidy.length) return { text: tidy, warnings: [] }
  return { text: tidy.slice(0, end), warnings: [cutWarning] }
}
