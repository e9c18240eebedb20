import type { Db } from './client.ts'

/**
 * A statement that is built and prepared once per connection: building a query on each request costs more than running
 * it. Write the values that change as `sql.placeholder('name')`.
 */
export const prepared = <Statement>(build: (db: Db) => Statement): ((db: Db) => Statement) => {
  const statements = new WeakMap<Db, Statement>()
  return (db) => {
    let statement = statements.get(db)
    if (!statement) {
      statement = build(db)
      statements.set(db, statement)
    }
    return statement
  }
}
