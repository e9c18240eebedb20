import { quotePath } from '../../shared/safe-path.ts'
import { ArchiveError } from './types.ts'

const BLOCK_BYTES = 512

/** Files in three spellings, and what describes the next entry or all of them. */
const WITH_DATA = '\u000007xgLK'
/** Links, devices, folders and pipes, whatever size their header names. */
const WITHOUT_DATA = '123456'

/**
 * Passes a tar on, and throws `ArchiveError` for an entry of another type, since the library takes it for a file: of a
 * sparse one from GNU tar it would write a wrong content.
 */
export async function* checkEntryTypes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(BLOCK_BYTES)
  let filled = 0
  let dataLeft = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const wanted = dataLeft > 0 ? dataLeft : BLOCK_BYTES - filled
      const part = piece.subarray(at, at + Math.min(wanted, piece.length - at))
      at += part.length
      if (dataLeft > 0) {
        dataLeft -= part.length
        continue
      }
      header.set(part, filled)
      filled = (filled + part.length) % BLOCK_BYTES
      if (filled === 0) dataLeft = dataBlocksOf(header)
    }
    yield piece
  }
}

/** How many bytes follow until the next header. A damaged one is the library's affair: nothing is looked at behind it. */
const dataBlocksOf = (header: Buffer): number => {
  const type = header.toString('latin1', 156, 157)
  if (WITHOUT_DATA.includes(type)) return 0
  if (!isSound(header)) return header.some((byte) => byte !== 0) ? Infinity : 0
  if (!WITH_DATA.includes(type)) {
    const [name = ''] = header.toString('utf8', 0, 100).split('\0')
    throw new ArchiveError(
      'unsupported',
      `The archive has an entry of a kind that is not supported: ${quotePath(name)}.`,
    )
  }
  return Math.ceil(sizeOf(header) / BLOCK_BYTES) * BLOCK_BYTES
}

const isSound = (header: Buffer): boolean => {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  return sum === octalOf(header, 148, 156)
}

const octalOf = (header: Buffer, start: number, end: number): number =>
  Number.parseInt(header.toString('latin1', start, end).replace(/\0.*$/s, '').trim() || '0', 8)

const sizeOf = (header: Buffer): number => {
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0
  const size = isBinary ? Number(header.readBigUInt64BE(128)) : octalOf(header, 124, 136)
  return size >= 0 ? size : Infinity
}
