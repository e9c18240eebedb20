import type { FileHandle } from 'node:fs/promises'

/** Fills the buffer with what lies at `position`; a single read may bring only a part. Throws when the file ends before. */
export const readFully = async (file: FileHandle, target: Buffer, position: number): Promise<Buffer> => {
  let filled = 0
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled)
    if (bytesRead === 0) throw new Error('The file is shorter than it was')
    filled += bytesRead
  }
  return target
}
