/** `message` is for the person at the terminal. */
export class BackupError extends Error {
  override name = 'BackupError'
}

export interface BackupPart {
  bytes: number
  /** As hex. */
  sha256: string
}

/** The file `manifest.json` of a backup: what belongs to it, and what it is a copy of. */
export interface Manifest {
  format: 1
  /** ISO 8601. */
  createdAt: string
  /** Of the program that made it. */
  version: string
  /** Newest schema step of the database. */
  schema: string | null
  /** By file name: `database.db`, `plugins.tar` and perhaps `keys.sealed`. */
  parts: Record<string, BackupPart>
  /** Hashes of the plugin contents in `plugins.tar`. */
  contents: string[]
  /** Contents that plugins name, but that were not in the data folder either. */
  missingContents: string[]
  /** Rows of the database that refer to something that is not there; were so before the copy. */
  danglingRows: number
}

export const partNames = { database: 'database.db', plugins: 'plugins.tar', keys: 'keys.sealed' } as const
