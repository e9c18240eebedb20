import { deleteExpiredSessions, deleteOldAuditRows } from '../areas/auth/auth.store.ts'
import { deleteOldStateHistory } from '../areas/plugin-state/plugin-state-history.store.ts'
import { deleteExpiredStates } from '../areas/plugin-state/state-usage.store.ts'
import type { Db } from '../db/client.ts'

const auditDays = 365
const stateHistoryDays = 30
const dayMs = 86_400_000

/** Removes what has outlived its use. Safe to run at any time, and again. */
export const tidyUp = (db: Db, now: number): Record<string, number> => ({
  sessions: deleteExpiredSessions(db, now),
  auditRows: deleteOldAuditRows(db, now - auditDays * dayMs),
  pluginStates: deleteExpiredStates(db, now),
  pluginStateHistory: deleteOldStateHistory(db, now - stateHistoryDays * dayMs),
})
