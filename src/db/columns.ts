import { customType, integer, text } from 'drizzle-orm/sqlite-core'

/** Milliseconds since the epoch, UTC. */
export const timestamp = (name: string) => integer(name)

/** SQL for a timestamp as it is on the wire, like `toIso`. */
export const isoTimeSql = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`

export const boolean = (name: string) => integer(name, { mode: 'boolean' })

/** JSON text. The stored text is what the client sent, parsed and written again: key order is kept. */
export const json = <T>(name: string) =>
  customType<{ data: T; driverData: string }>({
    dataType: () => 'text',
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (value) => JSON.parse(value) as T,
  })(name)

export const id = () => text('id').primaryKey()

export const createdAt = () => timestamp('created_at').notNull()
export const updatedAt = () => timestamp('updated_at').notNull()
