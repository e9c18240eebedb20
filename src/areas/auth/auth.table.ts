import { index, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, json, timestamp, updatedAt } from '../../db/columns.ts'

export const users = sqliteTable(
  'users',
  {
    id: id(),
    username: text('username').notNull().unique(),
    email: text('email').notNull().unique(),
    /** Lower-cased e-mail: new accounts must not differ from an old one by case alone (auth.md 13, row 20). */
    emailKey: text('email_key').notNull(),
    passwordHash: text('password_hash').notNull(),
    fullName: text('full_name'),
    profilePicture: text('profile_picture'),
    role: text('role', { enum: ['admin', 'member'] }).notNull(),
    isActive: boolean('is_active').notNull(),
    isVerified: boolean('is_verified').notNull(),
    version: text('version').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('users_email_key').on(table.emailKey)],
)
export type UserRow = typeof users.$inferSelect

/** One row per signed-in device. Deleting the row revokes its access and refresh tokens at once. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** `jti` of the only refresh token that is good now. */
    refreshId: text('refresh_id').notNull(),
    /** `jti` of the token before it, still good for the grace period after `rotatedAt`. */
    previousRefreshId: text('previous_refresh_id'),
    rotatedAt: timestamp('rotated_at').notNull(),
    expiresAt: timestamp('expires_at').notNull(),
    ip: text('ip'),
    userAgent: text('user_agent'),
    createdAt: createdAt(),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_expiry').on(table.expiresAt)],
)
export type SessionRow = typeof sessions.$inferSelect

/** Columns of auth.md 14.1. No foreign key: the log outlives the user. */
export const auditLogs = sqliteTable(
  'audit_logs',
  {
    id: id(),
    eventType: text('event_type').notNull(),
    actorType: text('actor_type', { enum: ['user', 'anonymous', 'system'] }).notNull(),
    actorId: text('actor_id'),
    requestId: text('request_id'),
    ip: text('ip'),
    userAgent: text('user_agent'),
    method: text('method'),
    path: text('path'),
    resourceType: text('resource_type'),
    resourceId: text('resource_id'),
    status: text('status', { enum: ['success', 'failure'] }).notNull(),
    reason: text('reason'),
    extraData: json<Record<string, unknown>>('extra_data'),
    createdAt: createdAt(),
  },
  (table) => [
    index('audit_logs_created').on(table.createdAt),
    index('audit_logs_actor').on(table.actorType, table.actorId),
    index('audit_logs_event').on(table.eventType, table.createdAt),
  ],
)
