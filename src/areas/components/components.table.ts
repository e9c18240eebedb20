import { sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, timestamp } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

/** workspace.md 7, 12. Ids are stored without dashes. */
export const components = sqliteTable(
  'components',
  {
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The name that clients and navigation routes use. */
    componentId: text('component_id').notNull(),
    name: text('name').notNull(),
    description: text('description'),
    icon: text('icon'),
    isSystem: boolean('is_system').notNull(),
    createdAt: createdAt(),
    /** Null until the first change. */
    updatedAt: timestamp('updated_at'),
  },
  (table) => [uniqueIndex('components_user_component').on(table.userId, table.componentId)],
)
export type ComponentRow = typeof components.$inferSelect
