import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { writeAll } from '../../shared/write-all.ts'
import type { BackupPart } from './backup-types.ts'

const flushEveryBytes = 1024 * 1024
/** Pauses are so many times as long as the work before them. */
const pauseRatio = 1.5
const maxPauseMs = 200

/** A new file of a backup (0600), written so that others get to the disk in between. */
export interface PacedFile extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>
  /** Flushes what is left. */
  finish(): Promise<BackupPart>
}

/**
 * Commits of a live server wait for everything that was written before them: hundreds of megabytes at once hold it up for
 * as long as they take to the disk. So each megabyte is flushed on its own, with a pause behind it.
 */
export const createPacedFile = async (path: string, isPaced: boolean): Promise<PacedFile> => {
  const file: FileHandle = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  let unflushed = 0
  let beganAt = performance.now()
  const pause = async () => {
    await file.datasync()
    unflushed = 0
    await Bun.sleep(Math.min(maxPauseMs, (performance.now() - beganAt) * pauseRatio))
    beganAt = performance.now()
  }
  return {
    async write(piece) {
      hash.update(piece)
      await writeAll(file, piece)
      bytes += piece.byteLength
      unflushed += piece.byteLength
      if (isPaced && unflushed >= flushEveryBytes) await pause()
    },
    async finish() {
      await file.sync()
      return { bytes, sha256: hash.digest('hex') }
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
