import { open } from 'node:fs/promises'
import { readFully } from '../../shared/read-fully.ts'
import { writeAll } from '../../shared/write-all.ts'

const WINDOW_BYTES = 262_144

/** A pack on the disk. Disposing closes the file. */
export interface PackFile extends AsyncDisposable {
  /** Adds a piece at its end. */
  append: (piece: Uint8Array) => Promise<void>
  /** Written so far. */
  readonly bytes: number
  /** What lies there, at most so many bytes; less only at the end. */
  read: (offset: number, maxBytes: number) => Promise<Buffer>
}

/** Makes an empty file, which must not exist. */
export const createPackFile = async (path: string): Promise<PackFile> => {
  const file = await open(path, 'wx+', 0o600)
  let bytes = 0
  let window: { start: number; content: Buffer } = { start: 0, content: Buffer.alloc(0) }
  const fill = (offset: number, length: number) =>
    readFully(file, Buffer.allocUnsafe(Math.max(Math.min(length, bytes - offset), 0)), offset)
  return {
    append: async (piece) => {
      await writeAll(file, piece)
      bytes += piece.byteLength
    },
    get bytes() {
      return bytes
    },
    read: async (offset, maxBytes) => {
      const end = Math.min(offset + maxBytes, bytes)
      if (offset < window.start || end > window.start + window.content.length) {
        window = { start: offset, content: await fill(offset, Math.max(maxBytes, WINDOW_BYTES)) }
      }
      return window.content.subarray(offset - window.start, end - window.start)
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
