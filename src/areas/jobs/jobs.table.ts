import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, timestamp, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

/** As stored (work.md 1.1); on the wire `queued` is `pending` and `canceled` is `cancelled` (contract decision 10). */
export const jobStatuses = ['waiting', 'queued', 'running', 'completed', 'failed', 'canceled'] as const
export type JobStatus = (typeof jobStatuses)[number]

export const jobs = sqliteTable(
  'jobs',
  {
    /** With dashes. */
    id: id(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    jobType: text('job_type').notNull(),
    status: text('status', { enum: jobStatuses }).notNull(),
    /** -100 to 100, higher first, among the jobs of one user. */
    priority: integer('priority').notNull().default(0),
    /** JSON text without the fields that its type calls secret. */
    payload: text('payload').notNull(),
    /** Those, as sealed JSON text; null once the job has ended. */
    secrets: text('secrets'),
    scheduledFor: timestamp('scheduled_for').notNull(),
    startedAt: timestamp('started_at'),
    completedAt: timestamp('completed_at'),
    progressPercent: integer('progress_percent').notNull().default(0),
    currentStage: text('current_stage'),
    message: text('message'),
    /** JSON text. */
    result: text('result'),
    errorMessage: text('error_message'),
    errorCode: text('error_code'),
    idempotencyKey: text('idempotency_key'),
    /** Runs since it was queued by its creation or by a person; bounded by `maxRetries`. */
    attempts: integer('attempts').notNull().default(0),
    /** For the wire only (work.md 1.1). */
    retryCount: integer('retry_count').notNull().default(0),
    maxRetries: integer('max_retries').notNull().default(3),
    /** The thread that runs it. Who does not hold it may not write to a running job. */
    workerId: text('worker_id'),
    leaseUntil: timestamp('lease_until'),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    /** When a job that has ended is deleted. */
    expiresAt: timestamp('expires_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('jobs_list').on(table.userId, table.createdAt, table.id),
    index('jobs_list_status').on(table.userId, table.status, table.createdAt, table.id),
    // With the status at its end, so that both filters together are counted from the index alone.
    index('jobs_list_type').on(table.userId, table.jobType, table.createdAt, table.id, table.status),
    index('jobs_unfinished')
      .on(table.userId, table.status)
      .where(sql`status in ('waiting', 'queued', 'running')`),
    index('jobs_due')
      .on(table.userId, sql`priority desc`, table.createdAt)
      .where(sql`status = 'queued'`),
    index('jobs_scheduled')
      .on(table.userId, table.scheduledFor)
      .where(sql`status = 'queued'`),
    index('jobs_running')
      .on(table.userId)
      .where(sql`status = 'running'`),
    uniqueIndex('jobs_idempotency')
      .on(table.userId, table.jobType, table.idempotencyKey)
      .where(sql`idempotency_key is not null`),
    index('jobs_expiry')
      .on(table.expiresAt)
      .where(sql`expires_at is not null`),
  ],
)
export type JobRow = typeof jobs.$inferSelect

/** What happened to a job, numbered from 1. Numbers go on across attempts. */
export const jobEvents = sqliteTable(
  'job_events',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    sequenceNumber: integer('sequence_number').notNull(),
    id: text('id').notNull(),
    eventType: text('event_type').notNull(),
    timestamp: timestamp('timestamp').notNull(),
    /** JSON text of an object. */
    data: text('data').notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.sequenceNumber] })],
)
export type JobEventRow = typeof jobEvents.$inferSelect

/** A job that waits until another one has completed. */
export const jobDependencies = sqliteTable(
  'job_dependencies',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    dependsOnJobId: text('depends_on_job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.jobId, table.dependsOnJobId] }),
    index('job_dependencies_depends_on').on(table.dependsOnJobId),
  ],
)
