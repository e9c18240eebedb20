import { index, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, json, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

/** ai.md 13. */
export const personas = sqliteTable(
  'personas',
  {
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    description: text('description'),
    systemPrompt: text('system_prompt').notNull(),
    modelSettings: json<Record<string, unknown>>('model_settings'),
    avatar: text('avatar'),
    tags: json<string[]>('tags'),
    sampleGreeting: text('sample_greeting'),
    isActive: boolean('is_active').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    /** Name, description and prompt in lower case: SQLite itself folds ASCII only. */
    searchText: text('search_text').notNull().default(''),
  },
  (table) => [
    // All that a list sorts and filters by but the search, so that filtering reads this index alone.
    index('personas_list').on(table.userId, table.updatedAt, table.id, table.isActive, table.tags),
  ],
)
export type PersonaRow = typeof personas.$inferSelect
/** A persona without what its store keeps for searching. */
export type PersonaContent = Omit<PersonaRow, 'searchText'>
