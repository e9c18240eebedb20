import { stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl'
import { quotePath } from '../../shared/safe-path.ts'
import { openTreeWriter } from '../../shared/tree-writer.ts'
import { createEntryPlan, type DeclaredEntry } from './entry-plan.ts'
import { checkRatio } from './ratio.ts'
import { ArchiveError, type Extracted, type ExtractRequest } from './types.ts'
import { findDataStart } from './zip-local-header.ts'

const LOCAL_HEADER_BYTES = 30

/** Entries of these kinds in the upper half of the attributes, which Unix programs fill with the file's mode. */
const MODE_TYPE = 0xf000
const MODE_LINK = 0xa000
const MODE_FOLDER = 0x4000
const MODE_FILE = 0x8000

interface Planned {
  entry: Entry
  path: string
  isFolder: boolean
}

/**
 * Unpacks a zip by its central directory. What an entry really unpacks to is held against the size declared there, which
 * was checked before, and against its checksum.
 */
export const extractZip = async (request: ExtractRequest): Promise<Extracted> => {
  // Names are decoded by `declare`, so that they are judged before anything else of theirs is read.
  const zip = await openPromise(request.file, { decodeStrings: false, autoClose: false })
  try {
    const { planned, tree } = await planEntries(zip, request)
    const writer = await openTreeWriter(request.into)
    for (const { entry, path, isFolder } of planned) {
      request.signal?.throwIfAborted()
      if (isFolder) await writer.makeFolder(path)
      else await writer.writeFile(path, readEntry(zip, entry, request.signal))
    }
    return { files: tree.files, bytes: tree.bytes }
  } finally {
    zip.close()
  }
}

const planEntries = async (zip: ZipFile, request: ExtractRequest) => {
  const { size: archiveBytes } = await stat(request.file)
  const plan = createEntryPlan(request)
  const planned: Planned[] = []
  const places: DataPlace[] = []
  for await (const entry of zip.eachEntry()) {
    request.signal?.throwIfAborted()
    places.push(placeOf(entry))
    const declared = declare(entry)
    const target = plan.add(declared)
    if (!target) continue
    if (!target.isFolder) checkReadable(entry, declared.name, request.limits.ratio)
    planned.push({ entry, ...target })
  }
  checkPlaces(places, archiveBytes)
  checkPlaces(await findPlaces(zip, planned, request.signal), archiveBytes)
  checkRatio(plan.tree.bytes, archiveBytes, request.limits.ratio)
  return { planned, tree: plan.tree }
}

/** Backslashes become slashes, since Windows' own packer writes them; the path is judged after that. */
const declare = (entry: Entry): DeclaredEntry => {
  const { generalPurposeBitFlag, fileNameRaw, extraFields, uncompressedSize: sizeBytes } = entry
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
  return { name, sizeBytes, type: typeOf(entry, name) }
}

const typeOf = (entry: Entry, name: string): DeclaredEntry['type'] => {
  const mode = (entry.externalFileAttributes >>> 16) & MODE_TYPE
  if (mode === MODE_LINK) return 'link'
  const isFolder = name.endsWith('/')
  if (mode === 0 || mode === (isFolder ? MODE_FOLDER : MODE_FILE)) return isFolder ? 'folder' : 'file'
  return 'special'
}

const checkReadable = (entry: Entry, name: string, maxRatio: number): void => {
  if (entry.isEncrypted()) {
    throw new ArchiveError('encrypted', `The archive has an encrypted entry: ${quotePath(name)}.`)
  }
  if (!entry.canDecodeFileData()) {
    throw new ArchiveError('unsupported', `The archive uses a compression that is not supported: ${quotePath(name)}.`)
  }
  checkRatio(entry.uncompressedSize, entry.compressedSize, maxRatio)
}

/** The stretch of the archive that an entry claims for its header and data. */
interface DataPlace {
  start: number
  end: number
}

/** As the directory alone tells it: the data may begin later. */
const placeOf = (
  { relativeOffsetOfLocalHeader: start, fileNameRaw, compressedSize }: Entry,
  dataStart = start + LOCAL_HEADER_BYTES + fileNameRaw.byteLength,
): DataPlace => ({ start, end: dataStart + compressedSize })

const findPlaces = async (zip: ZipFile, planned: Planned[], signal: AbortSignal | undefined): Promise<DataPlace[]> => {
  const places: DataPlace[] = []
  for (const { entry, path } of planned) {
    signal?.throwIfAborted()
    places.push(placeOf(entry, await findDataStart(zip, entry, path)))
  }
  return places
}

// Entries that share data are how a small zip unpacks to petabytes: each entry alone has a plausible ratio.
const checkPlaces = (places: DataPlace[], archiveBytes: number): void => {
  let covered = 0
  for (const { start, end } of places.toSorted((a, b) => a.start - b.start)) {
    if (start < covered) throw new ArchiveError('overlap', 'The archive has entries that share their data.')
    if (end > archiveBytes) throw new ArchiveError('corrupt', 'The archive is damaged or incomplete.')
    covered = end
  }
}

async function* readEntry(zip: ZipFile, entry: Entry, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  // Fails as soon as the data is longer than declared, and at its end when it is shorter.
  const stream = await zip.openReadStreamPromise(entry)
  const onAbort = () => stream.destroy(new Error('aborted'))
  signal?.addEventListener('abort', onAbort, { once: true })
  let checksum = 0
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted()
      checksum = crc32(piece, checksum)
      yield piece
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    stream.destroy()
  }
  if (checksum !== entry.crc32) throw new ArchiveError('corrupt', 'The archive is damaged or incomplete.')
}
