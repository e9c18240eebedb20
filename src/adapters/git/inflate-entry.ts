import { Readable } from 'node:stream'
import { createInflate, inflateSync } from 'node:zlib'
import { damagedPack } from './git-failure.ts'
import type { PackFile } from './pack-file.ts'

const PIECE_BYTES = 262_144

/** Less is done before a thread of the runtime has begun. */
const INFLATED_HERE_BYTES = 65_536

/** What zlib takes at most for so many bytes, whatever its settings. */
const maxDeflatedBytes = (bytes: number): number => bytes + (bytes >> 3) + (bytes >> 6) + 64

/**
 * Unpacks what begins at `offset`, piece by piece, and returns where the next entry begins. Not one byte more than `size`
 * comes out, and not less. Throws `GitError`.
 */
export async function* inflateEntry(
  pack: PackFile,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array, number, undefined> {
  try {
    if (size > INFLATED_HERE_BYTES) return offset + (yield* inflateLarge(pack, offset, size))
    const { content, consumed } = inflateSmall(await pack.read(offset, maxDeflatedBytes(size)), size)
    if (content.length !== size) throw damagedPack()
    yield content
    return offset + consumed
  } catch (error) {
    throw isOfZlib(error) ? damagedPack(error) : error
  }
}

const isOfZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER_TOO_LARGE$)/.test(String(error.code))

const inflateSmall = (deflated: Buffer, size: number) => {
  // The types leave out what `info` changes: the result then also tells how much of the input was used.
  const options = { info: true, maxOutputLength: Math.max(size, 1) }
  const { buffer, engine } = inflateSync(deflated, options) as unknown as {
    buffer: Buffer
    engine: { bytesWritten: number }
  }
  return { content: buffer, consumed: engine.bytesWritten }
}

async function* inflateLarge(pack: PackFile, offset: number, size: number) {
  const inflate = createInflate({ chunkSize: PIECE_BYTES })
  const deflated = Readable.from(readPieces(pack, offset), { highWaterMark: 1 })
  deflated.on('error', (error) => inflate.destroy(error))
  deflated.pipe(inflate)
  let inflated = 0
  try {
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      inflated += piece.length
      if (inflated > size) throw damagedPack()
      yield piece
    }
  } finally {
    deflated.destroy()
  }
  if (inflated !== size) throw damagedPack()
  return inflate.bytesWritten
}

async function* readPieces(pack: PackFile, start: number) {
  for (let offset = start; offset < pack.bytes; offset += PIECE_BYTES) yield await pack.read(offset, PIECE_BYTES)
}
