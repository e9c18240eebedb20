import type { Database } from 'bun:sqlite'
import { opensWith } from '../../areas/settings/sealed-value.ts'
import { createSecretBox, deriveSecretKey } from '../../shared/secret-box.ts'

export interface KeyFit {
  /** Stored settings with a value. */
  sealed: number
  /** Those of them that the key does not open. */
  unreadable: number
}

/** Whether the encryption keys are those of a database. Without a key nothing opens: a server would make a new one. */
export const checkKeyFit = (sqlite: Database, encryptionKeys: string[]): KeyFit => {
  // Older databases have no settings yet.
  if (!sqlite.query("SELECT 1 FROM sqlite_schema WHERE name = 'settings_instances'").get())
    return { sealed: 0, unreadable: 0 }
  const rows = sqlite
    .query<{ id: string; value: string }, []>('SELECT id, value FROM settings_instances WHERE value IS NOT NULL')
    .all()
  const [first, ...others] = encryptionKeys.map(deriveSecretKey)
  const box = first && createSecretBox([first, ...others])
  const unreadable = rows.filter(({ id, value }) => !box || !opensWith(box, id, value)).length
  return { sealed: rows.length, unreadable }
}
