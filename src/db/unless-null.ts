import { or, type SQL, sql } from 'drizzle-orm'

/** A filter that lets everything through while the value `name` is null: one prepared statement for both. */
export const unlessNull = (name: string, condition: SQL) => or(sql`${sql.placeholder(name)} is null`, condition)
