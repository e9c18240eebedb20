import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from 'modern-tar'
import { quotePath } from '../../shared/safe-path.ts'
import { toMegabytes } from '../../shared/megabytes.ts'
import { openTreeWriter } from '../../shared/tree-writer.ts'
import { createEntryPlan, type DeclaredEntry, type PlannedEntry } from './entry-plan.ts'
import { checkRatio } from './ratio.ts'
import { checkEntryTypes } from './tar-types.ts'
import { ArchiveError, type ArchiveLimits, type Extracted, type ExtractRequest } from './types.ts'

/** Room for the header, its extensions and the padding of each entry. */
const OVERHEAD_PER_ENTRY_BYTES = 4096

/**
 * Unpacks a tar.gz, which is read twice, since a tar has no table of contents: once to check all entries, once to write
 * them.
 */
export const extractTarGz = async (request: ExtractRequest): Promise<Extracted> => {
  const { tree } = await readEntries(request, async ({ body }) => await body.cancel())
  const writer = await openTreeWriter(request.into)
  await readEntries(request, async ({ body }, target) => {
    if (!target) return await body.cancel()
    if (!target.isFolder) return await writer.writeFile(target.path, body)
    await writer.makeFolder(target.path)
    await body.cancel()
  })
  return { files: tree.files, bytes: tree.bytes }
}

type VisitEntry = (entry: ParsedTarEntry, target: PlannedEntry) => Promise<void>

const readEntries = async (request: ExtractRequest, visit: VisitEntry) => {
  const plan = createEntryPlan(request)
  const { size: archiveBytes } = await stat(request.file)
  const source = createReadStream(request.file)
  const unzipped = createGunzip()
  source.on('error', (error) => unzipped.destroy(error))
  // Whoever reads hears of errors as well; this keeps one that comes after the last read from ending the process.
  unzipped.on('error', () => undefined)
  const stop = () => {
    source.destroy()
    unzipped.destroy(new Error('aborted'))
  }
  request.signal?.addEventListener('abort', stop, { once: true })
  try {
    request.signal?.throwIfAborted()
    const pieces = checkEntryTypes(countBytes(source.pipe(unzipped), archiveBytes, request.limits))
    const entries = toWebStream(pieces).pipeThrough(createTarDecoder({ strict: true }))
    for await (const entry of entries) {
      request.signal?.throwIfAborted()
      await visit(entry, plan.add(declare(entry.header)))
    }
  } finally {
    request.signal?.removeEventListener('abort', stop)
    stop()
  }
  return plan
}

const toWebStream = (pieces: AsyncIterable<Uint8Array>) =>
  Readable.toWeb(Readable.from(pieces, { objectMode: true, highWaterMark: 1 })) as ReadableStream<Uint8Array>

async function* countBytes(unzipped: AsyncIterable<Uint8Array>, archiveBytes: number, limits: ArchiveLimits) {
  const maxBytes = limits.totalBytes + limits.entries * OVERHEAD_PER_ENTRY_BYTES
  let bytes = 0
  for await (const piece of unzipped) {
    bytes += piece.byteLength
    if (bytes > maxBytes) {
      throw new ArchiveError('total_too_large', `The archive unpacks to more than ${toMegabytes(maxBytes)}.`)
    }
    checkRatio(bytes, archiveBytes, limits.ratio)
    yield piece
  }
}

const declare = (header: TarHeader): DeclaredEntry => {
  const { name, size: sizeBytes } = header
  const isSparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))
  if (isSparse) throw new ArchiveError('unsupported', `The archive has a sparse file: ${quotePath(name)}.`)
  const type = typeOf(header)
  // The library passes over a size that is no number, and would go on with another one.
  const claimed = header.pax?.['size']
  if (type === 'file' && claimed !== undefined && claimed !== String(sizeBytes)) {
    throw new ArchiveError('corrupt', `The archive contradicts itself about an entry: ${quotePath(name)}.`)
  }
  return { name, sizeBytes, type }
}

const typeOf = ({ type, name, size }: TarHeader): DeclaredEntry['type'] => {
  if (type === 'symlink' || type === 'link') return 'link'
  if (type === 'directory') return 'folder'
  if (type !== 'file') return 'special'
  // Before there was a type for folders they were empty files with a slash at the end.
  return name.endsWith('/') && size === 0 ? 'folder' : 'file'
}
