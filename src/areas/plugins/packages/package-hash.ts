import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** Hashing a piece blocks the event loop: for less than a millisecond. */
const pieceBytes = 256 * 1024

/** The SHA-256 of a file as hex. Flushes the file on the way, since it is open. */
export const hashAndFlush = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(pieceBytes)
  const file = await open(path, 'r+')
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead } = await file.read(piece, 0, pieceBytes, null)
      if (bytesRead === 0) break
      hash.update(piece.subarray(0, bytesRead))
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

/** One hash for a whole tree; equal only when all paths and contents are. Paths have no control characters in them. */
export const hashOfTree = (files: { path: string; hash: string }[]): string =>
  createHash('sha256')
    .update(files.map(({ path, hash }) => `${path}\0${hash}\n`).join(''))
    .digest('hex')
