import type { FileHandle } from 'node:fs/promises'

/** Writes all bytes at the handle's position; a single write may take only a part of them. */
export const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  let offset = 0
  while (offset < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.byteLength - offset)
    offset += bytesWritten
  }
}
