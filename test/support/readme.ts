import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ReadmeBlock {
  language: string
  /** The word after the language, which pages do not show: says how a test runs the block. */
  mark: string
  text: string
  /** Of its first line in the README, from 1. */
  line: number
}

const path = join(import.meta.dir, '../../README.md')

/** The fenced blocks of the README in their order. */
export const readmeBlocks = (): ReadmeBlock[] => {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language, 2: mark, 3: body }) => ({
      language: language ?? '',
      mark: mark ?? '',
      text: body ?? '',
      line: text.slice(0, index).split('\n').length + 1,
    }),
  )
}
