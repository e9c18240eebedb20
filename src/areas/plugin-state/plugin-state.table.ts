import { sql } from 'drizzle-orm'
import { blob, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, timestamp, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

export const stateStrategies = ['none', 'session', 'persistent', 'custom'] as const
export const syncStatuses = ['synced', 'pending', 'conflict'] as const
export const stateChanges = ['create', 'update', 'delete', 'restore'] as const

/** JSON text in UTF-8; gzip when `compressionType` says so. */
const stateData = () => blob('state_data', { mode: 'buffer' }).notNull()
const compressionType = () => text('compression_type', { enum: ['gzip'] })

const owner = () =>
  text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' })

/** plugins.md 6, 9. */
export const pluginStates = sqliteTable(
  'plugin_states',
  {
    id: id(),
    userId: owner(),
    pluginId: text('plugin_id').notNull(),
    // Empty instead of null: to a unique index no null equals another.
    pageId: text('page_id').notNull().default(''),
    stateKey: text('state_key').notNull().default(''),
    stateStrategy: text('state_strategy', { enum: stateStrategies }).notNull(),
    syncStatus: text('sync_status', { enum: syncStatuses }).notNull(),
    isActive: boolean('is_active').notNull(),
    /** Counts updates; the first is 1. */
    version: integer('version').notNull(),
    deviceId: text('device_id'),
    stateSchemaVersion: text('state_schema_version'),
    ttlExpiresAt: timestamp('ttl_expires_at'),
    lastAccessed: timestamp('last_accessed').notNull(),
    accessCount: integer('access_count').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    compressionType: compressionType(),
    /** Bytes of `stateData` as stored. */
    stateSize: integer('state_size').notNull(),
    stateData: stateData(),
  },
  (table) => [
    uniqueIndex('plugin_states_key').on(table.userId, table.pluginId, table.pageId, table.stateKey),
    index('plugin_states_accessed').on(table.userId, table.lastAccessed, table.id),
    index('plugin_states_size').on(table.userId, table.stateSize),
    index('plugin_states_expiry')
      .on(table.ttlExpiresAt)
      .where(sql`ttl_expires_at is not null`),
  ],
)
export type PluginStateRow = typeof pluginStates.$inferSelect

/** What a state was. It outlives its state, but not its owner. */
export const pluginStateHistory = sqliteTable(
  'plugin_state_history',
  {
    id: id(),
    userId: owner(),
    pluginStateId: text('plugin_state_id').notNull(),
    version: integer('version').notNull(),
    changeType: text('change_type', { enum: stateChanges }).notNull(),
    deviceId: text('device_id'),
    userAgent: text('user_agent'),
    ipAddress: text('ip_address'),
    createdAt: createdAt(),
    compressionType: compressionType(),
    stateSize: integer('state_size').notNull(),
    stateData: stateData(),
  },
  (table) => [
    index('plugin_state_history_state').on(table.pluginStateId, table.version),
    index('plugin_state_history_age').on(table.userId, table.createdAt, table.stateSize),
    index('plugin_state_history_created').on(table.createdAt),
  ],
)
export type PluginStateHistoryRow = typeof pluginStateHistory.$inferSelect
