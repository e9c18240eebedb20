import { Database } from 'bun:sqlite'
import { type FileHandle, open } from 'node:fs/promises'
import { BackupError, type BackupPart } from './backup-types.ts'
import { createPacedFile } from './paced-file.ts'

const busyMs = 5_000
const pieceBytes = 256 * 1024
const maxAttempts = 100
const pauseBetweenAttemptsMs = 50

const connect = (path: string): Database => {
  const database = new Database(path, { readwrite: true, create: false })
  database.run(`PRAGMA busy_timeout = ${busyMs}`)
  return database
}

/** Moves the log into the database file, as far as readers allow it. True when nothing is left in the log. */
const emptyLog = (database: Database): boolean => {
  const result = database
    .query<{ busy: number; log: number; checkpointed: number }, []>('PRAGMA wal_checkpoint(PASSIVE)')
    .get()
  return result?.busy === 0 && result.log === result.checkpointed
}

/** For the moment in which no one writes: the log is empty, and a reader that begins now keeps everybody from moving it. */
const tryFreeze = (reader: Database, writer: Database): boolean => {
  // Outside of the lock, so that next to nothing is left to be done inside.
  emptyLog(reader)
  writer.run('BEGIN IMMEDIATE')
  try {
    if (!emptyLog(reader)) return false
    reader.run('BEGIN')
    reader.query('SELECT count(*) FROM sqlite_schema').get()
    return true
  } finally {
    writer.run('ROLLBACK')
  }
}

const freeze = async (path: string, reader: Database) => {
  const writer = connect(path)
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (tryFreeze(reader, writer)) return
      await Bun.sleep(pauseBetweenAttemptsMs)
    }
  } finally {
    writer.close()
  }
  throw new BackupError('The database could not be copied: something reads in it without an end. Try again later.')
}

const copyFile = async (source: FileHandle, target: string, isPaced: boolean): Promise<BackupPart> => {
  await using copy = await createPacedFile(target, isPaced)
  const before = await source.stat({ bigint: true })
  const piece = Buffer.allocUnsafe(pieceBytes)
  for (let position = 0; ;) {
    const { bytesRead } = await source.read(piece, 0, pieceBytes, position)
    if (bytesRead === 0) break
    await copy.write(piece.subarray(0, bytesRead))
    position += bytesRead
  }
  const after = await source.stat({ bigint: true })
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size)
    throw new BackupError('The database file was changed by something that does not respect its locks.')
  return await copy.finish()
}

const vacuumInto = async (path: string, target: string): Promise<BackupPart> => {
  const reader = connect(path)
  try {
    reader.run('VACUUM INTO ?', [target])
  } finally {
    reader.close()
  }
  const file = await open(target, 'r')
  try {
    await file.sync()
    const hash = new Bun.CryptoHasher('sha256')
    for await (const piece of Bun.file(target).stream()) hash.update(piece)
    return { bytes: (await file.stat()).size, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }
}

/**
 * Copies a database in WAL mode as it is at one moment, while others go on reading and writing. Their commits stay in the
 * log meanwhile, as during any long read; the database file itself does not change while a reader sees only that (the
 * "WAL-mode File Format" of SQLite calls it read mark 0), so it is copied as a file, piece by piece.
 *
 * Not `VACUUM INTO`: it is one statement that writes without a pause, and with 500 MB held up the requests of a live server
 * for 110 to 320 ms, since their commits wait for the same disk; paced copying keeps that under 100 ms.
 *
 * Not for a process that has other connections to the database open: closing a file takes away all locks that a process has
 * on it (POSIX). Windows has no such rule, but does not let others read what is locked.
 */
export const copyDatabase = async (path: string, target: string, isPaced: boolean): Promise<BackupPart> => {
  if (process.platform === 'win32') return await vacuumInto(path, target)
  const source = await open(path, 'r')
  try {
    const reader = connect(path)
    try {
      await freeze(path, reader)
      const part = await copyFile(source, target, isPaced)
      reader.run('ROLLBACK')
      // Else the next commit of the server has to do it.
      emptyLog(reader)
      return part
    } finally {
      reader.close()
    }
  } finally {
    await source.close()
  }
}
