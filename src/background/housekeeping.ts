import { deleteExpiredSessions, deleteOldAuditRows } from '../areas/auth/auth.store.ts'
import type { Db } from '../db/client.ts'

const auditDays = 365

/** Removes what has outlived its use. Safe to run at any time, and again. */
export const tidyUp = (db: Db, now: number): { sessions: number; auditRows: number } => ({
  sessions: deleteExpiredSessions(db, now),
  auditRows: deleteOldAuditRows(db, now - auditDays * 86_400_000),
})
