import { parseExtraFields, type Entry, type LocalFileHeader, type ZipFile } from 'yauzl'
import { quotePath } from '../../shared/safe-path.ts'
import { ArchiveError } from './types.ts'

const FLAG_ENCRYPTED = 1
/** Checksum and sizes were not known yet and stand behind the data. */
const FLAG_DESCRIPTOR = 8

const ZIP64_FIELD = 1
/** The number stands in the field of zip64 instead. */
const IN_ZIP64 = 0xffffffff

/**
 * Reads the header in front of an entry's data, and returns where the data begins. Programs that read a zip from its start
 * believe this header and not the directory: where the two differ, a scanner sees another archive than we do. Throws
 * `ArchiveError`.
 */
export const findDataStart = async (zip: ZipFile, entry: Entry, path: string): Promise<number> => {
  const header = await zip.readLocalFileHeaderPromise(entry)
  const isSame =
    header.fileName.equals(entry.fileNameRaw) &&
    header.compressionMethod === entry.compressionMethod &&
    ((header.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & FLAG_ENCRYPTED) === 0 &&
    hasSameNumbers(header, entry)
  if (isSame) return header.fileDataStart
  throw new ArchiveError('corrupt', `The archive contradicts itself about an entry: ${quotePath(path)}.`)
}

const hasSameNumbers = (header: LocalFileHeader, entry: Entry): boolean => {
  const isLater = (header.generalPurposeBitFlag & FLAG_DESCRIPTOR) !== 0
  const isSame = (said: number | undefined, known: number) => said === known || (isLater && said === 0)
  const { size, packedSize } = sizesOf(header)
  return (
    isSame(header.crc32, entry.crc32) &&
    isSame(size, entry.uncompressedSize) &&
    isSame(packedSize, entry.compressedSize)
  )
}

const sizesOf = ({ uncompressedSize, compressedSize, extraField }: LocalFileHeader) => {
  const more = [uncompressedSize, compressedSize].includes(IN_ZIP64) ? zip64Numbers(extraField) : []
  const real = (size: number) => (size === IN_ZIP64 ? more.shift() : size)
  return { size: real(uncompressedSize), packedSize: real(compressedSize) }
}

const zip64Numbers = (extraField: Buffer): number[] => {
  const data = parseExtraFields(extraField).find(({ id }) => id === ZIP64_FIELD)?.data ?? Buffer.alloc(0)
  return Array.from({ length: Math.floor(data.length / 8) }, (_, index) => Number(data.readBigUInt64LE(index * 8)))
}
