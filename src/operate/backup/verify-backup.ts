import { constants, Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findPendingMigrations } from '../../db/migrate.ts'
import { type BackupPart, type Manifest, partNames } from './backup-types.ts'
import { readManifest } from './manifest.ts'
import { listNeededContents } from './plugin-contents.ts'

export interface Verified {
  /** Undefined when the manifest is absent or damaged. */
  manifest: Manifest | undefined
  /** Sentences for people; none when the backup is in order. */
  problems: string[]
}

const pieceBytes = 1024 * 1024
const maxShown = 5

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(pieceBytes)
  const file = await open(path, 'r')
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, pieceBytes, null)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(piece.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

const checkPart = async (folder: string, name: string, { bytes, sha256 }: BackupPart): Promise<string[]> => {
  const path = join(folder, name)
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) return [`${name} is missing`]
  if (found.size !== bytes) return [`${name} has ${found.size} bytes instead of ${bytes}`]
  return (await hashOf(path)) === sha256 ? [] : [`${name} was changed or damaged: its checksum is another one`]
}

/** Opens a copy that nobody writes to, without making files beside it. */
export const openCopy = (path: string): Database => {
  const copy = new Database(
    `${pathToFileURL(path).href}?immutable=1`,
    constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI,
  )
  // A copy from elsewhere gets to run nothing.
  copy.run('PRAGMA trusted_schema = OFF')
  return copy
}

const checkSchema = (copy: Database): string[] => {
  try {
    findPendingMigrations(copy)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** How many rows refer to something that is not there. */
export const countDanglingRows = (copy: Database): number => copy.query('PRAGMA foreign_key_check').values().length

const checkDatabase = (path: string, { contents, missingContents, danglingRows }: Manifest): string[] => {
  const copy = openCopy(path)
  try {
    const faults = copy
      .query<{ integrity_check: string }, []>('PRAGMA integrity_check(5)')
      .all()
      .map((row) => row.integrity_check)
      .filter((text) => text !== 'ok')
    if (faults.length > 0) return [`${partNames.database} is damaged: ${faults.join('; ')}`]
    const dangling = countDanglingRows(copy)
    const known = new Set([...contents, ...missingContents])
    const absent = listNeededContents(copy).filter((hash) => !known.has(hash))
    return [
      ...checkSchema(copy),
      ...(dangling === danglingRows
        ? []
        : [`${dangling} rows refer to something that is not there, not ${danglingRows}`]),
      ...absent.slice(0, maxShown).map((hash) => `The plugin content ${hash} is not in the backup`),
    ]
  } catch (error) {
    return [`${partNames.database} cannot be read: ${(error as Error).message}`]
  } finally {
    copy.close()
  }
}

/** Reads all of a backup: checksums, then the database itself. */
export const verifyBackup = async (folder: string): Promise<Verified> => {
  const manifest = readManifest(folder)
  if (!manifest) return { manifest, problems: ['manifest.json is missing or damaged'] }
  const problems = [partNames.database, partNames.plugins]
    .filter((name) => !Object.hasOwn(manifest.parts, name))
    .map((name) => `${name} is not part of the backup`)
  for (const [name, part] of Object.entries(manifest.parts)) problems.push(...(await checkPart(folder, name, part)))
  if (problems.length > 0) return { manifest, problems }
  return { manifest, problems: checkDatabase(join(folder, partNames.database), manifest) }
}
