import type { Database } from 'bun:sqlite'

/** Notes the text of each statement that is prepared from now on. `stop` returns how SQLite plans them. */
const recordPlans = (sqlite: Database) => {
  const texts: string[] = []
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = (text: string) => {
    texts.push(text)
    return prepare(text)
  }
  const explain = (text: string) => {
    // Finalized, since an open one keeps the database from closing.
    using explanation = prepare<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${text}`)
    const rows = explanation.all()
    return rows.map(({ detail }) => detail).join('; ')
  }
  return {
    stop() {
      sqlite.prepare = prepare
      return texts.map(explain)
    },
  }
}

/** Runs `work` and returns how SQLite plans each statement that was prepared meanwhile. */
export const plansOf = (sqlite: Database, work: () => void): string[] => {
  const record = recordPlans(sqlite)
  work()
  return record.stop()
}

/** The same for work that waits in between. */
export const plansOfAsync = async (sqlite: Database, work: () => Promise<unknown>): Promise<string[]> => {
  const record = recordPlans(sqlite)
  await work()
  return record.stop()
}
