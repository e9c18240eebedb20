import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export interface Migration {
  tag: string
  /** SHA-256 of the file: an edited migration is noticed. */
  hash: string
  statements: string[]
}

interface Journal {
  entries: { tag: string }[]
}

/** Runs as a Bun macro: the SQL becomes part of the bundle, and nothing is read at run time. */
export const embedMigrations = (): Migration[] => {
  const folder = new URL('../../drizzle/', import.meta.url)
  const journal = JSON.parse(readFileSync(new URL('meta/_journal.json', folder), 'utf8')) as Journal
  return journal.entries.map(({ tag }) => {
    const text = readFileSync(new URL(`${tag}.sql`, folder), 'utf8')
    return {
      tag,
      hash: createHash('sha256').update(text).digest('hex'),
      statements: text.split('--> statement-breakpoint'),
    }
  })
}
