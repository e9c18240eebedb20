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
  },
  (table) => [index('personas_user_updated').on(table.userId, table.updatedAt, table.id)],
)
