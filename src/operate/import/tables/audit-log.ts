import { auditLogs } from '../../../areas/auth/auth.table.ts'
import { redact, redactText } from '../../../shared/redact.ts'
import type { ImportRun } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { objectOf } from '../source/row-json.ts'
import { oneOf } from '../source/row-choice.ts'
import { freeIdOf } from '../source/row-ids.ts'
import type { SourceRow } from '../source/source-row.ts'

const passwordHash = /\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]*|argon2\w*\$\S*)/g

/** The backend wrote failed statements in there, with e-mails and password hashes (auth.md 13, row 7). */
const reasonOf = (row: SourceRow): string | null => {
  const reason = row.prose('reason')
  if (reason === null) return null
  const clean = redactText(reason)
    .replaceAll(passwordHash, '[REDACTED]')
    .replace(/\[SQL:.*/s, '[REDACTED]')
    .slice(0, 2000)
    .toWellFormed()
  if (clean !== reason) row.note('changed', 'secrets were taken out of its reason')
  return clean
}

/** What asked for the log's own tokens was the old server itself. */
const actorOf = (row: SourceRow) =>
  row.line('actor_type') === 'service'
    ? 'system'
    : oneOf(row, 'actor_type', ['user', 'anonymous', 'system'], 'anonymous')

const detailsOf = (row: SourceRow) => {
  const details = objectOf(row, 'extra_data')
  return details && redact(details)
}

export const importAuditLog = (run: ImportRun): void =>
  importTable(run, {
    source: 'audit_logs',
    target: auditLogs,
    key: ['id'],
    read: (row) => ({
      id: freeIdOf(row),
      eventType: row.line('event_type') ?? 'unknown',
      actorType: actorOf(row),
      actorId: row.line('actor_id'),
      requestId: row.line('request_id'),
      ip: row.line('ip'),
      userAgent: row.line('user_agent'),
      method: row.line('method'),
      path: row.line('path'),
      resourceType: row.line('resource_type'),
      resourceId: row.line('resource_id'),
      status: oneOf(row, 'status', ['success', 'failure'], 'failure'),
      reason: reasonOf(row),
      extraData: detailsOf(row),
      createdAt: row.time('timestamp') ?? row.time('created_at') ?? run.now,
    }),
  })
