import type { Database } from 'bun:sqlite'

/** Runs `work` and returns how SQLite plans each statement that was prepared meanwhile. */
export const plansOf = (sqlite: Database, work: () => void): string[] => {
  const texts: string[] = []
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = (text: string) => {
    texts.push(text)
    return prepare(text)
  }
  work()
  sqlite.prepare = prepare
  return texts.map((text) => {
    // Finalized, since an open one keeps the database from closing.
    using explanation = prepare<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${text}`)
    const rows = explanation.all()
    return rows.map(({ detail }) => detail).join('; ')
  })
}
