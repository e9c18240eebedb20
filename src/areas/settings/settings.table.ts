import { sql } from 'drizzle-orm'
import { index, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, json, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

export const settingScopes = ['system', 'user', 'page', 'user_page'] as const
export type SettingScope = (typeof settingScopes)[number]

/** What can be set: one catalogue for all users (workspace.md 2). */
export const settingDefinitions = sqliteTable(
  'settings_definitions',
  {
    id: id(),
    name: text('name').notNull(),
    description: text('description'),
    category: text('category').notNull(),
    type: text('type').notNull(),
    defaultValue: json<unknown>('default_value'),
    allowedScopes: json<SettingScope[]>('allowed_scopes').notNull(),
    validation: json<Record<string, unknown>>('validation'),
    isMultiple: boolean('is_multiple').notNull(),
    tags: json<string[]>('tags').notNull(),
    /** Whose plugin brought it along; null for all others. */
    broughtBy: text('brought_by').references(() => users.id, { onDelete: 'set null' }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('settings_definitions_brought_by').on(table.broughtBy)],
)
export type SettingDefinitionRow = typeof settingDefinitions.$inferSelect

/** What is set (workspace.md 3). `value` is always sealed by the secret box, with the row's id as its context. */
export const settingInstances = sqliteTable(
  'settings_instances',
  {
    id: id(),
    definitionId: text('definition_id')
      .notNull()
      .references(() => settingDefinitions.id),
    name: text('name').notNull(),
    value: text('value'),
    scope: text('scope', { enum: settingScopes }).notNull(),
    /** Owner; null for system scope only. */
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    pageId: text('page_id'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // One row per definition and scope, user, page (contract decision 23).
    uniqueIndex('settings_instances_system')
      .on(table.definitionId)
      .where(sql`scope = 'system'`),
    uniqueIndex('settings_instances_per_user')
      .on(table.definitionId, table.userId)
      .where(sql`scope = 'user'`),
    uniqueIndex('settings_instances_per_page')
      .on(table.definitionId, table.scope, table.userId, table.pageId)
      .where(sql`scope in ('page', 'user_page')`),
    index('settings_instances_user').on(table.userId, table.definitionId),
    index('settings_instances_page').on(table.pageId),
  ],
)
export type SettingInstanceRow = typeof settingInstances.$inferSelect
