import type { SourceRow } from './source-row.ts'

/** The one of the words that a column holds, in any case; `fallback` for none, and for any other word. */
export const oneOf = <Word extends string>(
  row: SourceRow,
  column: string,
  words: readonly Word[],
  fallback: Word,
): Word => {
  const text = row.line(column)?.trim().toLowerCase() ?? ''
  const known = words.find((word) => word === text)
  if (!known && text !== '') row.note('changed', `${column} is an unknown word: ${fallback}`)
  return known ?? fallback
}
