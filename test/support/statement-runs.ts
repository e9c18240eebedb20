import type { Database } from 'bun:sqlite'

const runners = ['all', 'get', 'run', 'values'] as const

/**
 * Counts how often statements run which are prepared from now on: call it before anything else uses the database.
 * `during` gives the texts of those that ran while the work was done.
 */
export const watchStatements = (sqlite: Database) => {
  let texts: string[] = []
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = ((text: string) => {
    const statement = prepare(text)
    for (const name of runners) {
      const run: (...values: never[]) => unknown = statement[name].bind(statement)
      const counted = (...values: never[]) => {
        texts.push(text)
        return run(...values)
      }
      Object.assign(statement, { [name]: counted })
    }
    return statement
  }) as typeof sqlite.prepare
  return {
    during: async (work: () => Promise<unknown>): Promise<string[]> => {
      texts = []
      await work()
      return texts
    },
  }
}
