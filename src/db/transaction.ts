import type { Db } from './client.ts'

/**
 * Runs `work` in one write transaction; a throw rolls all of it back. Nested calls become savepoints.
 *
 * bun:sqlite is synchronous and has one connection: an async callback would commit at its first `await`, so the type
 * refuses one, and `work` may use the same `db` (and its prepared statements) as everybody else. `immediate` takes the
 * write lock at once: a read lock that must be upgraded later can fail at commit.
 */
export const inTransaction = <T>(db: Db, work: () => T extends PromiseLike<unknown> ? never : T): T =>
  db.transaction(() => work(), { behavior: 'immediate' })
